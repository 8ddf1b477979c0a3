import { describe, expect, it } from "vitest";
import { documents } from "../../bench/workloads/documents.ts";

describe("the workload of documents", () => {
  it("has a reason for its answers of each of 24 kinds", () => {
    const kinds = documents(2_000)
      .questions(3_000)
      .map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(24);
  });

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
