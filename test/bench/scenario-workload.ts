import type { KnownQuestion, Workload } from "../../bench/workloads/workload.ts";
import type { Scenario } from "../corpus/scenario.ts";

/** A scenario of the language's as a workload; what it says depends on a context that is not given is left out. */
export function scenarioWorkload(name: string, { text, tuples, assertions }: Scenario): Workload {
  const asked = assertions.flatMap((one): KnownQuestion[] =>
    one.expected === "conditional"
      ? []
      : [{ question: one.question, allowed: one.expected === "allowed", kind: one.text, context: one.context }],
  );
  const question = (index: number) => asked[index % asked.length] as KnownQuestion;
  return {
    name,
    about: "a scenario of the language's",
    schema: text,
    tuples: tuples.length,
    tenants: 1,
    generate: () => tuples,
    question,
    questions: (count) => asked.slice(0, count),
    change: () => {
      throw new Error("nothing is written beside a scenario");
    },
  };
}
