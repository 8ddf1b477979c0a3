import { expect, it } from "vitest";
import type { JobStage } from "../../../src/model/tenant-life.ts";
import { createRandom } from "../random.ts";
import { createMoveFleet } from "./fleet.ts";
import { runMove } from "./move.ts";

const STAGES: readonly JobStage[] = ["prepare", "copy", "follow", "mirror", "clear"];

it("loses nothing and answers nothing wrong when a tenant is moved under load and movers are killed", async () => {
  const seed = Number(process.env["FAULT_SEED"] ?? Date.now() % 2 ** 31);
  console.log(`FAULT_SEED=${seed}`);
  const kill = STAGES[createRandom(seed).below(STAGES.length)] ?? "copy";
  await using fleet = await createMoveFleet();
  const report = await runMove(fleet, { seed, kills: [kill], lateMs: 600, pauseMs: 8, aroundMs: 0, tuples: 5_500 });
  console.log(JSON.stringify(report));
  expect(report.problems).toEqual([]);
  expect(report.killed).toEqual([kill]);
  expect(report.writes).toBeGreaterThan(30);
  expect(report.reads).toBeGreaterThan(60);
});
