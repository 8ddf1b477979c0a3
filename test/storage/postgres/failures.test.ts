import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../../../src/model/store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { startEmbeddedPostgres } from "../../../src/storage/embedded/launch.ts";
import { migrate } from "../../../src/storage/postgres/migrate.ts";
import { enter } from "../../../src/storage/postgres/scope.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { openStore } from "./open.ts";

const READ = { revision: 0, nowMs: NOW_MS, filter: {}, limit: 1 };
const NEED = { kind: "usersets", objectType: "document", objectId: "a", relation: "viewer" } as const;

/** More look-ups than a lane takes. */
const longRead = (store: Store, tenant: Tenant, signal?: AbortSignal) => {
  const source = store.tuples.source(tenant, 0, signal);
  const each = <Value>(make: (id: string) => Value) => Array.from({ length: 600 }, (_, i) => make(`d${i}`));
  const scan = { objectType: "document", relation: "viewer" };
  return {
    read: () =>
      source.read(
        each((objectId) => ({ ...NEED, objectId })),
        10,
      ),
    scanSubjects: () =>
      source.scanSubjects(
        each((objectId) => ({ ...scan, objectId })),
        10,
      ),
    scanObjects: () =>
      source.scanObjects(
        each((subjectId) => ({ ...scan, subjectType: "user", subjectId })),
        10,
      ),
  };
};

