import { describe, expect, it } from "vitest";
import { documents } from "../../bench/workloads/documents.ts";
import type { KnownQuestion } from "../../bench/workloads/workload.ts";
import { compileOrThrow } from "../examples/ask.ts";
import { createOracle } from "../support/oracle.ts";

/** What the oracle says of each question, in order: it shares nothing with the solver or with the workload's own reasons. */
function judged(tuples: number, asked: readonly KnownQuestion[]): readonly boolean[] {
  const work = documents(tuples);
  const schema = compileOrThrow(work.schema, "documents.zed");
  const strangers = asked.map(({ question }) => question.object);
  const oracle = createOracle({ schema, tuples: [...work.generate()], strangers, judge: () => false });
  return asked.map(({ question: { object, member, subject } }) => {
    const { kind } = oracle.check(object, member, { subject, context: {}, nowMs: 0 });
    return kind === "allowed";
  });
}

describe("the workload of documents", () => {
  const kindsOf = (asked: readonly KnownQuestion[]) => new Set(asked.map(({ kind }) => kind));

  // Beyond what workloads.test.ts asks of every workload: every reason there is, and people of other blocks.
  it("knows the answers that the oracle finds, in two blocks and of each of 24 kinds", () => {
    const all = documents(2_000).questions(3_000);
    // A few of each kind: the oracle works everything out for each subject anew.
    const asked = [...kindsOf(all)].flatMap((kind) => all.filter((one) => one.kind === kind).slice(0, 2));
    expect(asked).toHaveLength(24 * 2);
    const found = judged(2_000, asked);
    expect(asked.filter(({ allowed }, index) => allowed !== found[index])).toEqual([]);
  }, 120_000);

  it("is of whole blocks", () => {
    expect([...documents(12_345).generate()]).toHaveLength(12_000);
  });

  it("has other ids for another seed, and the same at every call for the same", () => {
    const idsOf = (seed: number) => new Set([...documents(1_000, seed).generate()].map(({ objectId }) => objectId));
    expect([...idsOf(1)].filter((id) => idsOf(2).has(id))).toEqual(["everyone"]);
    expect(idsOf(1)).toEqual(idsOf(1));
  });

  it("refuses to be smaller than a block", () => {
    expect(() => documents(999)).toThrow("at least 1000 tuples, not 999");
  });
});
