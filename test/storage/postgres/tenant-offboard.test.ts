import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { waitersOf } from "./lock-waiters.ts";
import { openStore } from "./open.ts";
import { tracesOf } from "./tenant-traces.ts";
import { runTrust } from "./workload-trust.ts";

const AT_ONCE = { settleMs: 0 };

let database: TestDatabase;
let store: ServingStore;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, database, close } = await openStore());
});
afterAll(() => close());

/** A tenant with something in every table there is. */
async function filledTenant(): Promise<Tenant> {
  const tenant = await createTenant(store);
  const { id, slug } = tenant;
  await store.schemas.write(tenant, { text: "definition user {}", expectedVersion: 0, strands: [], origin: ORIGIN });
  const idempotency = { key: `key of ${slug}`, requestHash: "h" };
  const updates = Array.from({ length: 20 }, (_, at) => `create document:${slug}-${at}#viewer@user:anne`);
  await store.tuples.write(tenant, draft(updates, { schemaVersion: 1, idempotency }));
  await store.tuples.write(tenant, draft([`delete document:${slug}-1#viewer@user:anne`], { schemaVersion: 1 }));
  await runTrust(store.trust, tenant);
  const recorded = { event: "binding.put", origin: ORIGIN, details: {} } as const;
  const { bindings } = store.trust;
  const binding = { platform: false, scopes: ["check"], objects: [] } as const;
  const keyOf = (subject: string) => ({ issuer: "https://issuer.test", subject, name: "" });
  await bindings.put({ ...binding, key: keyOf(slug), tenants: [slug] }, () => {}, recorded);
  await bindings.put({ ...binding, key: keyOf("of two"), tenants: [slug, other.slug] }, () => {}, recorded);
  await addClient(tenant);
  const day = new Date().toISOString().slice(0, 10);
  await store.life.addCalls([{ tenantId: id, day, family: "check", calls: 3, lastCallAtMs: Date.now() }]);
  return tenant;
}

async function addClient({ id, slug }: Tenant): Promise<void> {
  const issued = { event: "token.issued", origin: ORIGIN, details: {} } as const;
  const about = { name: slug, grants: [], scopes: [], objects: [], secrets: [] };
  const client = { ...about, clientId: `client-${slug}`, tenantId: id, createdAtMs: NOW_MS, createdBy: "test" };
  const digest = () => randomBytes(32).toString("hex");
  await store.tokenService.createClient(client, { keyId: `k-${slug}`, sha256: digest() }, { max: 10 }, issued);
  const subject = { subject: "ann", subjectIssuer: "https://idp.test", subjectTokenId: undefined };
  const family = { familyId: `family-${slug}`, clientId: client.clientId, ...subject, subjectIssuedAtMs: NOW_MS };
  const times = { createdAtMs: NOW_MS, expiresAtMs: Date.now() + 60_000 };
  await store.tokenService.issue(
    id,
    { family: { ...family, ...times, scopes: [], objects: [], actor: {} }, sha256: digest() },
    issued,
  );
}

let other: Tenant;
beforeAll(async () => {
  other = await createTenant(store);
});

const textsOf = ({ id, slug }: Tenant) => [id, slug];
/** The row that keeps the slug from being given again, the record, the log of what changed, and the job. */
const KEPT = ["audit_chain", "audit_event", "tenant", "tenant_job", "trust_change"];

async function remove(tenant: Tenant): Promise<void> {
  await store.life.beginOffboard(tenant.id, ORIGIN);
  expect(await store.life.run(tenant.id, AT_ONCE)).toMatchObject({ kind: "offboard", stage: "done" });
}

async function partitions(bucket: number): Promise<readonly string[]> {
  const sql = "SELECT relname FROM pg_class WHERE relname IN ($1, $2) ORDER BY 1";
  const names = [`tuple_b${bucket}`, `revision_b${bucket}`];
  return withClient(database.owner, async (client) =>
    (await client.query<{ relname: string }>(sql, names)).rows.map(({ relname }) => relname),
  );
}

