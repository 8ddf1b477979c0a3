import { readdirSync, readFileSync } from "node:fs";
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

const FOLDER = join(import.meta.dirname, "../../schema/cases");
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => ({ file, scenario: loadScenario(readFileSync(join(FOLDER, file), "utf8"), file) }));

describe("the project's own scenarios", () => {
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

  test("assert both answers", () => {
    expect(cases.length).toBeGreaterThanOrEqual(15);
    for (const { file, scenario } of cases) {
      expect(
        scenario.assertions.map(({ expected }) => expected),
        file,
      ).toContain(true);
      expect(
        scenario.assertions.map(({ expected }) => expected),
        file,
      ).toContain(false);
    }
  });

  test.each(cases)("$file holds in memory", async ({ scenario }) => {
    expect(await holdsEveryWay(scenario, solveInMemory)).toBeGreaterThan(0);
  });

  test.each(cases)("$file holds on Postgres", async ({ scenario }) => {
    expect(await holdsEveryWay(scenario, answerOverPostgres)).toBeGreaterThan(0);
  });
});
