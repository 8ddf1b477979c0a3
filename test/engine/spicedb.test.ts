import { expect, test } from "vitest";
import { startSpiceDb } from "../support/oracle-spicedb.ts";
import { compareWithSpiceDb } from "./spicedb-checks.ts";

const CHECKS = 2_500;

test(`the solver and the real SpiceDB agree on ${CHECKS} random checks`, { timeout: 120_000 }, async () => {
  const spicedb = await startSpiceDb();
  try {
    const total = await compareWithSpiceDb(spicedb, CHECKS, 1_000_000);
    console.log("solver against SpiceDB, 0 disagreements:", total);
    expect(total.checks).toBeGreaterThanOrEqual(CHECKS);
    expect(total.allowed).toBeGreaterThan(CHECKS / 20);
  } finally {
    spicedb.close();
  }
});
