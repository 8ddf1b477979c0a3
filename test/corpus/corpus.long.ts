import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTally } from "../agreement/room.ts";
import { openService, type Service } from "../agreement/service.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { everything, holdsEveryWay } from "./every-way.ts";
import { loadScenarios, OWN, SPICEDB } from "./scenario.ts";

/** Absolute expirations in scenarios lie before 2024 or after 2100. */
const NOW_MS = Date.parse("2030-01-01T00:00:00Z");
const SCENARIOS = [...loadScenarios(OWN), ...loadScenarios(SPICEDB)];

/** The everyday run asks part of it over Postgres, and part of it with contexts. */
describe.each(["memory", "Postgres"])("the whole cross product over %s", (kind) => {
  let service: Service;
  let close: () => Promise<void>;
  const tally = createTally();

  beforeAll(async () => {
    if (kind === "memory") {
      service = openService(createMemoryStore({ now: () => NOW_MS }), NOW_MS);
      close = async () => {};
      return;
    }
    const database = await createTestDatabase();
    const store = await createPostgresStore({ connection: database.app });
    service = openService(store, NOW_MS);
    close = async () => {
      await store.close();
      await database.drop();
    };
  });
  afterAll(async () => {
    console.log(`whole cross product over ${kind}, 0 disagreements:`);
    console.table(tally);
    await close();
  });

  test.each(SCENARIOS)("$file holds in every way", { timeout: 600_000 }, async ({ scenario }) => {
    await holdsEveryWay(scenario, service, everything(scenario), tally);
    expect(tally.check.calls).toBeGreaterThan(0);
  });
});
