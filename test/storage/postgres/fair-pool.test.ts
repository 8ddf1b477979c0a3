import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/model/tenant.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { withClient } from "../../support/postgres-template.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft, NOW_MS } from "../drafts.ts";
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
