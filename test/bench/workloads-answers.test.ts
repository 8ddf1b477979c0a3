import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIRST_HEAD, fillGraph } from "../../bench/engine/fill-graph.ts";
import { residentCheck } from "../../bench/engine/resident-check.ts";
import { createWorld } from "../../bench/growth/world.ts";
import type { KnownLookup, KnownQuestion, Workload } from "../../bench/workloads/workload.ts";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";
import { planSchema } from "../../src/engine/plan.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { compileOrThrow } from "../examples/ask.ts";

const RUNS = 4;
const QUESTIONS = 40;
const CHANGES = 40;
const LOOKUPS = 20;
/** Lists of up to 1,000 are there at this size; those of 10,000 differ by their level alone. */
const TUPLES = 4_000;

const allOf: readonly Workload[] = WORKLOAD_NAMES.map((name) => WORKLOADS[name](TUPLES));
const namesOf = (works: readonly Workload[]) => works.map((work) => [work.name, work] as const);

/** What the solver finds over these tuples alone. */
function checkOver(work: Workload, tuples: Iterable<Tuple>): (asked: KnownQuestion) => boolean {
  const check = residentCheck(
    planSchema(compileOrThrow(work.schema, `${work.name}.zed`)),
    fillGraph(tuples).graph,
    FIRST_HEAD.revision,
  );
  return (asked) => check({ ...asked, tenant: 0 });
}

function wrongAnswers(work: Workload, asked: readonly KnownQuestion[], changes: readonly number[]) {
  return [...Map.groupBy(asked, ({ tenant = 0 }) => tenant)].flatMap(([tenant, some]) => {
    const changed = Array.from(tenant === 0 ? new Set(changes) : [], (index) => work.change(index));
    const check = checkOver(work, [...work.generate(tenant), ...changed]);
    return some.filter((one) => check(one) !== one.allowed);
  });
}

/** Questions anywhere below 2³¹, and changes that are in. */
const asking = fc.record({
  tuples: fc.integer({ min: 1_000, max: 6_000 }),
  indices: fc.array(fc.nat(), { minLength: QUESTIONS, maxLength: QUESTIONS }),
  changes: fc.array(fc.nat(999_999), { maxLength: 50 }),
});

describe.each(WORKLOAD_NAMES)("the workload %s, of any size", (name) => {
  it("knows the answer to any question", () => {
    fc.assert(
      fc.property(asking, ({ tuples, indices, changes }) => {
        const work: Workload = WORKLOADS[name](tuples);
        expect(wrongAnswers(work, indices.map(work.question), changes)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

const withChanges = allOf.filter(({ changeQuestion }) => changeQuestion !== undefined);

describe.each(namesOf(withChanges))("the changes of the workload %s", (_, work) => {
  it("are seen by the question of the same number, which is denied before", () => {
    const indices = Array.from({ length: CHANGES }, (__, index) => index);
    const asked = indices.map((index) => work.changeQuestion?.(index)).filter((one) => one !== undefined);
    expect(asked.filter(({ allowed }) => allowed)).toHaveLength(CHANGES);
    const stored = [...work.generate()];
    // Each sees its own: with the changes of even numbers in, those of odd numbers stay denied.
    for (const isIn of [() => false, (index: number) => index % 2 === 0, () => true]) {
      const check = checkOver(work, [...stored, ...indices.filter(isIn).map(work.change)]);
      expect(asked.map(check)).toEqual(indices.map(isIn));
    }
  });
});

it("writes with every second call of the workload writes alone, and can see what was written", () => {
  const writing = allOf.filter(({ writeShare = 0 }) => writeShare !== 0);
  expect(writing.map(({ name, writeShare }) => [name, writeShare])).toEqual([["writes", 0.5]]);
  expect(withChanges).toContain(writing[0]);
});

async function wrongLookups(work: Workload, asked: readonly KnownLookup[]): Promise<readonly string[]> {
  const { verbs, call } = await createWorld(work.schema, work.generate());
  const all = { limit: 0, cursor: "", candidateIds: undefined, countOnly: false, context: {}, contextualTuples: [] };
  const wrong: string[] = [];
  for (const { kind, resourceType: objectType, permission, subject, results } of asked) {
    const consistency = { kind: "fully_consistent" } as const;
    const found: string[] = [];
    for await (const page of verbs.lookupResources(call, { ...all, consistency, objectType, permission, subject }))
      if ("results" in page) for (const { id } of page.results) found.push(id);
    if (found.join() !== results.toSorted().join())
      wrong.push(`${kind}: ${found.length} found, not the ${results.length} known`);
  }
  return wrong;
}

const withLookups = allOf.filter(({ lookups }) => lookups !== undefined);

describe.each(namesOf(withLookups))("the lookups of the workload %s", (_, work) => {
  it("find what is known, each once, the same at every call", async () => {
    const asked = work.lookups?.(LOOKUPS) ?? [];
    expect(asked).toHaveLength(LOOKUPS);
    expect(await wrongLookups(work, asked)).toEqual([]);
    expect(work.lookups?.(7)).toEqual(asked.slice(0, 7));
  });
});

it("looks up from nothing to 10,000 in the workload fanout where the size allows", () => {
  const sizesOf = (tuples: number) =>
    new Set(
      WORKLOADS.fanout(tuples)
        .lookups?.(40)
        .map(({ results }) => results.length),
    );
  expect(sizesOf(4_000)).toEqual(new Set([0, 1, 9, 10, 11, 90, 100, 111, 900, 1_000]));
  expect(sizesOf(40_000)).toEqual(new Set([...sizesOf(4_000), 1_111, 9_000, 10_000]));
});
