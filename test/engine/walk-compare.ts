import { planSchema } from "../../src/engine/plan.ts";
import type { Question } from "../../src/engine/solver.ts";
import { walkCheck } from "../../src/engine/walk.ts";
import type { TupleGraph } from "../../src/model/graph.ts";
import type { Schema } from "../../src/model/schema.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { EVERYTHING, NOW_MS, randomDraft } from "../support/arbitrary.ts";
import { judgeByTwin } from "../support/arbitrary-caveats.ts";
import { printCase } from "../support/arbitrary-shrink.ts";
import { build, everyQuestion, oracleOf, overlay, randomAsking } from "../support/arbitrary-world.ts";
import { type Circumstances, createOracle, type Oracle } from "../support/oracle.ts";
import { seeded } from "../support/random.ts";
import { plainGraph } from "./plain-graph.ts";
import { randomCircles } from "./walk-cycles.ts";

export interface WalkTotal {
  checks: number;
  worlds: number;
  allowed: number;
  denied: number;
  undecided: number;
  /** Of worlds without a caveat or an end. */
  plain: number;
  plainUndecided: number;
}

const PLENTY = 1_000_000;

/** Random worlds of every kind. @throws Error with a scenario that shows a disagreement with the oracle */
export function compareWalks(checks: number, firstSeed: number): WalkTotal {
  const total = createTotal();
  for (let seed = firstSeed; total.checks < checks; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, seed % 3 === 0 ? { ...EVERYTHING, caveats: false, ends: [] } : EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    total.worlds += 1;
    const tuples = overlay(world.tuples, []);
    const graph = plainGraph(tuples);
    const isPlain = tuples.every(({ caveat, expiresAtMs }) => caveat === undefined && expiresAtMs === undefined);
    const oracle = oracleOf(draft, world)({ contextual: false });
    const judge = createJudge({ schema: world.schema, graph, oracle, isPlain }, total);
    for (let i = 0; i < 6; i++) {
      const asking = { ...randomAsking(random, draft, EVERYTHING), contextual: false };
      for (const [index, question] of everyQuestion(draft, asking.subject).entries()) {
        const problem = judge(question, asking, i % 2 === 0 && index > 0);
        if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}\n${printCase(draft, question, asking)}`);
      }
    }
  }
  return total;
}

/** Worlds that are all circles; in every other one there are tuples that end. */
export function compareWalksInCircles(checks: number, firstSeed: number): WalkTotal {
  const total = createTotal();
  for (let seed = firstSeed; total.checks < checks; seed++) {
    const random = seeded(seed);
    const isPlain = seed % 2 === 0;
    const world = randomCircles(random, !isPlain);
    if (world === undefined) continue;
    total.worlds += 1;
    const graph = plainGraph(world.tuples);
    const oracle = createOracle({ ...world, strangers: [], judge: judgeByTwin });
    const subject = { type: "user", id: "u1", relation: "" };
    const judge = createJudge({ schema: world.schema, graph, oracle, isPlain }, total);
    let asked = 0;
    for (const id of world.ids) {
      for (const member of world.members) {
        const question = { object: { type: "node", id }, member, subject };
        const problem = judge(question, { subject, context: {}, nowMs: NOW_MS }, seed % 4 > 1 && asked++ > 0);
        if (problem === undefined) continue;
        const tuples = world.tuples.map(formatTuple).join("\n");
        throw new Error(`seed ${seed}: node:${id}#${member} is ${problem}\n${world.text}\n${tuples}`);
      }
    }
  }
  return total;
}

interface Judged {
  readonly schema: Schema;
  readonly graph: TupleGraph;
  readonly oracle: Oracle;
  readonly isPlain: boolean;
}

/** @returns what is wrong with what the walker decides: it is what the oracle says, and does not change by itself */
function createJudge({ schema, graph, oracle, isPlain }: Judged, total: WalkTotal) {
  return (question: Question, circumstances: Circumstances, continues: boolean): string | undefined => {
    const { object, member } = question;
    const options = { nowMs: circumstances.nowMs, maxNodes: PLENTY, continues };
    const { value } = walkCheck(planSchema(schema), graph, 0, question, options);
    total.checks += 1;
    total[value] += 1;
    if (isPlain) total.plain += 1;
    if (isPlain && value === "undecided") total.plainUndecided += 1;
    if (value === "undecided") return undefined;
    const { kind } = oracle.check(object, member, circumstances);
    const { ofKind } = oracle.firstChange(object, member, circumstances);
    return kind === value && ofKind === undefined ? undefined : `${value} in place of ${kind} until ${ofKind}`;
  };
}

function createTotal(): WalkTotal {
  return { checks: 0, worlds: 0, allowed: 0, denied: 0, undecided: 0, plain: 0, plainUndecided: 0 };
}
