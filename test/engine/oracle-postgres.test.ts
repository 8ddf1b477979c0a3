import { expect, test } from "vitest";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { answerFromStore } from "./answer-from-store.ts";
import { compareWithOracle } from "./random-checks.ts";

const CHECKS = 200_000;

test(`the solver and the naive oracle agree on ${CHECKS} random checks over Postgres`, {
  timeout: 120_000,
}, async () => {
  await using database = await createTestDatabase();
  const store = await createPostgresStore({ connection: database.app });
  try {
    const { answer, cost } = answerFromStore(store);
    const total = await compareWithOracle(answer, CHECKS, 2_000_000);
    console.log("solver over Postgres against the oracle, 0 disagreements:", { ...total, ...cost });
    expect(total.checks).toBeGreaterThanOrEqual(CHECKS);
    expect(total.allowed).toBeGreaterThan(CHECKS / 10);
  } finally {
    await store.close();
  }
});
