import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { startSpiceDb } from "../support/oracle-spicedb.ts";
import { openService } from "./service.ts";
import { compareWithSpiceDb } from "./spicedb-compare.ts";

const WORLDS = 40;
const ANSWERS = 5_000;

test(`the verbs and the real SpiceDB agree on ${ANSWERS} random questions`, { timeout: 120_000 }, async () => {
  const spicedb = await startSpiceDb();
  try {
    const service = openService(createMemoryStore({ now: () => NOW_MS }));
    const total = await compareWithSpiceDb(spicedb, service, WORLDS, 1_000_000);
    console.log("verbs against SpiceDB, 0 disagreements:", total);
    expect(total.check + total.lookupResources + total.lookupSubjects).toBeGreaterThanOrEqual(ANSWERS);
    expect(total.lookupSubjects).toBeGreaterThan(ANSWERS / 10);
    expect(total.allowed).toBeGreaterThan(ANSWERS / 20);
    expect(total.conditional).toBeGreaterThan(ANSWERS / 100);
  } finally {
    spicedb.close();
  }
});
