import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { draft, ORIGIN } from "../drafts.ts";

const AT_ONCE = { settleMs: 0 };

/** Every statement about the life of a tenant. The last ones that move rows are of a tenant whose partitions stay. */
export async function runLife(store: ServingStore, tenant: Tenant): Promise<void> {
  const { life } = store;
  await life.setState(tenant.id, "suspended", ORIGIN);
  await life.setState(tenant.id, "active", ORIGIN);
  const day = new Date().toISOString().slice(0, 10);
  await life.addCalls([{ tenantId: tenant.id, day, family: "check", calls: 1, lastCallAtMs: Date.now() }]);
  await life.usage(tenant, 30);
  await life.forgetCalls("2000-01-01");
  await life.forgetTrust(3_600_000);
  await life.unfinished(10);
  await life.job(tenant.id);
  const gone = await movedTenant(store, `${tenant.slug}-gone`);
  const key = { issuer: "https://issuer.test", subject: "gone", name: "" };
  const binding = { key, tenants: [gone.slug], platform: false, scopes: ["check"], objects: [] } as const;
  await store.trust.bindings.put(binding, () => {}, { event: "binding.put", origin: ORIGIN, details: {} });
  await life.beginOffboard(gone.id, ORIGIN);
  await life.run(gone.id, AT_ONCE);
  await movedTenant(store, `${tenant.slug}-moved`);
}

/** A tenant in a partition of its own, written at every stage of its way there. */
async function movedTenant(store: ServingStore, slug: string): Promise<Tenant> {
  const tenant = await store.tenants.create({ slug: `${slug}-${Date.now()}` }, ORIGIN);
  await store.tuples.write(tenant, draft(["create document:d7#viewer@user:u7"]));
  await store.life.beginMove(tenant.id, "own", ORIGIN);
  const onStage = async () => {
    await store.tuples.write(tenant, draft(["touch document:d8#viewer@user:u8", "delete document:d7#viewer@user:u7"]));
  };
  await store.life.run(tenant.id, { ...AT_ONCE, onStage });
  return (await store.tenants.byId(tenant.id)) ?? tenant;
}
