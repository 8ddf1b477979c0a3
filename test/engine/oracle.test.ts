import { expect, test } from "vitest";
import { compareWithOracle, solveInMemory } from "./random-checks.ts";

const CHECKS = 400_000;

test(`the solver and the naive oracle agree on ${CHECKS} random checks in memory`, { timeout: 120_000 }, async () => {
  const total = await compareWithOracle(solveInMemory, CHECKS, 1);
  console.log("solver in memory against the oracle, 0 disagreements:", total);
  expect(total.checks).toBeGreaterThanOrEqual(CHECKS);
  // Neither answer may be rare, or agreement would mean little.
  expect(total.allowed).toBeGreaterThan(CHECKS / 10);
});
