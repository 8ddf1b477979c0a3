import { expect, it } from "vitest";
import { huntStaleAnswers } from "./hunt.ts";

it("gives no stale answer while nodes, Postgres, networks and clocks go wrong", async () => {
  const seed = Number(process.env["FAULT_SEED"] ?? Date.now() % 2 ** 31);
  console.log(`FAULT_SEED=${seed}`);
  const mishaps = ["tail frozen", "node killed", "clock jumps", "Postgres killed"] as const;
  const report = await huntStaleAnswers({ seed, mishaps });
  console.log(JSON.stringify({ ...report, problems: report.problems.length }));
  expect(report.problems.slice(0, 5)).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(30);
}, 120_000);
