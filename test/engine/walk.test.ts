import { expect, test } from "vitest";
import { compareWalks, compareWalksInCircles } from "./walk-compare.ts";

const CHECKS = 100_000;

test(`the walker and the naive oracle agree on ${CHECKS} random checks`, { timeout: 120_000 }, () => {
  const total = compareWalks(CHECKS, 900_000);
  console.log("walker against the oracle, 0 disagreements:", total);
  expect(total.checks).toBeGreaterThanOrEqual(CHECKS);
  // A walker that always gives up never errs.
  expect(total.plain).toBeGreaterThan(CHECKS / 20);
  expect(total.plainUndecided).toBe(0);
  expect(total.undecided).toBeLessThan(CHECKS / 4);
  expect(total.allowed).toBeGreaterThan(CHECKS / 20);
});

const IN_CIRCLES = 50_000;

test(`the walker and the naive oracle agree on ${IN_CIRCLES} checks where everything leads in circles`, {
  timeout: 120_000,
}, () => {
  const total = compareWalksInCircles(IN_CIRCLES, 5_000_500);
  console.log("walker in circles, 0 disagreements:", total);
  expect(total.plainUndecided).toBe(0);
  expect(total.allowed).toBeGreaterThan(IN_CIRCLES / 20);
  expect(total.undecided).toBeGreaterThan(IN_CIRCLES / 50);
});
