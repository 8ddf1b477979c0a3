import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../src/model/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { answerFromStore } from "../engine/answer-from-store.ts";
import type { Answerer } from "../engine/random-checks.ts";
import { solveInMemory } from "../engine/random-checks.ts";
import type { TestDatabase } from "../support/postgres.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { holdsEveryWay } from "./every-way.ts";
import { loadScenario } from "./scenario.ts";

/** SpiceDB's own integration scenarios, where they are at hand. */
const FOLDER = join(import.meta.dirname, "../../../shared/conformance/spicedb");
const isThere = existsSync(FOLDER);
const files = isThere ? readdirSync(FOLDER).filter((file) => file.endsWith(".yaml")) : [];
const scenarios = files.map((file) => ({
  file,
  scenario: loadScenario(readFileSync(join(FOLDER, file), "utf8"), file),
}));
const isPlain = ({ scenario: { schema } }: (typeof scenarios)[number]) =>
  schema.caveats.size === 0 &&
  !schema.members.some((member) => member.kind === "relation" && member.allowed.some(({ expiration }) => expiration));
const decidable = scenarios.filter(isPlain);

test("SpiceDB's scenarios are at hand", (context) => {
  if (!isThere) context.skip("../shared/conformance/spicedb is not at hand");
  const assertions = decidable.reduce((sum, { scenario }) => sum + scenario.assertions.length, 0);
  console.log(
    `${files.length} scenarios: ${decidable.length} without caveats or expiration (${assertions} assertions)`,
  );
  expect(decidable.length).toBeGreaterThanOrEqual(20);
});

describe.skipIf(!isThere)("SpiceDB's scenarios without caveats or expiration", () => {
  let database: TestDatabase;
  let store: Store;
  let answerOverPostgres: Answerer;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = await createPostgresStore({ connection: database.app });
    answerOverPostgres = answerFromStore(store).answer;
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test.each(decidable)("$file holds in memory", async ({ scenario }) => {
    expect(await holdsEveryWay(scenario, solveInMemory)).toBeGreaterThan(0);
  });

  test.each(decidable)("$file holds on Postgres", async ({ scenario }) => {
    expect(await holdsEveryWay(scenario, answerOverPostgres)).toBeGreaterThan(0);
  });
});
