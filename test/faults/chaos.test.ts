import { expect, it } from "vitest";
import { runChaos } from "./chaos.ts";

it("loses nothing when relata, Postgres and writers are killed under writers and readers", async () => {
  const seed = Number(process.env["FAULT_SEED"] ?? Date.now() % 2 ** 31);
  console.log(`FAULT_SEED=${seed}`);
  const report = await runChaos(seed, 6);
  console.log(JSON.stringify(report));
  expect(report.problems).toEqual([]);
  expect(report.killed).toHaveLength(6);
  expect(report.acknowledged).toBeGreaterThan(60);
  expect(report.answeredReads).toBeGreaterThan(20);
}, 120_000);
