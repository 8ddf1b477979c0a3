import { describe, expect, test } from "vitest";
import { checkTypes } from "../../src/cel/check-types.ts";
import { createEvaluator } from "../../src/cel/evaluator.ts";
import { readExpression } from "../../src/cel/read-expression.ts";
import { type ConformanceCase, canonical, conformanceCases } from "./conformance.ts";

const { cases, left } = conformanceCases();
const ANY = { name: "any", arguments: [] };

function evaluate({ expression, bindings }: ConformanceCase): string {
  const read = readExpression(expression);
  return "problem" in read
    ? "error"
    : canonical(createEvaluator(read.node, [...bindings.keys()])([...bindings.values()]));
}

describe("CEL's conformance data", () => {
  test("is there", () => {
    console.log(`${cases.length} cases, ${left} of messages, optionals and extensions left aside`);
    expect(cases.length).toBeGreaterThan(900);
  });

  test("evaluates to what it says", () => {
    const wrong = cases
      .map((each) => ({ ...each, got: evaluate(each) }))
      .filter(({ got, expected }) => got !== expected)
      .map(({ name, expression, got, expected }) => `${name}: ${expression} is ${got}, not ${expected}`);
    expect(wrong).toEqual([]);
  });

  test("passes the type check where it has a value", () => {
    const refused = cases
      .filter(({ expected, unchecked }) => expected !== "error" && !unchecked)
      .map(({ name, expression, bindings }) => {
        const read = readExpression(expression);
        const parameters = new Map([...bindings.keys()].map((variable) => [variable, ANY]));
        const problems = "problem" in read ? [read.problem] : checkTypes(read.node, parameters);
        return {
          name,
          expression,
          problems: problems
            .map(({ message }) => message)
            .filter((message) => !message.startsWith("a caveat's expression must")),
        };
      })
      .filter(({ problems }) => problems.length > 0)
      .map(({ name, expression, problems }) => `${name}: ${expression}: ${problems.join("; ")}`);
    expect(refused).toEqual([]);
  });
});
