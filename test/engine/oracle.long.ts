import { expect, test } from "vitest";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { startSpiceDb } from "../support/oracle-spicedb.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { answerFromStore } from "./answer-from-store.ts";
import { compareWithOracle, solveInMemory } from "./random-checks.ts";
import { compareWithSpiceDb } from "./spicedb-checks.ts";

/** Worlds never seen before: another seed every day, printed so that a failure can be repeated. */
const SEED = 10_000_000 + Math.floor(Date.now() / 86_400_000) * 100_000;

const IN_MEMORY = 5_000_000;
test(`agrees with the oracle on ${IN_MEMORY} random checks in memory`, { timeout: 900_000 }, async () => {
  const total = await compareWithOracle(solveInMemory, IN_MEMORY, SEED);
  console.log(`in memory, from seed ${SEED}:`, total);
  expect(total.checks).toBeGreaterThanOrEqual(IN_MEMORY);
});

const OVER_POSTGRES = 1_000_000;
test(`agrees with the oracle on ${OVER_POSTGRES} random checks over Postgres`, { timeout: 900_000 }, async () => {
  await using database = await createTestDatabase();
  const store = await createPostgresStore({ connection: database.app });
  try {
    const { answer, cost } = answerFromStore(store);
    const total = await compareWithOracle(answer, OVER_POSTGRES, SEED);
    console.log(`over Postgres, from seed ${SEED}:`, { ...total, ...cost });
    expect(total.checks).toBeGreaterThanOrEqual(OVER_POSTGRES);
  } finally {
    await store.close();
  }
});

const AGAINST_SPICEDB = 20_000;
test(`agrees with the real SpiceDB on ${AGAINST_SPICEDB} random checks`, { timeout: 900_000 }, async () => {
  let checks = 0;
  for (let part = 0; checks < AGAINST_SPICEDB; part++) {
    const spicedb = await startSpiceDb();
    try {
      const total = await compareWithSpiceDb(spicedb, 4_000, SEED + part * 1_000);
      console.log(`against SpiceDB, from seed ${SEED + part * 1_000}:`, total);
      checks += total.checks;
    } finally {
      spicedb.close();
    }
  }
  expect(checks).toBeGreaterThanOrEqual(AGAINST_SPICEDB);
});