describe("removing a tenant", () => {
  it("leaves nothing of it in any table but the record, among others as in a partition of its own", async () => {
    const [shared, own] = [await filledTenant(), await filledTenant()];
    const before = await tracesOf(database, shared.id, textsOf(shared));
    expect([...before.keys()]).toEqual(
      expect.arrayContaining([
        "tuple",
        "revision",
        "api_token",
        "oauth_client",
        "refresh_family",
        "workload_binding",
        "schema_version",
        "idempotency",
        "tenant_usage",
      ]),
    );
    await store.life.beginMove(own.id, "own", ORIGIN);
    await store.life.run(own.id, AT_ONCE);
    const { bucket = 0 } = (await store.tenants.byId(own.id)) ?? {};
    expect(await partitions(bucket)).toHaveLength(2);
    for (const tenant of [shared, own]) {
      await remove(tenant);
      const left = [...(await tracesOf(database, tenant.id, textsOf(tenant))).keys()];
      expect(left.filter((table) => !KEPT.includes(table))).toEqual([]);
      expect(left).toEqual(expect.arrayContaining(["audit_event", "tenant"]));
      expect(await store.tenants.bySlug(tenant.slug)).toMatchObject({ state: "offboarded" });
    }
    expect(await partitions(bucket)).toEqual([]);
  });

  it("takes the tenant out of bindings that name others, and leaves those and their rows alone", async () => {
    const [gone, stays] = [await filledTenant(), await filledTenant()];
    const before = await tracesOf(database, stays.id, textsOf(stays));
    await remove(gone);
    const bindings = await store.trust.bindings.list({ limit: 100, issuer: "https://issuer.test" });
    expect(bindings.flatMap(({ tenants }) => tenants)).not.toContain(gone.slug);
    expect(bindings.filter(({ tenants }) => tenants.includes(stays.slug))).toHaveLength(2);
    expect(await tracesOf(database, stays.id, textsOf(stays))).toEqual(before);
  });

  it("goes on where it was left off, and keeps the record whole", async () => {
    const tenant = await filledTenant();
    await store.life.beginOffboard(tenant.id, ORIGIN);
    for (const stop of ["refuse", "clear", "forget"]) {
      const onStage = ({ stage }: { readonly stage: string }) => {
        if (stage === stop) throw new Error(`killed at ${stage}`);
      };
      await expect(store.life.run(tenant.id, { ...AT_ONCE, onStage })).rejects.toThrow();
      expect(await store.life.job(tenant.id)).toMatchObject({ stage: stop });
    }
    expect(await store.life.run(tenant.id, AT_ONCE)).toMatchObject({ stage: "done", removed: expect.any(Number) });
    const filter = { events: ["tenant.suspended", "tenant.offboarded"] } as const;
    const page = await store.audit.page(tenant.id, { filter, oldestFirst: true, limit: 10 });
    expect(page.events.map(({ event }) => event)).toEqual(["tenant.suspended", "tenant.offboarded"]);
  });

  it("stays whole when a process writes down late what it had counted and noted", async () => {
    const tenant = await filledTenant();
    const { id } = tenant;
    const [token] = await store.trust.apiTokens.list(id, {
      nowMs: 0,
      includeInactive: true,
      after: undefined,
      limit: 1,
    });
    const use = { keyId: token?.keyId ?? "", tenantId: id, atMs: Date.now(), address: "192.0.2.1" };
    const before = await tracesOf(database, id, textsOf(tenant));
    expect([before.has("api_token_use"), before.has("tenant_usage")]).toEqual([true, true]);
    await remove(tenant);
    await store.trust.apiTokenLookup.recordUses([use]);
    await store.life.addCalls([
      { tenantId: id, day: "2026-01-01", family: "check", calls: 1, lastCallAtMs: Date.now() },
    ]);
    const left = [...(await tracesOf(database, id, textsOf(tenant))).keys()];
    expect(left.filter((table) => !KEPT.includes(table))).toEqual([]);
  });

  it("takes a schema with the last two tenants that share it, also when they go at once", async () => {
    const schemaName = `shared-${randomBytes(4).toString("hex")}`;
    const slugs = [`${schemaName}-1`, `${schemaName}-2`];
    const ids: string[] = [];
    for (const slug of slugs) {
      const tenant = await store.tenants.create({ slug, schemaName }, ORIGIN);
      await store.schemas.write(tenant, {
        text: "definition user {}",
        expectedVersion: 0,
        strands: [],
        origin: ORIGIN,
      });
      await store.life.beginOffboard(tenant.id, ORIGIN);
      ids.push(tenant.id);
    }
    await withClient(database.maintenance, async (client) => {
      await client.query("BEGIN; SET LOCAL relata.registry = 'heads'");
      // Both have looked who else has the schema by the time that either of them goes.
      await client.query("SELECT FROM relata.tenant_head WHERE tenant_id = ANY ($1) FOR SHARE", [ids]);
      const running = ids.map((id) => store.life.run(id, AT_ONCE));
      await waitFor("both to wait", async () => (await waitersOf(client)) === 2);
      await client.query("COMMIT");
      expect((await Promise.all(running)).map((job) => job?.stage)).toEqual(["done", "done"]);
    });
    await withClient(database.owner, async (client) => {
      await client.query("BEGIN; ALTER TABLE relata.schema_version NO FORCE ROW LEVEL SECURITY");
      const { rowCount } = await client.query("SELECT FROM relata.schema_version WHERE name = $1", [schemaName]);
      await client.query("ROLLBACK");
      expect(rowCount).toBe(0);
    });
  });

  it("has no way back, and no other job beside it", async () => {
    const tenant = await filledTenant();
    await store.life.beginMove(tenant.id, "own", ORIGIN);
    await expect(store.life.beginOffboard(tenant.id, ORIGIN)).rejects.toMatchObject({ reason: "TENANT_STATE" });
    await store.life.run(tenant.id, AT_ONCE);
    await store.life.beginOffboard(tenant.id, ORIGIN);
    await expect(store.life.setState(tenant.id, "active", ORIGIN)).rejects.toMatchObject({ reason: "TENANT_STATE" });
    await expect(store.life.beginMove(tenant.id, "shared", ORIGIN)).rejects.toMatchObject({ reason: "TENANT_STATE" });
    await remove(tenant);
    await expect(store.tenants.create({ slug: tenant.slug }, ORIGIN)).rejects.toMatchObject({ kind: "already_exists" });
    await expect(store.tuples.write(tenant, draft(["touch document:1#viewer@user:anne"]))).rejects.toMatchObject({
      reason: "TENANT_NOT_FOUND",
    });
  });
});
