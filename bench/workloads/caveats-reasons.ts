import type { JsonObject } from "../../src/model/tuple.ts";
import {
  ACCOUNTS,
  agentOfFirm,
  areaOf,
  auditingClerkOf,
  auditOf,
  auditorOf,
  type Bank,
  embargoOf,
  FIRST_CONTRACTOR,
  firmOf,
  isFrozen,
  isUnderTwoLimits,
  proxyOf,
  REGIONS,
  roomOf,
  type Span,
  shiftOf,
  siteOf,
  teamOf,
} from "./caveats-bank.ts";
import type { Draw, Reason } from "./reasons.ts";

/** What every question tells: what a gateway knows of a call. Each reason sets what decides it; the rest is anything. */
interface Told {
  readonly ip: string;
  readonly atMs: number;
  readonly amount: number;
  readonly region: string;
}

interface Case {
  /** A user's id. */
  readonly user: string;
  readonly told?: Partial<Told>;
}

type Ask = (block: number, account: number, draw: Draw) => Case;

/** Salts of `draw`: 1 block, 2 account, 3 person or team, 4–7 what decides, 10–13 what does not. */
function anything(draw: Draw): Told {
  return {
    ip: `192.0.2.${draw(10, 256)}`,
    atMs: Date.UTC(2025, 0) + draw(11, 360 * 86_400) * 1000,
    amount: 1 + draw(12, 50_000),
    region: REGIONS[draw(13, REGIONS.length)] ?? "AT",
  };
}

function contextOf({ ip, atMs, amount, region }: Told): JsonObject {
  return { ip, at: new Date(atMs).toISOString(), amount, region };
}

const within = ({ opensMs, closesMs }: Span, draw: Draw) => ({ atMs: opensMs + draw(4, closesMs - opensMs) });
/** At the closing instant or after it, or just before the opening one. */
const outOf = ({ opensMs, closesMs }: Span, draw: Draw) => ({
  atMs: draw(4, 2) === 0 ? opensMs - 1 - draw(5, 86_400_000) : closesMs + draw(5, 86_400_000),
});
/** Of the network of a contractors' team, which is within that of areas 1–3. */
const inRoom = (block: number, team: number, draw: Draw) => ({
  ip: `10.${siteOf(block)}.${roomOf(team)}.${draw(6, 256)}`,
});
/** Of the same site, where no team works. */
const besideRooms = (block: number, draw: Draw) => ({ ip: `10.${siteOf(block)}.${1 + draw(6, 15)}.${draw(7, 256)}` });
const staffOf = (team: number, draw: Draw) => team * 10 + draw(3, 8);
const substituteOf = (team: number, draw: Draw) => team * 10 + 8 + draw(3, 2);
const contractors = (draw: Draw) => FIRST_CONTRACTOR + draw(8, 3);

type Accounts = (account: number) => boolean;
const any: Accounts = () => true;
const open: Accounts = (account) => !isFrozen(account) && account % 5 !== 0;
const embargoed: Accounts = (account) => account % 5 === 0 && !isFrozen(account);
const inFourthArea: Accounts = (account) => areaOf(account) === 4;
const hasLimit: Accounts = (account) => open(account) && account % 2 === 0 && !isUnderTwoLimits(account);
const hasFirm: Accounts = (account) => open(account) && account % 8 === 1;
const hasTwoLimits: Accounts = (account) => open(account) && isUnderTwoLimits(account);
const hasFreeProxy: Accounts = (account) => open(account) && account % 8 === 3;
const hasAuditor: Accounts = (account) => auditorOf(account) !== undefined;
const hasAuditingClerk: Accounts = (account) => auditingClerkOf(account) !== undefined;
const not =
  (test: Accounts): Accounts =>
  (account) =>
    !test(account);

