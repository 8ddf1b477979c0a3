import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RelataError } from "../../../src/errors.ts";
import type { ChangeHint, TupleBatch } from "../../../src/model/change.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { withClient } from "../../support/postgres-template.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft } from "../drafts.ts";
import { openStore } from "./open.ts";

const TUPLES = 300_000;

describe("a tenant of 300,000 tuples", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  beforeAll(async () => {
    opened = await openStore();
    tenant = await createTenant(opened.store);
    await withClient(opened.database.owner, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      await client.query(
        `INSERT INTO relata.tuple (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, created_rev)
          SELECT ${tenant.bucket}, '${tenant.id}'::uuid, 'document', 'd' || i, 'viewer', 'user', 'u' || i % 1000, '', 0
          FROM generate_series(1, ${TUPLES}) i`,
      );
      await client.query("COMMIT");
    });
  });
  afterAll(() => opened.close());

  /** Backends that copy, and whether they wait for their reader. Nobody but their own role sees it. */
  const copying = () =>
    withClient(opened.database.app, async (client) => {
      const { rows } = await client.query<{ pid: number; wait_event: string | null }>(
        `SELECT pid, wait_event FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE 'COPY %' AND state <> 'idle'`,
      );
      return rows;
    });
  const firstBatch = async (batches: AsyncIterable<TupleBatch>) => {
    const iterator = batches[Symbol.asyncIterator]();
    const { value } = await iterator.next();
    expect((value as TupleBatch).count).toBeGreaterThan(1000);
    return iterator;
  };

  it("is read whole, each tuple once", async () => {
    const cpu = process.cpuUsage();
    const startedAtMs = performance.now();
    const { batches } = await opened.store.changes.snapshot(tenant);
    let [count, bytes] = [0, 0];
    for await (const batch of batches) {
      count += batch.count;
      bytes += batch.bounds.at(-1) ?? 0;
    }
    const tookMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `snapshot: ${Math.round(count / (tookMs / 1000))} tuples/s, ${Math.round(count / ((user + system) / 1e6))} per second of this process's CPU`,
    );
    expect(count).toBe(TUPLES);
    expect(bytes).toBeGreaterThan(TUPLES * 20);
    expect(await opened.store.changes.count(tenant, 1e6)).toBe(TUPLES);
    expect(await opened.store.changes.count(tenant, 1000)).toBe(1000);
  });

  it("is read no faster than it is taken", async () => {
    const { batches } = await opened.store.changes.snapshot(tenant);
    const iterator = await firstBatch(batches);
    const isHeld = async () => (await copying())[0]?.wait_event === "ClientWrite";
    await waitFor("the server to wait for its reader", isHeld);
    // And goes on waiting: what nobody takes would be read in less time than these questions take.
    for (let round = 0; round < 10; round += 1) expect(await isHeld()).toBe(true);
    expect(((await iterator.next()).value as TupleBatch).count).toBeLessThan(10_000);
    await iterator.return?.();
    await waitFor("the copy to end", async () => (await copying()).length === 0);
  });

  it("is no longer read once its reader has left or the caller aborts", async () => {
    for await (const batch of (await opened.store.changes.snapshot(tenant)).batches) {
      expect(batch.count).toBeGreaterThan(0);
      break;
    }
    const abort = new AbortController();
    const iterator = await firstBatch((await opened.store.changes.snapshot(tenant, abort.signal)).batches);
    const late = new RelataError("DEADLINE_EXCEEDED", "too late");
    expect((await copying()).length).toBeGreaterThan(0);
    abort.abort(late);
    await expect(
      (async () => {
        while (!(await iterator.next()).done);
      })(),
    ).rejects.toBe(late);
    await waitFor("both copies to end", async () => (await copying()).length === 0);
  });

  it("whose connection is lost on the way is never taken for a smaller one", async () => {
    const iterator = await firstBatch((await opened.store.changes.snapshot(tenant)).batches);
    const [backend] = await copying();
    await withClient(opened.database.app, (client) => client.query("SELECT pg_terminate_backend($1)", [backend?.pid]));
    await expect(
      (async () => {
        while (!(await iterator.next()).done);
      })(),
    ).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  });
});

