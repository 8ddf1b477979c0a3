import { expect, test } from "vitest";
import { compareWithOracle } from "./random-checks.ts";

const CHECKS = 400_000;

test(`the solver and the naive oracle agree on ${CHECKS} random checks in memory`, { timeout: 120_000 }, async () => {
  const total = await compareWithOracle(CHECKS, 1);
  console.log("solver in memory against the oracle, 0 disagreements:", total);
  expect(total.checks).toBeGreaterThanOrEqual(CHECKS);
  // No answer may be rare, or agreement would mean little.
  expect(total.allowed).toBeGreaterThan(CHECKS / 10);
  expect(total.conditional).toBeGreaterThan(CHECKS / 50);
  expect(total.expiring).toBeGreaterThan(CHECKS / 50);
  expect(total.failed).toBeGreaterThan(CHECKS / 1_000);
});