export function caveatReasons(of: Bank): readonly Reason[] {
  const reason =
    (allowed: boolean, member: "view" | "pay") =>
    (name: string, weight: number, test: Accounts, ask: Ask): Reason => {
      const accounts = Array.from({ length: ACCOUNTS }, (_, account) => account).filter(test);
      if (accounts.length === 0) throw new Error(`no account has a question of the kind: ${name}`);
      return {
        name,
        allowed,
        weight,
        ask(draw) {
          const block = draw(1, of.blocks);
          const account = accounts[draw(2, accounts.length)] ?? 0;
          const { user, told } = ask(block, account, draw);
          const object = { type: "account", id: of.account(block, account) };
          return { object, member, user, context: contextOf({ ...anything(draw), ...told }) };
        },
      };
    };
  return [
    ...viewers(of, reason(true, "view")),
    ...nonViewers(of, reason(false, "view")),
    ...payers(of, reason(true, "pay")),
    ...nonPayers(of, reason(false, "pay")),
  ];
}

type Make = (name: string, weight: number, test: Accounts, ask: Ask) => Reason;

function viewers(of: Bank, make: Make): readonly Reason[] {
  return [
    make("holder, no caveat", 2, any, (block, account) => ({ user: of.holder(block, account) })),
    make("clerk of the branch, no caveat", 2, any, (block, account, draw) => ({
      user: of.person(block, staffOf(teamOf(account), draw)),
    })),
    make("clerk of the head office, no caveat", 2, any, (block, _, draw) => ({
      user: of.person(block, staffOf(draw(8, 4), draw)),
    })),
    make("substitute during the shift", 4, any, (block, account, draw) => {
      const person = substituteOf(draw(8, 2) === 0 ? teamOf(account) : draw(9, 4), draw);
      return { user: of.person(block, person), told: within(shiftOf(block, person), draw) };
    }),
    make("contractor from both networks", 4, not(inFourthArea), (block, _, draw) => {
      const team = contractors(draw);
      return { user: of.person(block, staffOf(team, draw)), told: inRoom(block, team, draw) };
    }),
    make("contractor's substitute, three caveats in a row", 3, not(inFourthArea), (block, _, draw) => {
      const team = contractors(draw);
      const person = substituteOf(team, draw);
      return {
        user: of.person(block, person),
        told: { ...inRoom(block, team, draw), ...within(shiftOf(block, person), draw) },
      };
    }),
    make("auditor during the audit", 3, hasAuditor, (block, account, draw) => ({
      user: of.auditor(block, auditorOf(account) ?? 0),
      told: within(auditOf(block, account), draw),
    })),
    make("clerk beside an audit that is over", 2, hasAuditingClerk, (block, account, draw) => ({
      user: of.person(block, auditingClerkOf(account) ?? 0),
      told: outOf(auditOf(block, account), draw),
    })),
  ];
}

function nonViewers(of: Bank, make: Make): readonly Reason[] {
  return [
    make("clerk of another branch", 2, any, (block, account, draw) => ({
      user: of.person(block, staffOf(4 + ((teamOf(account) - 4 + 1 + draw(8, 2)) % 3), draw)),
    })),
    make("substitute out of the shift", 4, any, (block, account, draw) => {
      const person = substituteOf(draw(8, 2) === 0 ? teamOf(account) : draw(9, 4), draw);
      return { user: of.person(block, person), told: outOf(shiftOf(block, person), draw) };
    }),
    make("contractor from outside", 2, any, (block, _, draw) => ({
      user: of.person(block, staffOf(contractors(draw), draw)),
    })),
    make("contractor from beside the team's network", 3, not(inFourthArea), (block, _, draw) => ({
      user: of.person(block, staffOf(contractors(draw), draw)),
      told: besideRooms(block, draw),
    })),
    make("contractor from beside the area's network", 3, inFourthArea, (block, _, draw) => {
      const team = contractors(draw);
      return { user: of.person(block, staffOf(team, draw)), told: inRoom(block, team, draw) };
    }),
    make("contractor's substitute out of the shift", 3, not(inFourthArea), (block, _, draw) => {
      const team = contractors(draw);
      const person = substituteOf(team, draw);
      return {
        user: of.person(block, person),
        told: { ...inRoom(block, team, draw), ...outOf(shiftOf(block, person), draw) },
      };
    }),
    make("auditor before or after the audit", 3, hasAuditor, (block, account, draw) => ({
      user: of.auditor(block, auditorOf(account) ?? 0),
      told: outOf(auditOf(block, account), draw),
    })),
    make("unknown user", 1, any, (_, __, draw) => ({ user: `nobody-${draw(3, 1 << 30)}` })),
  ];
}

