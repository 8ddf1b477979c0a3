import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/model/tenant.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { withClient } from "../../support/postgres-template.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

const POOL = 4;
const PAGE = { revision: 0, nowMs: NOW_MS, filter: {}, limit: 1 };

describe("the pool of connections", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  let busy: Tenant;
  let quiet: Tenant;
  const flights: string[] = [];
  beforeAll(async () => {
    opened = await openStore({
      poolMax: POOL,
      connectTimeoutMs: 1_500,
      observe: (flight) => void flights.push(...flight.map(({ name }) => name)),
    });
    busy = await createTenant(opened.store);
    quiet = await createTenant(opened.store);
  });
  afterAll(() => opened.close());

  /** Runs `work` while every write of the tenant has to wait. */
  const whileHeld = (tenant: Tenant, work: () => Promise<void>) =>
    withClient(opened.database.owner, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      await client.query("SELECT FROM relata.tenant_head WHERE tenant_id = $1 FOR UPDATE", [tenant.id]);
      await work();
      await client.query("ROLLBACK");
    });
  const write = (tenant: Tenant, id: number) =>
    opened.store.tuples.write(tenant, draft([`touch document:d${id}#viewer@user:anne`]));

  it("is not used up by the writes of one tenant: another one's go on, and all end in their turn", async () => {
    const ended: Promise<unknown>[] = [];
    await whileHeld(busy, async () => {
      for (let i = 0; i < 3 * POOL; i++) ended.push(write(busy, i));
      expect(await write(quiet, 0)).toMatchObject({ head: { revision: 1 } });
      expect(await opened.store.tuples.page(quiet, PAGE)).toEqual([]);
    });
    await Promise.all(ended);
    expect((await opened.store.revisions.head(busy)).revision).toBe(3 * POOL);
  });

  it("a write that does not get its turn in time says that it was not done", async () => {
    const before = (await opened.store.revisions.head(busy)).revision;
    await whileHeld(busy, async () => {
      const writes = Array.from({ length: 2 * POOL }, (_, i) => write(busy, i));
      const outcomes = Promise.allSettled(writes);
      const refused = await Promise.race(
        writes.map((one) =>
          one.then(
            () => undefined,
            (error: unknown) => error,
          ),
        ),
      );
      expect(refused).toMatchObject({ reason: "STORE_UNAVAILABLE", metadata: {} });
      void outcomes;
    });
    await waitFor(
      "the writes that had their turn",
      async () => (await opened.store.revisions.head(busy)).revision > before,
    );
    expect(await write(busy, 0)).toMatchObject({ replayed: false });
  });

  describe("for long reads", () => {
    const NEEDS = Array.from({ length: 600 }, (_, i) => {
      return { kind: "usersets" as const, objectType: "document", objectId: `${i}`, relation: "viewer" };
    });
    const read = (tenant: Tenant, signal?: AbortSignal) => opened.store.tuples.source(tenant, 0, signal).read(NEEDS, 1);
    const whileLocked = (work: (waiting: () => Promise<number>) => Promise<void>) =>
      withClient(opened.database.owner, async (client) => {
        await client.query("BEGIN; LOCK TABLE relata.tuple IN ACCESS EXCLUSIVE MODE");
        await work(async () => {
          const { rows } = await client.query("SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted");
          return rows[0].count;
        });
        await client.query("ROLLBACK");
      });

    it("gives one tenant a share, all of them together not all", async () => {
      const others = await Promise.all([1, 2, 3].map(() => createTenant(opened.store)));
      const writer = await createTenant(opened.store);
      const reads: Promise<unknown>[] = [];
      await whileLocked(async (waiting) => {
        for (let i = 0; i < 3 * POOL; i += 1) reads.push(read(busy));
        await waitFor("the busy tenant's read", async () => (await waiting()) === 1);
        for (const other of others) reads.push(read(other));
        await waitFor("two reads of others beside it", async () => (await waiting()) === 3);
        // The fourth connection is left for writes.
        const change = { text: "", expectedVersion: 0, strands: [], origin: ORIGIN };
        expect(await opened.store.schemas.write(writer, change)).toMatchObject({ schemaVersion: 1 });
        expect(await waiting()).toBe(3);
      });
      expect(await Promise.all(reads)).toEqual(reads.map(() => NEEDS.map(() => [])));
    });

    it("lets a caller leave the line at once, and never asks for what was waited for", async () => {
      await whileLocked(async (waiting) => {
        const first = read(busy).catch(() => undefined);
        await waitFor("the first read", async () => (await waiting()) === 1);
        const leaving = new AbortController();
        const second = read(busy, leaving.signal);
        flights.length = 0;
        leaving.abort();
        await expect(second).rejects.toMatchObject({ reason: "CANCELLED" });
        void first;
      });
      expect(await read(busy)).toEqual(NEEDS.map(() => []));
      expect(flights.filter((name) => name.startsWith("read_needs")).length).toBe(1);
    });

    it("tells who waited too long that reads are in the way", async () => {
      await whileLocked(async () => {
        const reads = [read(busy), read(busy)];
        const refused = await Promise.race(reads.map((one) => one.then(String, (error: unknown) => error)));
        expect(refused).toMatchObject({ reason: "STORE_UNAVAILABLE", message: expect.stringContaining("long reads") });
        void Promise.allSettled(reads);
      });
    });
  });

  it("a page whose caller left before there was a connection is never asked for", async () => {
    const narrow = await createPostgresStore({
      connection: { ...opened.database.app },
      poolMax: 1,
      observe: (flight) => void flights.push(...flight.map(({ name }) => name)),
    });
    try {
      await whileHeld(busy, async () => {
        const writing = narrow.tuples.write(busy, draft(["touch document:x#viewer@user:anne"])).catch(() => undefined);
        const leaving = new AbortController();
        const page = narrow.tuples.page(quiet, PAGE, leaving.signal);
        flights.length = 0;
        leaving.abort();
        await expect(page).rejects.toMatchObject({ reason: "CANCELLED" });
        void writing;
      });
      await narrow.tuples.write(quiet, draft(["touch document:y#viewer@user:anne"]));
      expect(flights.filter((name) => name.startsWith("tuple_page"))).toEqual([]);
    } finally {
      await narrow.close();
    }
  });
});
