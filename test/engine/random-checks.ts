import { planSchema } from "../../src/engine/plan.ts";
import type { Question } from "../../src/engine/solver.ts";
import { startCheck } from "../../src/engine/solver.ts";
import type { Draft, World } from "../support/arbitrary.ts";
import { build, EVERYTHING, objectsOf, randomDraft, randomQuestions, seeded } from "../support/arbitrary.ts";
import { printCase, shrink } from "../support/arbitrary-shrink.ts";
import { createOracle } from "../support/oracle.ts";
import { createSource } from "../support/oracle-source.ts";

/** No question of a random world comes near. */
export const PLENTY = { maxNodes: 1_000_000, maxRows: 1_000_000 };

/** Answers questions about one world, some way. */
export type Answerer = (world: World, questions: readonly Question[]) => Promise<readonly boolean[]>;

/** The solver over tuples in a map. */
export const solveInMemory: Answerer = async (world, questions) => {
  const plan = planSchema(world.schema);
  const source = createSource(world.tuples);
  return questions.map((question) => {
    const solver = startCheck(plan, question, PLENTY);
    while (solver.needs().length > 0) solver.feed(source.answer(solver.needs()));
    return solver.decision().kind === "allowed";
  });
};

export interface Comparison {
  checks: number;
  allowed: number;
  worlds: number;
  /** Random schemas the compiler refused. */
  refused: number;
}

/**
 * Compares answers with the naive oracle's on random worlds, until there were `checks` of them.
 * @throws Error with the smallest scenario that shows a disagreement
 */
export async function compareWithOracle(answer: Answerer, checks: number, firstSeed: number): Promise<Comparison> {
  const total: Comparison = { checks: 0, allowed: 0, worlds: 0, refused: 0 };
  for (let seed = firstSeed; total.checks < checks; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) {
      total.refused += 1;
      continue;
    }
    const questions = randomQuestions(random, draft, 6, 30);
    const oracle = createOracle(world.schema, world.tuples, objectsOf(draft));
    const answers = await answer(world, questions);
    for (const [index, question] of questions.entries()) {
      const expected = oracle.check(question.object, question.member, question.subject);
      if (answers[index] !== expected) throw await disagreement(answer, draft, question, seed);
      if (expected) total.allowed += 1;
    }
    total.checks += questions.length;
    total.worlds += 1;
  }
  return total;
}

async function disagreement(answer: Answerer, draft: Draft, question: Question, seed: number): Promise<Error> {
  const expectedOf = (world: World) =>
    createOracle(world.schema, world.tuples, objectsOf(draft)).check(
      question.object,
      question.member,
      question.subject,
    );
  const smallest = await shrink(draft, async (candidate) => {
    const world = build(candidate);
    const { object, member, subject } = question;
    const asks = (type: string, name: string) => world?.schema.definitions.get(type)?.members.has(name) === true;
    if (world === undefined || !asks(object.type, member) || !world.schema.definitions.has(subject.type)) return false;
    if (subject.relation !== "" && !asks(subject.type, subject.relation)) return false;
    try {
      return (await answer(world, [question]))[0] !== expectedOf(world);
    } catch {
      return false;
    }
  });
  const world = build(smallest);
  const expected = world !== undefined && expectedOf(world);
  return new Error(
    `seed ${seed}: the oracle disagrees. The smallest case:\n${printCase(smallest, question, expected)}`,
  );
}
