import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTally, type Tally } from "../agreement/room.ts";
import { openService, type Service } from "../agreement/service.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { holdsEveryWay, SAMPLED, wholeProduct } from "./every-way.ts";
import { loadScenarios, OWN, SPICEDB } from "./scenario.ts";

/** Absolute expirations in scenarios lie before 2024 or after 2100. */
const NOW_MS = Date.parse("2030-01-01T00:00:00Z");

const own = loadScenarios(OWN);
const spicedb = loadScenarios(SPICEDB);

test("the project's own scenarios assert both answers", () => {
  expect(own.length).toBeGreaterThanOrEqual(45);
  for (const { file, scenario } of own) {
    const kinds = scenario.assertions.map(({ expected }) => expected);
    expect(kinds, file).toContain("allowed");
    expect(kinds, file).toContain("denied");
  }
});

test("SpiceDB's scenarios are at hand", (context) => {
  if (spicedb.length === 0) context.skip("../shared/conformance/spicedb is not at hand");
  expect(spicedb.length).toBeGreaterThanOrEqual(37);
  expect(spicedb.flatMap(({ scenario }) => scenario.assertions).length).toBeGreaterThanOrEqual(190);
});

describe("in memory", () => {
  let service: Service;
  const tally = createTally();
  beforeAll(() => {
    service = openService(createMemoryStore({ now: () => NOW_MS }), NOW_MS);
  });
  afterAll(() => report("in memory", tally));

  test.each([...own, ...spicedb])("$file holds in every way", async ({ scenario }) => {
    await holdsEveryWay(scenario, service, wholeProduct(scenario), tally);
  });
});

describe("over Postgres", () => {
  let service: Service;
  let close: () => Promise<void>;
  const tally = createTally();
  beforeAll(async () => {
    const database = await createTestDatabase();
    const store = await createPostgresStore({ connection: database.app });
    service = openService(store, NOW_MS);
    close = async () => {
      await store.close();
      await database.drop();
    };
  });
  afterAll(async () => {
    report("over Postgres", tally);
    await close();
  });

  test.each([...own, ...spicedb])("$file holds in every way", async ({ scenario }) => {
    await holdsEveryWay(scenario, service, [[{}, SAMPLED]], tally);
  });
});

function report(where: string, tally: Tally): void {
  console.log(`scenarios ${where}, 0 disagreements:`);
  console.table(tally);
}
