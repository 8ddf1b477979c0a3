import { expect, test } from "vitest";
import { createTraitJudge } from "../../src/engine/traits.ts";
import type { Caveat, Schema } from "../../src/model/schema.ts";
import { compiled, NOW_MS } from "./ask.ts";

/** A schema of one caveat, and how often that was evaluated. */
function counting() {
  const schema = compiled("caveat known(name string) { name != 'nobody' }\ndefinition user {}");
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