describe("when the database does not answer", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  beforeAll(async () => {
    opened = await openStore();
    tenant = await createTenant(opened.store);
  });
  afterAll(() => opened.close());

  /** Runs `work` while nobody else can touch the tuples. */
  const whileLocked = (work: () => Promise<void>) =>
    withClient(opened.database.owner, async (client) => {
      await client.query("BEGIN; LOCK TABLE relata.tuple IN ACCESS EXCLUSIVE MODE");
      await work();
      await client.query("ROLLBACK");
    });
  const waiting = () =>
    withClient(opened.database.owner, async (client) => {
      const { rows } = await client.query(
        "SELECT count(*)::int AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = current_database()",
      );
      return rows[0].count as number;
    });
  const openWith = (options: object): Promise<Store> =>
    createPostgresStore({ connection: { ...opened.database.app }, ...options });

  it("a page whose caller leaves is cancelled in the server, and the store goes on", async () => {
    await whileLocked(async () => {
      const leaving = new AbortController();
      const page = opened.store.tuples.page(tenant, READ, leaving.signal);
      await waitFor("the page to wait", async () => (await waiting()) === 1);
      leaving.abort();
      await expect(page).rejects.toMatchObject({ reason: "CANCELLED" });
      await waitFor("the server to stop", async () => (await waiting()) === 0, 5_000);
    });
    expect(await opened.store.tuples.page(tenant, READ)).toEqual([]);
  });

  it("a solver's read whose caller leaves is answered at once", async () => {
    await whileLocked(async () => {
      const leaving = new AbortController();
      const read = opened.store.tuples.source(tenant, 0, leaving.signal).read([NEED], 1);
      await waitFor("the read to wait", async () => (await waiting()) === 1);
      leaving.abort();
      await expect(read).rejects.toMatchObject({ reason: "CANCELLED" });
    });
    expect(await opened.store.tuples.source(tenant, 0).read([NEED], 1)).toEqual([[]]);
  });

  it.each(["read", "scanSubjects", "scanObjects"] as const)(
    "a long %s whose caller leaves is cancelled in the server, and keeps no short read waiting",
    async (method) => {
      const oneLane = await openWith({ readLanes: 1 });
      await whileLocked(async () => {
        const leaving = new AbortController();
        const reading = longRead(oneLane, tenant, leaving.signal)[method]();
        await waitFor("the read to wait", async () => (await waiting()) === 1);
        expect((await oneLane.revisions.head(tenant)).schemaName).toBe(tenant.schemaName);
        leaving.abort();
        await expect(reading).rejects.toMatchObject({ reason: "CANCELLED" });
        await waitFor("the server to stop", async () => (await waiting()) === 0, 5_000);
      });
      expect((await longRead(oneLane, tenant)[method]()).flat()).toEqual([]);
      await oneLane.close();
    },
  );

  it("a cancel that comes before the statement has begun is repeated", async () => {
    // The abort comes with the flight still in this process: the server has seen nothing of it yet.
    for (let i = 0; i < 20; i += 1) {
      await whileLocked(async () => {
        const leaving = new AbortController();
        const reading = longRead(opened.store, tenant, leaving.signal).read();
        // Its turn and its connection take some ticks; then the flight is on its way.
        for (let tick = 0; tick < i; tick += 1) await Promise.resolve();
        leaving.abort();
        await expect(reading).rejects.toMatchObject({ reason: "CANCELLED" });
        await waitFor("the server to stop", async () => (await waiting()) === 0, 5_000);
      });
    }
  });

  it("in time, it is DEADLINE_EXCEEDED and never an empty answer", async () => {
    const hurried = await openWith({ statementTimeoutMs: 100 });
    await whileLocked(async () => {
      const late = { reason: "DEADLINE_EXCEEDED" };
      await expect(hurried.tuples.page(tenant, READ)).rejects.toMatchObject(late);
      await expect(hurried.tuples.source(tenant, 0).read([NEED], 1)).rejects.toMatchObject(late);
      await expect(hurried.tuples.write(tenant, draft(["create document:a#viewer@user:anne"]))).rejects.toMatchObject(
        late,
      );
    });
    expect((await hurried.tuples.write(tenant, draft([]))).head.revision).toBe(1);
    await hurried.close();
  });

  it("a process that stopped inside a write keeps its tenant for a limited time only", async () => {
    const other = await createTenant(opened.store);
    await withClient(opened.database.app, async (client) => {
      const lost = new Promise((resolve) => client.on("error", resolve));
      await client.query("BEGIN");
      const scope = enter({ kind: "tenant", tenantId: other.id }, 200);
      await client.query(scope.text, [...scope.values]);
      await client.query("SELECT FROM relata.tenant_head WHERE tenant_id = $1 FOR UPDATE", [other.id]);
      expect((await opened.store.tuples.write(other, draft([]))).head.revision).toBe(1);
      expect(await lost).toMatchObject({ code: "25P03" });
    });
  });

  it("a full pool is STORE_UNAVAILABLE, and leaks nothing", async () => {
    const small = await openWith({ poolMax: 1, connectTimeoutMs: 300 });
    await whileLocked(async () => {
      const first = small.tuples.page(tenant, READ, AbortSignal.timeout(1_000));
      await expect(small.tuples.page(tenant, READ)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
      await expect(first).rejects.toMatchObject({ reason: "CANCELLED" });
    });
    for (let i = 0; i < 5; i += 1) expect(await small.tuples.page(tenant, READ)).toEqual([]);
    await small.close();
  });

  it("connections that were ended by the server are replaced", async () => {
    await Promise.all(Array.from({ length: 8 }, () => opened.store.tuples.page(tenant, READ)));
    await withClient(opened.database.superuser ?? opened.database.owner, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'relata'",
      ),
    );
    await Promise.all(Array.from({ length: 8 }, () => opened.store.revisions.head(tenant)));
    await waitFor("a page", () =>
      opened.store.tuples.page(tenant, READ).then(
        () => true,
        () => false,
      ),
    );
    expect((await opened.store.tuples.write(await createTenant(opened.store), draft([]))).head.revision).toBe(1);
  });

  it("a closed store says so", async () => {
    const closed = await openWith({});
    await closed.revisions.head(tenant);
    await closed.close();
    await expect(closed.revisions.head(tenant)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(closed.tuples.write(tenant, draft([]))).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  });

  it("at the start, or under a wrong name, the store does not open", async () => {
    const unavailable = {
      reason: "STORE_UNAVAILABLE",
      message: "The database cannot be reached or is not ready; try again.",
    };
    for (const connection of [
      { host: "127.0.0.1", port: 1 },
      { host: "/nowhere" },
      { host: "no-such-host.invalid" },
      { database: "no_such_database" },
    ]) {
      await expect(openWith({ connection: { ...opened.database.app, ...connection } })).rejects.toMatchObject(
        unavailable,
      );
    }
  });

  it("a read whose connection breaks is asked once more, on a new one", async () => {
    const proxy = await startCuttingProxy(opened.database.app);
    const through = { ...opened.database.app, host: "127.0.0.1", port: proxy.port };
    const store = await openWith({ connection: through });
    for (const where of ["request", "answer"] as const) {
      proxy.cutNextCommit(where);
      expect((await store.revisions.head(tenant)).schemaName).toBe(tenant.schemaName);
    }
    await store.close();
    await proxy.close();
  });

  it.each([
    ["answer", true],
    ["request", false],
  ] as const)("a lost %s of a COMMIT is never success; the retry tells (applied: %s)", async (where, applied) => {
    const proxy = await startCuttingProxy(opened.database.app);
    const store = await openWith({ connection: { ...opened.database.app, host: "127.0.0.1", port: proxy.port } });
    const other = await createTenant(opened.store);
    const request = draft(["create document:a#viewer@user:anne"], { idempotency: { key: "k", requestHash: "h" } });
    proxy.cutNextCommit(where);
    await expect(store.tuples.write(other, request)).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
      message: expect.stringContaining("same idempotency key"),
      metadata: { outcome: "unknown" },
    });
    expect(await store.tuples.write(other, request)).toMatchObject({ replayed: applied, head: { revision: 1 } });
    expect((await store.revisions.head(other)).revision).toBe(1);
    await store.close();
    await proxy.close();
  });
});

