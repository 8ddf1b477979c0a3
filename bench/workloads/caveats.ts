import { scatter } from "./arithmetic.ts";
import { ACCOUNTS, BRANCHES, bank, GROUPS, TUPLES_PER_BLOCK } from "./caveats-bank.ts";
import { caveatReasons } from "./caveats-reasons.ts";
import { namer } from "./ids.ts";
import { asker } from "./reasons.ts";
import { scattered } from "./scattered.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";

const SCHEMA = `use expiration

caveat between(at timestamp, opens timestamp, closes timestamp) {
  at >= opens && at < closes
}

caveat from_network(ip ipaddress, network string) {
  ip.in_cidr(network)
}

caveat up_to(amount int, most int) {
  amount > 0 && amount <= most
}

caveat in_regions(region string, regions list<string>) {
  region in regions
}

definition user {}

definition group {
  relation member: user | user with between | group#member | group#member with from_network
}

definition branch {
  relation parent: branch
  relation clerk: group#member | group#member with from_network
  permission serve = clerk + parent->serve
}

definition account {
  relation branch: branch
  relation holder: user
  relation proxy: user | user with up_to | group#member with up_to
  relation auditor: user with between and expiration
  relation embargo: user:* with in_regions
  relation frozen: user:*
  permission view = holder + auditor + branch->serve
  permission pay = ((holder + proxy) - embargo) - frozen
}
`;

/**
 * Every question tells all that any caveat asks for, as a gateway does that knows nothing of the schema: what is left over is
 * ignored, and no answer is conditional.
 *
 * @param tuples at least 1,000; what is over a whole thousand is left out @param seed workloads of two seeds share no ids
 */
export function caveats(tuples: number, seed = 0): Workload {
  const blocks = Math.floor(tuples / TUPLES_PER_BLOCK);
  if (blocks < 1) throw new RangeError(`a workload of caveats has at least ${TUPLES_PER_BLOCK} tuples, not ${tuples}`);
  const of = bank(blocks, seed);
  // Somebody new each time, whom nobody else asks about.
  const newcomer = namer("n", 8, seed);
  const changed = (index: number) =>
    of.account(scatter(index, seed + 304, blocks), scatter(index, seed + 305, ACCOUNTS));
  const question = asker(caveatReasons(of), 13_000_000 + seed);
  return {
    name: "caveats",
    about: "a bank: shifts, networks, limits, audits and embargoes, up to three caveats on the way to an answer",
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const [block, group] of scattered(blocks, GROUPS)) yield* of.aboutGroup(block, group);
      for (const [block, branch] of scattered(blocks, BRANCHES)) yield* of.aboutBranch(block, branch);
      for (const [block, account] of scattered(blocks, ACCOUNTS)) yield* of.aboutAccount(block, account);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) => userOn("account", changed(index), "holder", newcomer(index)),
    changeQuestion: (index) => ({
      question: {
        object: { type: "account", id: changed(index) },
        member: "view",
        subject: { type: "user", id: newcomer(index), relation: "" },
      },
      allowed: true,
      kind: "just written",
      context: { ip: "192.0.2.1", at: "2025-01-01T00:00:00.000Z", amount: 1, region: "AT" },
    }),
  };
}
