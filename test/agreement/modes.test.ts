import { describe, expect, test } from "vitest";
import type { ResidencyStats } from "../../src/model/residency.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { compareVerbs } from "./compare.ts";
import { type Memory, MODES, type Mode, openMemory } from "./memory-modes.ts";
import { openService } from "./service.ts";

const ANSWERS = 10_000;

/** A call asks for one graph or its entries and gives ten answers on average: twice what must have come from memory. */
const FROM_MEMORY = ANSWERS / 20;

/** That answers came from where the mode has them come from. */
const CAME_FROM: Readonly<Record<Mode, (memory: Memory, stats: ResidencyStats) => void>> = {
  resident: ({ graphs }, { tenants }) => {
    expect(graphs.asked).toBeGreaterThan(FROM_MEMORY);
    expect(graphs.there).toBe(graphs.asked);
    expect(tenants.every(({ state }) => state === "resident")).toBe(true);
  },
  loading: ({ graphs }, { tenants, cache }) => {
    expect(graphs.there).toBe(0);
    expect(tenants.filter(({ state, tuples }) => state === "loading" && tuples > 0).length).toBeGreaterThan(10);
    expect(cache.hits).toBeGreaterThan(FROM_MEMORY);
  },
  ten_entries: ({ graphs }, { cache }) => {
    expect(graphs.there).toBe(0);
    expect(cache.entries).toBe(10);
    expect(cache.hits).toBeGreaterThan(FROM_MEMORY);
    expect(cache.misses).toBeGreaterThan(FROM_MEMORY);
  },
};

describe.each(MODES)("%s", (mode) => {
  test(`every verb and the naive oracle agree on ${ANSWERS} random questions`, { timeout: 240_000 }, async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    const memory = openMemory(store, mode);
    try {
      const { tally, ...total } = await compareVerbs(openService(store, NOW_MS, memory), ANSWERS, 5_000_000);
      const { tenants: _, ...stats } = memory.stats();
      console.log(`verbs, ${mode}, against the oracle, 0 disagreements:`, total, memory.graphs, stats);
      console.table(tally);
      for (const { answers } of Object.values(tally)) expect(answers).toBeGreaterThan(ANSWERS / 100);
      CAME_FROM[mode](memory, memory.stats());
    } finally {
      await memory.close();
    }
  });
});
