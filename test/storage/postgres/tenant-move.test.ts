import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { Bound } from "../../../src/storage/postgres/statement.ts";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";
import { rowsOf } from "./tenant-rows.ts";

const AT_ONCE = { settleMs: 0 };

let database: TestDatabase;
let store: ServingStore;
const sent: (flight: readonly Bound[]) => void = () => undefined;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, database, close } = await openStore({ observe: (flight) => sent(flight) }));
});
afterAll(() => close());

/** A tenant with live tuples, ended ones, and one that came back twice. */
async function written(): Promise<Tenant> {
  const tenant = await createTenant(store);
  for (const updates of [
    [
      "create document:1#viewer@user:anne",
      "create document:2#viewer@group:g#member",
      "create document:3#viewer@user:*",
    ],
    ["delete document:1#viewer@user:anne", "create document:1#viewer@user:bob"],
    ["create document:1#viewer@user:anne"],
    ["delete document:1#viewer@user:anne"],
    ["create document:1#viewer@user:anne", "touch document:2#viewer@group:g#member"],
  ])
    await store.tuples.write(tenant, draft(updates));
  return tenant;
}

async function move(tenant: Tenant, placement: "own" | "shared" = "own"): Promise<Tenant> {
  await store.life.beginMove(tenant.id, placement, ORIGIN);
  const job = await store.life.run(tenant.id, AT_ONCE);
  expect(job?.stage).toBe("done");
  const moved = await store.tenants.byId(tenant.id);
  if (moved === undefined) throw new Error("the tenant is gone");
  return moved;
}

/** What a reader with that address sees at every revision. */
async function historyAt(tenant: Tenant): Promise<readonly unknown[]> {
  const { revision: newest } = await store.revisions.head(tenant);
  const revisions = Array.from({ length: newest + 1 }, (_, revision) => revision);
  return Promise.all(
    revisions.map((revision) =>
      Promise.all([
        store.revisions.at(tenant, revision),
        store.tuples.page(tenant, { revision, nowMs: NOW_MS, filter: {}, limit: 1_000 }),
      ]),
    ),
  );
}

describe("moving a tenant", () => {
  it("takes its tuples and all of its history to a partition of its own, and nothing stays", async () => {
    const tenant = await written();
    const before = await rowsOf(database, tenant.id);
    const history = await historyAt(tenant);
    const moved = await move(tenant);
    expect(moved.bucket).toBeGreaterThanOrEqual(1000);
    const after = await rowsOf(database, tenant.id);
    expect([...after.tuples.keys(), ...after.revisions.keys()]).toEqual([moved.bucket, moved.bucket]);
    expect(after.tuples.get(moved.bucket)).toEqual(before.tuples.get(tenant.bucket));
    expect(after.revisions.get(moved.bucket)).toEqual(before.revisions.get(tenant.bucket));
    expect(await historyAt(moved)).toEqual(history);
    // It goes on from there, also for a caller who has not heard.
    const { head } = await store.tuples.write(tenant, draft(["create document:9#viewer@user:zoe"]));
    expect(head.revision).toBe(history.length);
  });

  it("tells the planner how much there is at the new place, before anybody looks there", async () => {
    const tenant = await written();
    const { bucket } = await move(tenant);
    const { tuples } = await rowsOf(database, tenant.id);
    const sql = "SELECT reltuples FROM pg_class WHERE oid = ('relata.tuple_b' || $1::int)::regclass";
    const known = await withClient(database.owner, async (client) => (await client.query(sql, [bucket])).rows[0]);
    expect(known.reltuples).toBe(tuples.get(bucket)?.length);
  });

  it("brings writes of every kind to both places until nobody has the old one, and to one place from then on", async () => {
    const tenant = await written();
    const { schemaVersion } = await store.revisions.head(tenant);
    await store.life.beginMove(tenant.id, "own", ORIGIN);
    const places = new Map<string, number>();
    let version = schemaVersion;
    const onStage = async ({ stage }: { readonly stage: string }) => {
      // With the address that the caller had all along.
      const idempotency = { key: `at ${stage}`, requestHash: "h" };
      const request = draft([`create document:${stage}#viewer@user:anne`, "touch document:7#viewer@user:anne"], {
        schemaVersion: version,
        idempotency,
      });
      const { head } = await store.tuples.write(tenant, request);
      expect(await store.tuples.write(tenant, request)).toMatchObject({ replayed: true, head });
      const filter = { objectType: "document", objectId: "7" };
      const { deleted } = await store.tuples.deleteMatching(tenant, {
        ...{ filter, preconditions: [], limit: 10, allowPartial: false, nowMs: NOW_MS, origin: ORIGIN },
      });
      expect(deleted).toBe(1);
      const text = `definition user {}\n// ${stage}`;
      const wrote = await store.schemas.write(tenant, { text, expectedVersion: version, strands: [], origin: ORIGIN });
      version = wrote.schemaVersion;
      const { tuples, revisions } = await rowsOf(database, tenant.id);
      places.set(stage, tuples.size);
      if (stage !== "mirror") return;
      const [old, own] = [...tuples.keys()].sort((a, b) => a - b);
      expect(tuples.get(own ?? -1)).toEqual(tuples.get(old ?? -1));
      expect(revisions.get(own ?? -1)).toEqual(revisions.get(old ?? -1));
    };
    await store.life.run(tenant.id, { ...AT_ONCE, onStage });
    expect(places).toEqual(
      new Map([
        ["prepare", 1],
        ["copy", 1],
        ["follow", 2],
        ["mirror", 2],
        ["clear", 2],
        ["done", 1],
      ]),
    );
    const moved = await store.tenants.byId(tenant.id);
    const { tuples } = await rowsOf(database, tenant.id);
    expect([...tuples.keys()]).toEqual([moved?.bucket]);
    expect(await historyAt(moved ?? tenant)).toHaveLength((await store.revisions.head(tenant)).revision + 1);
  });

  it("and back among the others, where the next move finds nothing in its way", async () => {
    const tenant = await written();
    const before = await rowsOf(database, tenant.id);
    const own = await move(tenant);
    const shared = await move(own, "shared");
    expect(shared.bucket).toBe(tenant.bucket);
    expect(await rowsOf(database, tenant.id)).toEqual(before);
    const again = await move(shared);
    expect(again.bucket).toBeGreaterThan(own.bucket);
  });
});
