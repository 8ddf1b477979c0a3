import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTrustFeed, type TrustFeed } from "../../../src/auth/trust-feed.ts";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = DAY_MS;

let database: TestDatabase;
let store: ServingStore;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, database, close } = await openStore());
});
afterAll(() => close());

/** Changes that were made so many days ago, one after the other. No process is told of them. */
async function addChanges(...daysAgo: readonly number[]): Promise<void> {
  await withClient(database.owner, async (client) => {
    await client.query("SELECT set_config('relata.registry', 'open', false)");
    for (const days of daysAgo) {
      await client.query("UPDATE relata.trust_head SET version = version + 1 WHERE one");
      const insert = `INSERT INTO relata.trust_change (version, kind, key, at)
        SELECT version, 'client', 'c', clock_timestamp() - make_interval(days => $1) FROM relata.trust_head`;
      await client.query(insert, [days]);
    }
  });
}

const changes = async () => {
  const { rows } = await withClient(database.owner, async (client) => {
    await client.query("SELECT set_config('relata.registry', 'trust', false)");
    return client.query<{ days: number }>(
      "SELECT extract(day FROM clock_timestamp() - at)::int AS days FROM relata.trust_change ORDER BY version",
    );
  });
  return rows.map(({ days }) => days);
};

const signal = () => AbortSignal.timeout(20_000);

/** Reads when it is asked to and not by itself. */
function feedOf(): TrustFeed {
  const log = { info: () => {}, warn: () => {} };
  const clock = { monotonic: () => performance.now(), now: Date.now };
  return createTrustFeed(store.trust.log, { ...clock, log, pollIntervalMs: 1_000_000, maxAgeMs: 1_000_000 });
}

describe("the log of trust", () => {
  it("forgets what is old but for the newest of it, from where everybody up to date then goes on", async () => {
    const [behind, current] = [feedOf(), feedOf()];
    try {
      await behind.start();
      await addChanges(9, 8, 7);
      await current.start();
      await addChanges(0, 0);
      await store.life.forgetTrust(KEEP_MS);
      expect(await changes()).toEqual([7, 0, 0]);
      await current.poll();
      expect(current.stats()).toMatchObject({ loads: 1, failures: 0 });
      // Who is further behind reads everything anew, and is where the others are.
      await behind.poll();
      expect(behind.stats()).toMatchObject({ loads: 2, failures: 0, logVersion: current.stats().logVersion });
    } finally {
      behind.close();
      current.close();
    }
  });

  it("keeps its last change however old", async () => {
    await addChanges(...Array.from({ length: 3 }, () => 3));
    await store.life.forgetTrust(KEEP_MS);
    expect(await changes()).toEqual([3]);
    const end = await store.trust.log.end(signal());
    expect(await store.trust.log.since(end, 10, signal())).toMatchObject({ continues: true, changes: [] });
  });

  it("forgets revocations that no token has needed for long, and no others", async () => {
    const revoke = async (daysAhead: number) => {
      const what = { kind: "token", tokenId: randomUUID() } as const;
      const revocation = {
        issuer: "https://idp.test",
        what,
        reason: "",
        obsoleteAtMs: Date.now() + daysAhead * DAY_MS,
      };
      const draft = { event: "jwt.revoked", origin: ORIGIN, details: {} } as const;
      return (await store.trust.revocations.revoke(revocation, draft)).id;
    };
    const ids = await Promise.all([-3, -2, -0.5, 1].map(revoke));
    await store.life.forgetTrust(KEEP_MS);
    const left = await store.trust.log.revocationsById(ids, signal());
    expect(new Set(left.map(({ id }) => id))).toEqual(new Set(ids.slice(2)));
  });
});
