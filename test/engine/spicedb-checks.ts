import type { Dialect } from "../support/arbitrary.ts";
import { build, randomDraft, randomQuestions, seeded } from "../support/arbitrary.ts";
import { printCase } from "../support/arbitrary-shrink.ts";
import type { SpiceDb, SpiceDbWorld } from "../support/oracle-spicedb.ts";
import { solveInMemory } from "./random-checks.ts";

/**
 * What relata changes on purpose is left out: wildcards behind subject relations, and recursion without an end, which
 * SpiceDB answers by "max depth exceeded", at times after minutes: it tries all ways 50 deep.
 */
const COMMON: Dialect = { wildcardBehindUserset: false, cyclicTuples: false, mutualPermissions: false };

export interface SecondOpinion {
  /** Questions both answered, alike. */
  checks: number;
  allowed: number;
  worlds: number;
  /** Schemas only SpiceDB refused. */
  refusedBySpiceDb: number;
  /** Schemas only relata refused. */
  refusedByRelata: number;
}

/** @throws Error with the first question the two answer differently */
export async function compareWithSpiceDb(spicedb: SpiceDb, checks: number, firstSeed: number): Promise<SecondOpinion> {
  const total = { checks: 0, allowed: 0, worlds: 0, refusedBySpiceDb: 0, refusedByRelata: 0 };
  const worlds: SpiceDbWorld[] = [];
  let planned = 0;
  for (let seed = firstSeed; planned < checks * 1.2; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, COMMON);
    const refusedByUs = build(draft) === undefined;
    const refusedByThem = (await spicedb.refusal(draft)) !== undefined;
    if (refusedByThem && !refusedByUs) total.refusedBySpiceDb += 1;
    if (refusedByUs && !refusedByThem) total.refusedByRelata += 1;
    if (refusedByUs || refusedByThem) continue;
    const questions = randomQuestions(random, draft, 4, 15);
    planned += questions.length;
    worlds.push({ draft, questions });
  }
  const theirs = await spicedb.ask(worlds);
  for (const [index, { draft, questions }] of worlds.entries()) {
    const world = build(draft);
    if (world === undefined) throw new Error("a schema compiled once and not twice");
    const ours = await solveInMemory(world, questions);
    for (const [at, question] of questions.entries()) {
      const answer = theirs[index]?.[at];
      if (answer !== ours[at]) {
        throw new Error(`SpiceDB says ${answer}, relata ${ours[at]}:\n${printCase(draft, question, answer === true)}`);
      }
      total.checks += 1;
      if (answer) total.allowed += 1;
    }
  }
  total.worlds = worlds.length;
  return total;
}
