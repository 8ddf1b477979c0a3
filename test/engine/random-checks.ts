import { planSchema } from "../../src/engine/plan.ts";
import type { Question } from "../../src/engine/solver.ts";
import { startChecks } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Draft } from "../support/arbitrary.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { printCase, shrink } from "../support/arbitrary-shrink.ts";
import type { Asking, World } from "../support/arbitrary-world.ts";
import {
  build,
  buildFit,
  everyQuestion,
  isKnown,
  knowsSubject,
  oracleOf,
  overlay,
  randomAsking,
} from "../support/arbitrary-world.ts";
import type { Oracle } from "../support/oracle.ts";
import { type Expected, problemOf } from "../support/oracle-judge.ts";
import { createSource } from "../support/oracle-source.ts";
import { seeded } from "../support/random.ts";

/** No question of a random world comes near. */
export const PLENTY = { maxNodes: 1_000_000, maxRows: 1_000_000 };

/** The solver over tuples in a map, all questions at once. */
export function solveInMemory(
  world: World,
  { context, contextual, nowMs }: Asking,
  questions: readonly Question[],
): readonly (Outcome | RelataError)[] {
  const source = createSource(contextual ? overlay(world.tuples, world.contextual) : world.tuples);
  const items = questions.map((question) => ({ question, context }));
  const solver = startChecks(planSchema(world.schema), items, { nowMs, limits: PLENTY });
  while (solver.needs().length > 0) solver.feed(source.answer(solver.needs()));
  return solver.outcomes();
}

export interface Comparison {
  checks: number;
  allowed: number;
  conditional: number;
  failed: number;
  expiring: number;
  worlds: number;
  /** Random schemas the compiler refused. */
  refused: number;
}

/**
 * Compares the solver's answers with the naive oracle's on random worlds, until there were `checks` of them.
 * @throws Error with the smallest scenario that shows a disagreement
 */
export async function compareWithOracle(checks: number, firstSeed: number): Promise<Comparison> {
  const total: Comparison = { checks: 0, allowed: 0, conditional: 0, failed: 0, expiring: 0, worlds: 0, refused: 0 };
  for (let seed = firstSeed; total.checks < checks; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) {
      total.refused += 1;
      continue;
    }
    total.worlds += 1;
    const oracleFor = oracleOf(draft, world);
    for (let i = 0; i < 6; i++) {
      const asking = randomAsking(random, draft, EVERYTHING);
      const oracle = oracleFor(asking);
      const questions = everyQuestion(draft, asking.subject);
      const answers = answersOf(world, asking, questions);
      for (const [index, question] of questions.entries()) {
        const expected = expectedOf(oracle, question, asking);
        if (problemWith(answers[index], expected) !== undefined)
          throw await disagreement(draft, asking, question, seed);
        count(total, expected);
      }
    }
  }
  return total;
}

/** A solver that breaks gives no answers. */
function answersOf(...parts: Parameters<typeof solveInMemory>): ReturnType<typeof solveInMemory> {
  try {
    return solveInMemory(...parts);
  } catch (error) {
    return parts[2].map(() => new RelataError("INTERNAL", String(error)));
  }
}

function count(total: Comparison, { answer, change }: Expected): void {
  total.checks += 1;
  if (answer.kind === "allowed") total.allowed += 1;
  if (answer.kind === "conditional") total.conditional += 1;
  if (answer.failed) total.failed += 1;
  if (change.ofKind !== undefined) total.expiring += 1;
}

function expectedOf(oracle: Oracle, { object, member }: Question, asking: Asking): Expected {
  return { answer: oracle.check(object, member, asking), change: oracle.firstChange(object, member, asking) };
}

function problemWith(answer: Outcome | RelataError | undefined, expected: Expected) {
  return answer === undefined ? "no answer" : problemOf(answer, expected, "not_late");
}

async function disagreement(draft: Draft, asking: Asking, question: Question, seed: number): Promise<Error> {
  const problemIn = (candidate: Draft, alone: boolean): string | undefined => {
    const world = buildFit(candidate);
    if (
      world === undefined ||
      !isKnown(world, question.object.type, question.member) ||
      !knowsSubject(world, question.subject)
    )
      return undefined;
    const questions = alone ? [question] : [question, ...everyQuestion(candidate, asking.subject)];
    const oracle = oracleOf(candidate, world)(asking);
    return problemWith(answersOf(world, asking, questions)[0], expectedOf(oracle, question, asking));
  };
  const alone = problemIn(draft, true) !== undefined;
  const smallest = await shrink(draft, (candidate) => problemIn(candidate, alone) !== undefined);
  const problem = `${problemIn(smallest, alone)}${alone ? "" : " (when asked with others)"}`;
  return new Error(`seed ${seed}: ${problem}. The smallest case:\n${printCase(smallest, question, asking)}`);
}
