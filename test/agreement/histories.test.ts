import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { compareHistories } from "./histories.ts";
import { openMemory } from "./memory-modes.ts";
import { openService } from "./service.ts";

/** Past revisions leave memory soon: some of what is asked about them is answered from the store. */
const SHORT = { pollIntervalMs: 5, windowMs: 25 };

const IN_MEMORY = 12_000;
test(`${IN_MEMORY} answers at exact snapshots, while another process writes, are the oracle's`, {
  timeout: 120_000,
}, async () => {
  const store = createMemoryStore({ now: () => NOW_MS });
  const memory = openMemory(store, "resident", SHORT);
  try {
    const total = await compareHistories(openService(store, NOW_MS, memory), openService(store), IN_MEMORY, 6_000_000);
    console.log("histories, 0 disagreements:", total, memory.graphs);
    expect(total.past).toBeGreaterThan(IN_MEMORY);
    expect(memory.graphs.there).toBeGreaterThan(200);
    expect(memory.graphs.asked - memory.graphs.there).toBeGreaterThan(20);
  } finally {
    await memory.close();
  }
});

const OVER_POSTGRES = 2_000;
test(`${OVER_POSTGRES} answers at exact snapshots over Postgres, while another process writes, are the oracle's`, {
  timeout: 120_000,
}, async () => {
  await using database = await createTestDatabase();
  const [store, others] = [
    await createPostgresStore({ connection: database.app }),
    await createPostgresStore({ connection: database.app }),
  ];
  const memory = openMemory(store, "resident", { ...SHORT, pollIntervalMs: 50, windowMs: 100 });
  try {
    const [reader, writer] = [openService(store, NOW_MS, memory), openService(others)];
    const total = await compareHistories(reader, writer, OVER_POSTGRES, 7_000_000);
    console.log("histories over Postgres, 0 disagreements:", total, memory.graphs);
    expect(total.past).toBeGreaterThan(OVER_POSTGRES);
    expect(memory.graphs.there).toBeGreaterThan(20);
  } finally {
    await memory.close();
    await others.close();
    await store.close();
  }
});
