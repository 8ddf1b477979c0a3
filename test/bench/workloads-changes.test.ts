import { describe, expect, it } from "vitest";
import type { Workload } from "../../bench/workloads/workload.ts";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";
import { decideInMemory } from "../examples/ask.ts";

const TUPLES = 1_000;
const CHANGES = 40;

const upTo = <T>(count: number, make: (index: number) => T | undefined) =>
  Array.from({ length: count }, (_, index) => make(index)).filter((one) => one !== undefined);
const SEEN = WORKLOAD_NAMES.filter((name) => {
  const work: Workload = WORKLOADS[name](TUPLES);
  return work.changeQuestion !== undefined;
});

describe.each(SEEN)("the changes of the workload %s", (name) => {
  it("are seen by the question of the same number, which is denied before", async () => {
    const work: Workload = WORKLOADS[name](TUPLES);
    const asked = upTo(CHANGES, (index) => work.changeQuestion?.(index));
    const items = asked.map(({ question, context = {} }) => ({ question, context }));
    const changes = upTo(CHANGES, work.change);
    const stored = [...work.generate()];
    // Each sees its own: with the changes of even numbers in, those of odd numbers stay denied.
    for (const written of [[], changes.filter((_, index) => index % 2 === 0), changes]) {
      const decide = await decideInMemory(work.schema, [...stored, ...written]);
      const expected = changes.map((change) => (written.includes(change) ? "allowed" : "denied"));
      expect(await decide(items)).toEqual(expected);
    }
    expect(asked.every(({ allowed }) => allowed)).toBe(true);
  });
});

describe("the workload writes", () => {
  it("is the one that writes with every second call", () => {
    const sharesOf = WORKLOAD_NAMES.map((name) => [name, (WORKLOADS[name](TUPLES) as Workload).writeShare ?? 0]);
    expect(sharesOf.filter(([, share]) => share !== 0)).toEqual([["writes", 0.5]]);
    expect(SEEN).toContain("writes");
  });
});