describe("a path to the database that swallows everything", () => {
  it("is given up: reads and snapshots fail or go on over a new connection", async () => {
    const opened = await openStore();
    await using proxy = await startTcpProxy({ ...opened.database.app });
    const through = { ...opened.database.app, host: "127.0.0.1", port: proxy.port };
    const limits = { readLanes: 2, silenceMs: 200, statementTimeoutMs: 400, connectTimeoutMs: 300 };
    const store = await createPostgresStore({ connection: through, ...limits });
    const tenant = await createTenant(store);
    const { batches } = await store.changes.snapshot(tenant);
    await Promise.all([store.revisions.head(tenant), store.revisions.head(tenant), store.changes.heads([tenant])]);
    const frozen = new Set(proxy.links().map(({ id }) => id));
    expect(frozen.size).toBeGreaterThanOrEqual(3);
    proxy.freeze({ where: ({ id }) => frozen.has(id) });
    const reads = [
      ...Array.from({ length: 8 }, () => store.revisions.head(tenant)),
      store.changes.heads([tenant]).then((heads) => heads.get(tenant.id)),
      store.changes.since(tenant, 0, 10).then(({ base }) => base),
    ];
    for (const head of await Promise.all(reads)) expect(head?.revision).toBe(0);
    await expect(batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    // Now new ones are swallowed too.
    proxy.freeze();
    await expect(store.revisions.head(tenant)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(store.changes.snapshot(tenant)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    proxy.thaw();
    expect((await store.revisions.head(tenant)).revision).toBe(0);
    await store.close();
    await opened.close();
  });
});

describe("a connection of the pool that swallows everything", () => {
  it("is given up once its reader has left", async () => {
    const opened = await openStore();
    await using proxy = await startTcpProxy({ ...opened.database.app });
    const through = { ...opened.database.app, host: "127.0.0.1", port: proxy.port };
    const store = await createPostgresStore({ connection: through, poolMax: 1, connectTimeoutMs: 20_000 });
    const tenant = await createTenant(store);
    const frozen = new Set(proxy.links().map(({ id }) => id));
    proxy.freeze({ where: ({ id }) => frozen.has(id) });
    const page = { revision: 0, nowMs: undefined, filter: {}, limit: 1 };
    await expect(store.tuples.page(tenant, page, AbortSignal.timeout(100))).rejects.toMatchObject({
      reason: "CANCELLED",
    });
    // The pool's only connection: 15 s would pass until the statement's own timeout.
    expect(await store.tuples.page(tenant, page)).toEqual([]);
    await store.close();
    await opened.close();
  }, 12_000);

  it("is given up by a write as well, which fails without having done anything", async () => {
    const opened = await openStore();
    await using proxy = await startTcpProxy({ ...opened.database.app });
    const through = { ...opened.database.app, host: "127.0.0.1", port: proxy.port };
    const store = await createPostgresStore({
      connection: through,
      poolMax: 1,
      silenceMs: 100,
      connectTimeoutMs: 20_000,
    });
    const tenant = await createTenant(store);
    const frozen = new Set(proxy.links().map(({ id }) => id));
    proxy.freeze({ where: ({ id }) => frozen.has(id) });
    const lost = draft(["create document:lost#viewer@user:anne"]);
    await expect(store.tuples.write(tenant, lost)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    const { head } = await store.tuples.write(tenant, draft(["create document:a#viewer@user:anne"]));
    expect(head.revision).toBe(1);
    await store.close();
    await opened.close();
  }, 12_000);
});

describe("a listener", () => {
  it("whose backend is killed says that news may be lost, and hears on", async () => {
    const opened = await openStore();
    const { store, database } = opened;
    const tenant = await createTenant(store);
    const heard: ChangeHint[] = [];
    const over = new AbortController();
    const lost = () => heard.filter(({ kind }) => kind === "lost").length;
    store.changes.listen((hint) => heard.push(hint), over.signal);
    await waitFor("the listener", () => lost() === 1);
    await withClient(database.app, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'",
      ),
    );
    await waitFor("the listener to be back", () => lost() === 2);
    const { head } = await store.tuples.write(tenant, draft(["create document:a#viewer@user:anne"]));
    await waitFor("the news", () => heard.some((hint) => hint.kind === "changed"));
    expect(heard.filter(({ kind }) => kind === "changed")).toEqual([
      { kind: "changed", tenantId: tenant.id, revision: head.revision },
    ]);
    over.abort();
    await opened.close();
  });

  it("hears the news of another process's store, many tenants together", async () => {
    const opened = await openStore();
    const announced: string[] = [];
    const other = await createPostgresStore({
      connection: { ...opened.database.app },
      observe: (flight) => announced.push(...flight.map(({ name }) => name)),
    });
    const tenants = await Promise.all(Array.from({ length: 160 }, () => createTenant(opened.store)));
    const heard = new Map<string, number>();
    const over = new AbortController();
    let isListening = false;
    opened.store.changes.listen((hint) => {
      if (hint.kind === "lost") isListening = true;
      else heard.set(hint.tenantId, hint.revision);
    }, over.signal);
    await waitFor("the listener", () => isListening);
    for (const [index, { id }] of tenants.entries()) other.changes.announce(id, index + 1);
    for (const { id } of tenants) other.changes.announce(id, 1);
    await waitFor("all news", () => heard.size === tenants.length);
    expect([...heard.values()].sort((a, b) => a - b)).toEqual(tenants.map((_, index) => index + 1));
    expect(announced.filter((name) => name === "announce_changes").length).toBe(2);
    over.abort();
    await other.close();
    await opened.close();
  });
});
