import { describe, expect, it } from "vitest";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";
import { someOfEachKind, wrongByOracle, wrongBySolver } from "./known-answers.ts";

/** What workloads.test.ts asks, of more questions, and in worlds of several blocks, units and groups. */
describe.each(WORKLOAD_NAMES)("the workload %s, at length", { timeout: 300_000 }, (name) => {
  const make = WORKLOADS[name];

  it("knows the answers that the oracle finds", () => {
    const work = make(2_345);
    expect(wrongByOracle(work, someOfEachKind(work.questions(10_000), 4))).toEqual([]);
  });

  it("knows what the solver finds, of 20,000 questions over 50,000 tuples", async () => {
    const work = make(50_000);
    const asked = work.questions(20_000);
    // Of 1,000 tenants a half: each has a store.
    expect(
      await wrongBySolver(work, work.tenants > 1 ? asked.filter(({ tenant = 0 }) => tenant < 500) : asked),
    ).toEqual([]);
  });

  it("has the tuples it says at 1,000,000", () => {
    const work = make(1_000_000);
    let count = 0;
    for (let tenant = 0; tenant < work.tenants; tenant += 1) for (const _ of work.generate(tenant)) count += 1;
    expect(count).toBe(work.tuples);
  });
});
