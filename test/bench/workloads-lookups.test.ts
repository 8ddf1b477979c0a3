import { describe, expect, it } from "vitest";
import { createWorld } from "../../bench/growth/world.ts";
import type { KnownLookup, Workload } from "../../bench/workloads/workload.ts";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";

const ALL = { limit: 0, cursor: "", candidateIds: undefined, countOnly: false, context: {}, contextualTuples: [] };
/** Lists of up to 1,000 are there at this size; those of 10,000 differ by their level alone. */
const TUPLES = 4_000;

async function wrongLookups(work: Workload, asked: readonly KnownLookup[]): Promise<readonly string[]> {
  const { verbs, call } = await createWorld(work.schema, work.generate());
  const wrong: string[] = [];
  for (const { kind, resourceType: objectType, permission, subject, results } of asked) {
    const consistency = { kind: "fully_consistent" } as const;
    const found: string[] = [];
    for await (const page of verbs.lookupResources(call, { ...ALL, consistency, objectType, permission, subject }))
      if ("results" in page) for (const { id } of page.results) found.push(id);
    if (found.join() !== results.toSorted().join())
      wrong.push(`${kind}: ${found.length} found, not the ${results.length} known`);
  }
  return wrong;
}

const WITH_LOOKUPS = WORKLOAD_NAMES.filter((name) => WORKLOADS[name](TUPLES).lookups !== undefined);

describe.each(WITH_LOOKUPS)("the lookups of the workload %s", (name) => {
  it("find what is known, each once, the same at every call", async () => {
    const work: Workload = WORKLOADS[name](TUPLES);
    const asked = work.lookups?.(40) ?? [];
    expect(asked).toHaveLength(40);
    expect(await wrongLookups(work, asked)).toEqual([]);
    expect(WORKLOADS[name](TUPLES).lookups?.(7)).toEqual(asked.slice(0, 7));
  });
});

describe("the lookups of the workload fanout", () => {
  it("reach from nothing to 10,000 where the size allows", () => {
    const sizesOf = (tuples: number) =>
      new Set(
        WORKLOADS.fanout(tuples)
          .lookups?.(40)
          .map(({ results }) => results.length),
      );
    expect(sizesOf(4_000)).toEqual(new Set([0, 1, 9, 10, 11, 90, 100, 111, 900, 1_000]));
    expect(sizesOf(40_000)).toEqual(new Set([...sizesOf(4_000), 1_111, 9_000, 10_000]));
  });
});
