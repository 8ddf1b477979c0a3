import { describe, expect, it } from "vitest";
import { createLogger } from "../../../src/log.ts";
import type { CallCount } from "../../../src/model/tenant-life.ts";
import { createCallTally } from "../../../src/service/tenant-life/call-tally.ts";

const DAY_MS = 86_400_000;
const FAMILIES = ["check", "write"];
const log = createLogger({ level: "silent", destination: { write: () => {} } });

/** Keeps what was added, one call after the other as `write` lets them. */
function tallyInto(kept: Map<string, number>, write: () => Promise<void>) {
  const addCalls = async (calls: readonly CallCount[]) => {
    const keys = calls.map(({ tenantId, day, family }) => `${tenantId} ${day} ${family}`);
    // As the statement does: of a row that is there twice it would change one a second time.
    if (new Set(keys).size < keys.length) throw new Error("a row twice in one statement");
    await write();
    for (const [at, { calls: number }] of calls.entries())
      kept.set(keys[at] ?? "", (kept.get(keys[at] ?? "") ?? 0) + number);
  };
  return createCallTally({ life: { addCalls }, families: FAMILIES, log, flushEveryMs: 3_600_000 });
}

const EACH_ONCE = {
  "a 1970-01-01 check": 1,
  "a 1970-01-02 check": 1,
  "b 1970-01-01 write": 1,
  "b 1970-01-02 write": 1,
};

describe("calls around midnight", () => {
  it("are all added up, also those counted while earlier ones are being written", async () => {
    const kept = new Map<string, number>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const tally = tallyInto(kept, () => promise);
    for (const [family, tenantId] of ["a", "b"].entries())
      for (const dayMs of [0, DAY_MS]) tally.count(tenantId, family, dayMs);
    resolve();
    await tally.close();
    expect(Object.fromEntries(kept)).toEqual(EACH_ONCE);
  });

  it("are all added up when the first write of them fails", async () => {
    const kept = new Map<string, number>();
    let tries = 0;
    const tally = tallyInto(kept, async () => {
      tries += 1;
      if (tries === 1) throw new Error("the database is away");
    });
    for (const [family, tenantId] of ["a", "b"].entries())
      for (const dayMs of [0, DAY_MS]) tally.count(tenantId, family, dayMs);
    await tally.close();
    await tally.close();
    expect(Object.fromEntries(kept)).toEqual(EACH_ONCE);
  });
});

it("calls of more tenants than are remembered are written early instead of being forgotten", async () => {
  const kept = new Map<string, number>();
  const tally = tallyInto(kept, async () => {});
  for (let at = 0; at < 10_100; at += 1) tally.count(`tenant ${at}`, 0, 0);
  await tally.close();
  expect(kept.size).toBe(10_100);
});
