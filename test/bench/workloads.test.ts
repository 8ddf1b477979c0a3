import { describe, expect, it } from "vitest";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";
import { validateTuple } from "../../src/engine/validate.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTupleKey } from "../../src/model/tuple-text.ts";
import { compileOrThrow } from "../examples/ask.ts";
import { changesOf, someOfEachKind, wrongByOracle, wrongBySolver } from "./known-answers.ts";

/** The least that every workload can be made of; workloads.long.ts asks more. */
const TUPLES = 1_000;
const QUESTIONS = 2_000;
describe.each(WORKLOAD_NAMES)("the workload %s", (name) => {
  const make = WORKLOADS[name];

  it("knows the answers that the oracle finds", () => {
    const work = make(TUPLES);
    expect(wrongByOracle(work, someOfEachKind(work.questions(QUESTIONS), 1))).toEqual([]);
  });

  it("knows what the solver finds, with changes in", async () => {
    const work = make(3 * TUPLES);
    expect(await wrongBySolver(work, work.questions(QUESTIONS))).toEqual([]);
  });

  it("has exactly the tuples it says, no two alike, and none that a change brings, all of them allowed", () => {
    const work = make(3 * TUPLES + 345);
    const schema = compileOrThrow(work.schema, `${work.name}.zed`);
    const stored: ReadonlySet<string>[] = [];
    for (let tenant = 0; tenant < work.tenants; tenant += 1) {
      const tuples: readonly Tuple[] = [...work.generate(tenant)];
      for (const tuple of tuples) validateTuple(schema, tuple);
      const keys = new Set(tuples.map(formatTupleKey));
      expect(keys.size).toBe(tuples.length);
      stored.push(keys);
    }
    expect(stored.reduce((sum, { size }) => sum + size, 0)).toBe(work.tuples);
    expect(Math.abs(work.tuples - (3 * TUPLES + 345))).toBeLessThan(TUPLES);
    const changes = changesOf(work, 1_000);
    for (const change of changes) validateTuple(schema, change);
    expect(changes.filter((change) => stored[0]?.has(formatTupleKey(change)))).toEqual([]);
    expect(new Set(changes.map(formatTupleKey)).size).toBe(1_000);
  });

  it("puts the tuples of an object together, and those of a type", () => {
    const objects = [...make(TUPLES).generate()].map(({ objectType, objectId }) => `${objectType}:${objectId}`);
    const runs = objects.filter((object, index) => object !== objects[index - 1]);
    expect(new Set(runs).size).toBe(runs.length);
    const types = runs.map((object) => object.split(":")[0]);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([...new Set(types)]);
  });

  it("is the same at every call, and allows every second one", () => {
    const [work, again] = [make(TUPLES), make(TUPLES)];
    const asked = work.questions(QUESTIONS);
    expect(again.questions(QUESTIONS)).toEqual(asked);
    expect([0, 77, QUESTIONS - 1].map((index) => work.question(index))).toEqual([asked[0], asked[77], asked.at(-1)]);
    expect([...again.generate()]).toEqual([...work.generate()]);
    expect(changesOf(again, 20)).toEqual(changesOf(work, 20));
    expect(asked.filter(({ allowed }) => allowed).length / QUESTIONS).toBeCloseTo(0.5, 1);
    expect(asked.filter(({ tenant = 0 }) => tenant >= work.tenants)).toEqual([]);
  });
});
