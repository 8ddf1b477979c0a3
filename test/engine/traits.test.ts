import { expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startChecks } from "../../src/engine/solver.ts";
import { createTraitJudge } from "../../src/engine/traits.ts";
import type { Caveat, Schema } from "../../src/model/schema.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { compiled, itemOf, NOW_MS, outcomesOf, sourceOf } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";

/** A schema of one caveat, and how often that was evaluated. */
function counting() {
  const schema = compiled(`
    caveat known(name string) { name != "nobody" }
    definition user {}
    definition document {
      relation viewer: user with known
    }`);
  const known = schema.caveats.get("known") as Caveat;
  let evaluations = 0;
  const program: Caveat["program"] = {
    validateWritten: (written) => known.program.validateWritten(written),
    evaluate: (written, request) => {
      evaluations += 1;
      return known.program.evaluate(written, request);
    },
  };
  const caveats: Schema["caveats"] = new Map([["known", { ...known, program }]]);
  return { schema: { ...schema, caveats }, evaluations: () => evaluations };
}

const tupleOf = (name: string) => ({ caveat: { name: "known", contextJson: JSON.stringify({ name }) } });

test("a caveat is evaluated once for each written context", () => {
  const { schema, evaluations } = counting();
  const judge = createTraitJudge(schema, {}, NOW_MS);
  for (let i = 0; i < 10; i++) for (const name of ["anne", "ben"]) judge.judge(tupleOf(name));
  expect(evaluations()).toBe(2);
});

test("of more contexts than are worth their memory some are forgotten, and judged again alike", () => {
  const { schema, evaluations } = counting();
  const judge = createTraitJudge(schema, {}, NOW_MS);
  const first = judge.judge(tupleOf("nobody"));
  // 4 MB of texts.
  for (let i = 0; i < 1_000; i++) judge.judge(tupleOf(String(i).padStart(4_000, "x")));
  expect(evaluations()).toBe(1_001);
  expect(judge.judge(tupleOf("nobody"))).toEqual(first);
  expect(evaluations()).toBe(1_002);
});

test("runs that are given a judge share it, but for other contexts and instants", () => {
  const { schema, evaluations } = counting();
  const plan = planSchema(schema);
  const [anne, nobody] = [{ name: "anne" }, { name: "nobody" }];
  const judge = createTraitJudge(schema, anne, NOW_MS);
  const source = sourceOf(["document:1#viewer@user:anne[known]"]);
  const ask = (context: JsonObject, nowMs = NOW_MS) => {
    const items = [itemOf("document:1#viewer@user:anne", context)];
    const [outcome] = outcomesOf(startChecks(plan, items, { nowMs, limits: PLENTY, judge }), source);
    return outcome;
  };
  for (let i = 0; i < 10; i++) expect(ask(anne)).toEqual({ decision: { kind: "allowed" } });
  expect(evaluations()).toBe(1);
  expect(ask(nobody)).toEqual({ decision: { kind: "denied" } });
  expect(ask(anne, NOW_MS + 1)).toEqual({ decision: { kind: "allowed" } });
  expect(evaluations()).toBe(3);
});
