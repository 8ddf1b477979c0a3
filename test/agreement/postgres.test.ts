import { expect, test } from "vitest";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { compareVerbs } from "./compare.ts";
import { openService } from "./service.ts";

/** Over memory it is far more, and far more over Postgres in agreement.long.ts. */
const ANSWERS = 5_000;

test(`every verb and the naive oracle agree on ${ANSWERS} random questions over Postgres`, {
  timeout: 240_000,
}, async () => {
  await using database = await createTestDatabase();
  const store = await createPostgresStore({ connection: database.app });
  try {
    const { tally, ...total } = await compareVerbs(openService(store), ANSWERS, 4_000_000);
    console.log("verbs over Postgres against the oracle, 0 disagreements:", total);
    console.table(tally);
    for (const { answers } of Object.values(tally)) expect(answers).toBeGreaterThan(ANSWERS / 100);
  } finally {
    await store.close();
  }
});
