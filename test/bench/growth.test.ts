import { describe, expect, it } from "vitest";
import { CASES } from "../../bench/growth/cases.ts";
import { growthOf, MAX_GROWTH, measure, nameOf } from "../../bench/growth/measure.ts";

/** Counted work, so that a busy machine changes nothing; `npm run bench -- growth` measures the time as well. */
describe("twice the graph is at most twice the work", () => {
  it.each(CASES.map((growth) => ({ growth, name: nameOf(growth) })))("$name", async ({ growth }) => {
    const costs = [];
    for (const n of [500, 1_000, 2_000]) costs.push(await measure(growth, n));
    for (const { rounds, rows, nodes, n } of growthOf(costs)) {
      expect(Math.max(rounds, rows, nodes), `${n}`).toBeLessThanOrEqual(MAX_GROWTH);
      // What does not grow with the graph did not look at it.
      expect(rows, `${n}`).toBeGreaterThan(1.5);
    }
  });
});
