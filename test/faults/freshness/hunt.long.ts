import { expect, it } from "vitest";
import { huntStaleAnswers } from "./hunt.ts";

const SEED = Number(process.env["FAULT_SEED"] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env["FAULT_RUNS"] ?? 3);
/** Some minutes. */
const MISHAPS = Number(process.env["FAULT_MISHAPS"] ?? 100);

it.each(Array.from({ length: RUNS }, (_, run) => SEED + run))(
  "gives no stale answer in many mishaps: FAULT_SEED=%i",
  async (seed) => {
    const report = await huntStaleAnswers({ seed, mishaps: MISHAPS });
    console.log(`FAULT_SEED=${seed} ${JSON.stringify({ ...report, problems: report.problems.length })}`);
    expect(report.problems.slice(0, 5)).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(10 * MISHAPS);
  },
  1_800_000,
);
