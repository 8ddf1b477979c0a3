import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { compareWithOracle } from "../engine/random-checks.ts";
import { compareWalks, compareWalksInCircles } from "../engine/walk-compare.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { startSpiceDb } from "../support/oracle-spicedb.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { compareVerbs } from "./compare.ts";
import { compareHistories } from "./histories.ts";
import { MODES, openMemory } from "./memory-modes.ts";
import { answersIn } from "./room.ts";
import { openService } from "./service.ts";
import { compareWithSpiceDb } from "./spicedb-compare.ts";

/** Worlds never seen before: another seed every day, printed so that a failure can be repeated. */
const SEED = 10_000_000 + Math.floor(Date.now() / 86_400_000) * 100_000;

const SOLVER = 4_000_000;
test(`the solver agrees with the oracle on ${SOLVER} random checks`, { timeout: 1_800_000 }, async () => {
  const total = await compareWithOracle(SOLVER, SEED);
  console.log(`solver, from seed ${SEED}:`, total);
  expect(total.checks).toBeGreaterThanOrEqual(SOLVER);
});

const IN_MEMORY = 2_000_000;
test(`every verb agrees with the oracle on ${IN_MEMORY} random questions in memory`, {
  timeout: 1_800_000,
}, async () => {
  // A store of its own for every part: the reference store forgets nothing.
  let answers = 0;
  for (let part = 0; answers < IN_MEMORY; part++) {
    const service = openService(createMemoryStore({ now: () => NOW_MS }));
    const { tally, ...total } = await compareVerbs(service, 100_000, SEED + part * 3_000);
    console.log(`in memory, from seed ${SEED + part * 3_000}:`, total, tally);
    answers += answersIn(tally);
  }
  expect(answers).toBeGreaterThanOrEqual(IN_MEMORY);
});

const WALKS = 3_000_000;
test(`the walker agrees with the oracle on ${WALKS} random checks, and as many in circles`, {
  timeout: 1_800_000,
}, () => {
  console.log(`walker, from seed ${SEED}:`, compareWalks(WALKS, SEED), compareWalksInCircles(WALKS, SEED));
});

const IN_EACH_MODE = 300_000;
test.each(MODES)(
  `every verb agrees with the oracle on ${IN_EACH_MODE} random questions, %s`,
  {
    timeout: 1_800_000,
  },
  async (mode) => {
    for (let part = 0; part < 3; part++) {
      const store = createMemoryStore({ now: () => NOW_MS });
      const memory = openMemory(store, mode);
      const from = SEED + part * 3_000;
      try {
        const { tally, ...total } = await compareVerbs(openService(store, NOW_MS, memory), IN_EACH_MODE / 3, from);
        console.log(`${mode}, from seed ${from}:`, total, tally, memory.graphs);
      } finally {
        await memory.close();
      }
    }
  },
);

const IN_THE_PAST = 300_000;
test(`${IN_THE_PAST} answers at exact snapshots, while another process writes, are the oracle's`, {
  timeout: 1_800_000,
}, async () => {
  for (let part = 0; part < 3; part++) {
    const store = createMemoryStore({ now: () => NOW_MS });
    const memory = openMemory(store, "resident", { pollIntervalMs: 5, windowMs: 25 });
    const [reader, writer] = [openService(store, NOW_MS, memory), openService(store)];
    const from = SEED + part * 10_000;
    try {
      const total = await compareHistories(reader, writer, IN_THE_PAST / 3, from);
      console.log(`histories, from seed ${from}:`, total, memory.graphs);
    } finally {
      await memory.close();
    }
  }
});

const OVER_POSTGRES = 200_000;
test(`every verb agrees with the oracle on ${OVER_POSTGRES} random questions over Postgres`, {
  timeout: 1_800_000,
}, async () => {
  await using database = await createTestDatabase();
  const store = await createPostgresStore({ connection: database.app });
  try {
    const { tally, ...total } = await compareVerbs(openService(store), OVER_POSTGRES, SEED);
    console.log(`over Postgres, from seed ${SEED}:`, total, tally);
    expect(answersIn(tally)).toBeGreaterThanOrEqual(OVER_POSTGRES);
  } finally {
    await store.close();
  }
});

const AGAINST_SPICEDB = 50_000;
test(`every verb agrees with the real SpiceDB on ${AGAINST_SPICEDB} random questions`, {
  timeout: 1_800_000,
}, async () => {
  let answers = 0;
  for (let part = 0; answers < AGAINST_SPICEDB; part++) {
    const spicedb = await startSpiceDb();
    try {
      const service = openService(createMemoryStore({ now: () => NOW_MS }));
      const total = await compareWithSpiceDb(spicedb, service, 40, SEED + part * 1_000);
      console.log(`against SpiceDB, from seed ${SEED + part * 1_000}:`, total);
      answers += total.check + total.lookupResources + total.lookupSubjects;
    } finally {
      spicedb.close();
    }
  }
  expect(answers).toBeGreaterThanOrEqual(AGAINST_SPICEDB);
});
