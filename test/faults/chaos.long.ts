import { expect, it } from "vitest";
import { runChaos } from "./chaos.ts";

const SEED = Number(process.env["FAULT_SEED"] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env["FAULT_RUNS"] ?? 5);
/** A minute or so, well within the ten minutes a test token lives. */
const KILLS = Number(process.env["FAULT_KILLS"] ?? 40);

it.each(Array.from({ length: RUNS }, (_, run) => SEED + run))(
  "loses nothing in many kills: FAULT_SEED=%i",
  async (seed) => {
    const report = await runChaos(seed, KILLS);
    console.log(`FAULT_SEED=${seed} ${JSON.stringify(report)}`);
    expect(report.problems).toEqual([]);
    expect(report.killed).toHaveLength(KILLS);
    expect(report.answeredReads).toBeGreaterThan(KILLS);
  },
  600_000,
);