describe("when Postgres stops and starts again", () => {
  it("the store fails in between, loses nothing and goes on", async () => {
    await using directory = await createTempDir();
    const start = () => startEmbeddedPostgres({ dataDir: join(directory.path, "pg"), durable: true });
    let server = await start();
    await migrate({ connection: { ...server.connection } });
    const store = await createPostgresStore({ connection: { ...server.connection, user: "relata_app" } });
    const tenant = await store.tenants.create({ slug: "survivor" }, ORIGIN);
    let acknowledged = 0;
    const writer = (async () => {
      for (let i = 0; ; i += 1) {
        const done = await store.tuples
          .write(
            tenant,
            draft([`create document:d${i}#viewer@user:anne`], { idempotency: { key: `k${i}`, requestHash: "h" } }),
          )
          .then(
            ({ head }) => head.revision,
            (error: { reason: string }) => error.reason,
          );
        if (typeof done === "string") return done;
        acknowledged = done;
      }
    })();
    await waitFor("some writes", () => acknowledged > 20);
    await server.stop();
    expect(await writer).toBe("STORE_UNAVAILABLE");
    await expect(store.revisions.head(tenant)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(store.ping()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(store.tuples.page(tenant, READ)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    server = await start();
    const head = await waitFor("the store to be back", () => store.revisions.head(tenant).catch(() => undefined));
    // The one write that was under way may have been committed.
    expect([acknowledged, acknowledged + 1]).toContain(head.revision);
    const retry = draft([`create document:d${acknowledged}#viewer@user:anne`], {
      idempotency: { key: `k${acknowledged}`, requestHash: "h" },
    });
    const again = await store.tuples.write(tenant, retry);
    expect(again).toMatchObject({ replayed: head.revision > acknowledged, head: { revision: acknowledged + 1 } });
    expect((await store.tuples.page(tenant, { ...READ, revision: acknowledged + 1, limit: 100_000 })).length).toBe(
      acknowledged + 1,
    );
    await store.close();
    await server.stop();
  });
});
