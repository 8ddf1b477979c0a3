import { expect } from "vitest";
import { validateQuestion, validateTuple } from "../../src/engine/validate.ts";
import type { Answerer } from "../engine/random-checks.ts";
import { createOracle } from "../support/oracle.ts";
import type { Scenario } from "./scenario.ts";
import { crossProduct, objectsNamed, parseQuestion, worldOf } from "./scenario.ts";

/**
 * A scenario's tuples are ones the schema allows, its assertions hold, and over the whole cross product of objects,
 * members and subjects the answers are the naive oracle's.
 * @returns how many questions were asked
 */
export async function holdsEveryWay(scenario: Scenario, answer: Answerer): Promise<number> {
  const world = worldOf(scenario);
  for (const tuple of world.tuples) validateTuple(scenario.schema, tuple);
  const asserted = scenario.assertions.map(({ text }) => parseQuestion(text));
  const everything = crossProduct(scenario);
  const questions = [...asserted, ...everything];
  for (const question of questions) validateQuestion(scenario.schema, question);
  const answers = await answer(world, questions);
  const wrong = scenario.assertions.filter(({ expected }, index) => answers[index] !== expected);
  expect(wrong, "assertions that do not hold").toEqual([]);
  const oracle = createOracle(scenario.schema, world.tuples, objectsNamed(scenario.schema, world.tuples));
  const disagreed = everything.filter(
    ({ object, member, subject }, index) => answers[asserted.length + index] !== oracle.check(object, member, subject),
  );
  expect(disagreed, "questions the oracle answers otherwise").toEqual([]);
  return questions.length;
}
