import { describe, expect, it } from "vitest";
import { documents } from "../../bench/workloads/documents.ts";
import type { KnownQuestion } from "../../bench/workloads/workload.ts";
import { validateTuple } from "../../src/engine/validate.ts";
import { formatTupleKey } from "../../src/model/tuple-text.ts";
import { askInMemory, compileOrThrow } from "../examples/ask.ts";
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

  it.each([
    [1, 4],
    [2, 2],
  ])(
    "knows the answers that the oracle finds, in %i blocks, %i of each kind",
    (blocks, each) => {
      const work = documents(blocks * 1_000);
      const all = work.questions(3_000);
      // A few of each kind: the oracle works everything out for each subject anew.
      const asked = [...kindsOf(all)].flatMap((kind) => all.filter((one) => one.kind === kind).slice(0, each));
      expect(asked).toHaveLength(24 * each);
      const found = judged(blocks * 1_000, asked);
      expect(asked.filter(({ allowed }, index) => allowed !== found[index])).toEqual([]);
    },
    120_000,
  );

  it("knows what the solver finds, with changes in", async () => {
    const work = documents(5_000, 7);
    const asked = work.questions(5_000);
    const changes = Array.from({ length: 500 }, (_, index) => work.change(index));
    const unlike = new Map([...work.generate(), ...changes].map((tuple) => [formatTupleKey(tuple), tuple]));
    const ask = await askInMemory(work.schema, [...unlike.values()]);
    const found = await ask(asked.map(({ question }) => question));
    expect(asked.filter(({ allowed }, index) => allowed !== found[index])).toEqual([]);
    expect(kindsOf(asked).size).toBe(24);
    expect(asked.filter(({ allowed }) => allowed)).toHaveLength(2_500);
  });

  it("has exactly the tuples it says, no two alike, and none that a change brings", () => {
    const work = documents(12_345);
    const keys = [...work.generate()].map(formatTupleKey);
    expect([keys.length, new Set(keys).size]).toEqual([12_000, 12_000]);
    const stored = new Set(keys);
    const changes = Array.from({ length: 1_000 }, (_, index) => work.change(index));
    expect(changes.filter((tuple) => stored.has(formatTupleKey(tuple)))).toEqual([]);
    const schema = compileOrThrow(work.schema, "documents.zed");
    for (const tuple of [...work.generate(), ...changes]) validateTuple(schema, tuple);
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