/** Up to the smaller limit of a proxy's, and the amount that is the limit itself every fourth time. */
const upToLimit = (limit: number, draw: Draw) => ({ amount: draw(5, 4) === 0 ? limit : 1 + draw(4, limit) });
const over = (limit: number, draw: Draw) => ({ amount: limit + 1 + (draw(5, 4) === 0 ? 0 : draw(4, 50_000)) });
const limitOf = (block: number, account: number) => proxyOf(block, account)?.limit ?? 0;
const firmLimitOf = (block: number, account: number) => firmOf(block, account)?.limit ?? 0;
const proxyIn = (of: Bank, block: number, account: number) => of.person(block, proxyOf(block, account)?.agent ?? 0);
const ofFirm = (of: Bank, block: number, account: number, draw: Draw) =>
  of.person(block, agentOfFirm(firmOf(block, account)?.firm ?? 0, draw(3, 10)));

function payers(of: Bank, make: Make): readonly Reason[] {
  return [
    make("proxy up to the limit", 4, hasLimit, (block, account, draw) => ({
      user: proxyIn(of, block, account),
      told: upToLimit(limitOf(block, account), draw),
    })),
    make("firm up to its limit", 3, hasFirm, (block, account, draw) => ({
      user: ofFirm(of, block, account, draw),
      told: upToLimit(firmLimitOf(block, account), draw),
    })),
    make("over one limit, up to another", 3, hasTwoLimits, (block, account, draw) => {
      const [own, firms] = [limitOf(block, account), firmLimitOf(block, account)];
      return { user: proxyIn(of, block, account), told: { amount: own + 1 + draw(4, firms - own) } };
    }),
    make("proxy without a limit", 2, hasFreeProxy, (block, account) => ({ user: proxyIn(of, block, account) })),
    make("holder from where there is no embargo", 3, embargoed, (block, account, draw) => {
      const free = REGIONS.filter((region) => !embargoOf(block, account)?.includes(region));
      return { user: of.holder(block, account), told: { region: free[draw(4, free.length)] ?? "" } };
    }),
  ];
}

function nonPayers(of: Bank, make: Make): readonly Reason[] {
  return [
    make("proxy over the limit", 4, hasLimit, (block, account, draw) => ({
      user: proxyIn(of, block, account),
      told: over(limitOf(block, account), draw),
    })),
    make("firm over its limit", 3, hasFirm, (block, account, draw) => ({
      user: ofFirm(of, block, account, draw),
      told: over(firmLimitOf(block, account), draw),
    })),
    make("over both limits", 2, hasTwoLimits, (block, account, draw) => ({
      user: proxyIn(of, block, account),
      told: over(firmLimitOf(block, account), draw),
    })),
    make("holder from where there is an embargo", 4, embargoed, (block, account, draw) => ({
      user: of.holder(block, account),
      told: { region: embargoOf(block, account)?.[draw(4, 3)] ?? "" },
    })),
    make("holder of what is frozen", 1, isFrozen, (block, account) => ({ user: of.holder(block, account) })),
    make("auditor who would pay", 1, hasAuditor, (block, account, draw) => ({
      user: of.auditor(block, auditorOf(account) ?? 0),
      told: within(auditOf(block, account), draw),
    })),
  ];
}
