import type { JsonObject, Tuple, TupleKey } from "../../src/model/tuple.ts";
import { type BlockNamer, fromFarBlocks, inBlocks, namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * A bank in blocks of exactly 1,000 tuples, of which 303 carry caveats. Blocks look alike; what a caveat is written with
 * follows from (block, number).
 *
 * A block has
 *  - 100 staff in 10 teams, two of each team substitutes with a shift; teams 0–3 are the head office, 7–9 contractors, each
 *    team of which works from a network of its own. 50 agents from all over the bank, 10 to a firm; 20 auditors;
 *  - a bank with 4 areas and 16 branches. The head office serves everywhere; contractors serve areas, from the network of the
 *    area, which holds those of the teams but in the fourth; teams 4–6 serve branches;
 *  - 242 accounts with holders, agents and firms who pay up to a limit, agents without one, audits with a beginning and an
 *    end, embargoes of regions, and some that are frozen.
 */
export interface Bank {
  readonly blocks: number;
  readonly tuples: number;
  /** 0–99 staff of the block; 100–149 agents: each is an agent of one block, and staff of none. */
  person(block: number, person: number): string;
  holder(block: number, account: number): string;
  auditor(block: number, auditor: number): string;
  account(block: number, account: number): string;
  aboutGroup(block: number, group: number): readonly Tuple[];
  aboutBranch(block: number, branch: number): readonly Tuple[];
  aboutAccount(block: number, account: number): readonly Tuple[];
}

export const TUPLES_PER_BLOCK = 1_000;
export const STAFF = 100;
const AGENTS = 50;
export const AUDITORS = 20;
export const ACCOUNTS = 242;
/** Teams are groups 0–9, then the head office, contractors and firms. */
const HEAD_OFFICE = 10;
const CONTRACTORS = 11;
const FIRM = 12;
export const GROUPS = 17;
export const FIRST_CONTRACTOR = 7;
/** The bank is branch 0, then areas 1–4. */
const FIRST_BRANCH = 5;
export const BRANCHES = 21;
/** The last account is a club's: so many more holders make a block 1,000 tuples. */
const CLUB_HOLDERS = 2;
/** 2999-01-01: no end that anybody meets. */
const NO_SOON_END_MS = Date.UTC(2999, 0);

export function bank(blocks: number, seed: number): Bank {
  const staff = inBlocks(namer("u", 1, seed), STAFF);
  const agent = fromFarBlocks(namer("g", 2, seed), AGENTS, blocks);
  const ids: Ids = {
    person: (block, person) => (person < STAFF ? staff(block, person) : agent(block, person - STAFF)),
    holder: inBlocks(namer("h", 3, seed), ACCOUNTS + CLUB_HOLDERS),
    auditor: inBlocks(namer("x", 4, seed), AUDITORS),
    group: inBlocks(namer("t", 5, seed), GROUPS),
    branch: inBlocks(namer("b", 6, seed), BRANCHES),
    account: inBlocks(namer("a", 7, seed), ACCOUNTS),
  };
  return {
    blocks,
    tuples: blocks * TUPLES_PER_BLOCK,
    person: ids.person,
    holder: ids.holder,
    auditor: ids.auditor,
    account: ids.account,
    aboutGroup: (block, group) => groupTuples(ids, block, group),
    aboutBranch: (block, branch) => branchTuples(ids, block, branch),
    aboutAccount: (block, account) => accountTuples(ids, block, account),
  };
}

type Ids = Readonly<Record<"person" | "holder" | "auditor" | "group" | "branch" | "account", BlockNamer>>;

/** Two of ten. */
export const isSubstitute = (person: number) => person % 10 >= 8;
export const branchOf = (account: number) => FIRST_BRANCH + (account % 16);
export const areaOf = (account: number) => 1 + Math.floor((account % 16) / 4);
/** The team that serves a branch: 4, 5 or 6. */
export const teamOf = (account: number) => 4 + (branchOf(account) % 3);

/** A number for what a caveat is written with: another for each block and thing. */
const numberOf = (block: number, thing: number) => block * 1_009 + thing * 31;

const DAY_MS = 86_400_000;

/** A span of 8 hours in 2026 to 2035. */
export interface Span {
  readonly opensMs: number;
  readonly closesMs: number;
}

const spanOf = (number: number): Span => {
  const opensMs = Date.UTC(2026, 0, 1, 6) + (number % 3_650) * DAY_MS;
  return { opensMs, closesMs: opensMs + DAY_MS / 3 };
};
export const shiftOf = (block: number, person: number) => spanOf(numberOf(block, person));
export const auditOf = (block: number, account: number) => spanOf(numberOf(block, 500 + account));

/** The second byte of the addresses of a block's contractors. */
export const siteOf = (block: number) => block % 256;
/** The third byte of the addresses of a team. */
export const roomOf = (team: number) => 16 * team;
const teamNetwork = (block: number, team: number) => `10.${siteOf(block)}.${roomOf(team)}.0/24`;
/** The fourth area's is of another site: no address is in both. */
const areaNetwork = (block: number, area: number) => `10.${siteOf(area === 4 ? block + 1 : block)}.0.0/16`;

export const REGIONS = ["AT", "BR", "CH", "DE", "FR", "IN", "JP", "KR", "MX", "NO", "PL", "US"] as const;
/** Three neighbours of the list. */
export function embargoOf(block: number, account: number): readonly string[] | undefined {
  if (account % 5 !== 0) return undefined;
  const first = numberOf(block, account) % REGIONS.length;
  return [0, 1, 2].map((next) => REGIONS[(first + next) % REGIONS.length] ?? "AT");
}
export const isFrozen = (account: number) => account % 25 === 7;

export interface Proxy {
  readonly agent: number;
  /** Undefined: without one. */
  readonly limit: number | undefined;
}

/** Who pays from an account by name: an agent. */
export function proxyOf(block: number, account: number): Proxy | undefined {
  const agent = STAFF + ((account >> 1) % AGENTS);
  if (account % 8 === 3) return { agent, limit: undefined };
  return account % 2 === 0 ? { agent, limit: 100 * (1 + (numberOf(block, account) % 50)) } : undefined;
}

/** The firm all of whose agents pay from an account: on some beside a smaller limit of one of them. */
export function firmOf(block: number, account: number): { readonly firm: number; readonly limit: number } | undefined {
  const limit = 10_000 + 100 * (numberOf(block, account) % 90);
  if (account % 8 === 1) return { firm: (account >> 3) % 5, limit };
  return isUnderTwoLimits(account) ? { firm: Math.floor(((account >> 1) % AGENTS) / 10), limit } : undefined;
}
export const isUnderTwoLimits = (account: number) => account % 16 === 8;
export const agentOfFirm = (firm: number, number: number) => STAFF + firm * 10 + number;

/** An auditor, or for every second a clerk of the head office, who may view it without. */
export const auditorOf = (account: number) => (account % 8 === 3 ? (account >> 3) % AUDITORS : undefined);
export const auditingClerkOf = (account: number) => (account % 8 === 7 ? (account >> 3) % 8 : undefined);

function groupTuples(ids: Ids, block: number, group: number): readonly Tuple[] {
  const id = ids.group(block, group);
  const team = (number: number) => objectOn("group", id, "member", "group", ids.group(block, number), "member");
  if (group < HEAD_OFFICE)
    return upTo(10, group * 10).map((person) => {
      const tuple = userOn("group", id, "member", ids.person(block, person));
      return isSubstitute(person) ? under(tuple, "between", written(shiftOf(block, person))) : tuple;
    });
  if (group === HEAD_OFFICE) return upTo(4).map(team);
  if (group === CONTRACTORS)
    return upTo(3, FIRST_CONTRACTOR).map((number) =>
      under(team(number), "from_network", { network: teamNetwork(block, number) }),
    );
  return upTo(10).map((number) => userOn("group", id, "member", ids.person(block, agentOfFirm(group - FIRM, number))));
}

function branchTuples(ids: Ids, block: number, branch: number): readonly Tuple[] {
  const id = ids.branch(block, branch);
  const clerks = (group: number) => objectOn("branch", id, "clerk", "group", ids.group(block, group), "member");
  if (branch === 0) return [clerks(HEAD_OFFICE)];
  const above = branch < FIRST_BRANCH ? 0 : 1 + Math.floor((branch - FIRST_BRANCH) / 4);
  return [
    objectOn("branch", id, "parent", "branch", ids.branch(block, above)),
    branch < FIRST_BRANCH
      ? under(clerks(CONTRACTORS), "from_network", { network: areaNetwork(block, branch) })
      : clerks(4 + (branch % 3)),
  ];
}

function accountTuples(ids: Ids, block: number, account: number): readonly Tuple[] {
  const id = ids.account(block, account);
  const on = (relation: string, user: string) => userOn("account", id, relation, user);
  const tuples: Tuple[] = [
    objectOn("account", id, "branch", "branch", ids.branch(block, branchOf(account))),
    on("holder", ids.holder(block, account)),
  ];
  if (account === ACCOUNTS - 1)
    for (const more of upTo(CLUB_HOLDERS, ACCOUNTS)) tuples.push(on("holder", ids.holder(block, more)));
  const proxy = proxyOf(block, account);
  if (proxy !== undefined) {
    const tuple = on("proxy", ids.person(block, proxy.agent));
    tuples.push(proxy.limit === undefined ? tuple : under(tuple, "up_to", { most: proxy.limit }));
  }
  const firm = firmOf(block, account);
  if (firm !== undefined) {
    const all = objectOn("account", id, "proxy", "group", ids.group(block, FIRM + firm.firm), "member");
    tuples.push(under(all, "up_to", { most: firm.limit }));
  }
  const [auditor, clerk] = [auditorOf(account), auditingClerkOf(account)];
  const audit = (user: string): Tuple => ({
    ...under(on("auditor", user), "between", written(auditOf(block, account))),
    expiresAtMs: NO_SOON_END_MS,
  });
  if (auditor !== undefined) tuples.push(audit(ids.auditor(block, auditor)));
  if (clerk !== undefined) tuples.push(audit(ids.person(block, clerk)));
  const regions = embargoOf(block, account);
  if (regions !== undefined) tuples.push(under(on("embargo", "*"), "in_regions", { regions }));
  if (isFrozen(account)) tuples.push(on("frozen", "*"));
  return tuples;
}

function written({ opensMs, closesMs }: Span): JsonObject {
  return { opens: new Date(opensMs).toISOString(), closes: new Date(closesMs).toISOString() };
}

function under(tuple: TupleKey, name: string, context: JsonObject): Tuple {
  return { ...tuple, caveat: { name, context } };
}

function upTo(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
