import { expect, test } from "vitest";
import { createTenant } from "../storage/drafts.ts";
import { createWorld, expectLikeStore, resident, stateOf, writeTo } from "./residency-world.ts";

test("a tenant that is used for the first time is followed, loaded and kept up to date", async () => {
  await using world = await createWorld();
  const { residency, store, tenant } = world;
  await world.write("create document:a#viewer@user:anne", "create document:a#viewer@group:eng#member");
  expect(residency.of(tenant).applied).toBeUndefined();
  const holding = await resident(residency, tenant);
  const second = await world.write("delete document:a#viewer@user:anne", "touch document:a#viewer@user:ben");
  expect(await holding.reach(second, 20_000)).toBe(true);
  expect(holding.applied?.revision).toBe(second);
  for (const revision of [1, second]) {
    expect(holding.graphAt(revision)).toBeDefined();
    await expectLikeStore(holding, store, tenant, revision, ["document:a"]);
  }
  expect(holding.graphAt(second + 1)).toBeUndefined();
  expect(holding.headAt(1)).toEqual(await store.revisions.at(tenant, 1));
});

test("a tenant that is changed while it is loaded misses none of it", async () => {
  await using world = await createWorld();
  const { residency, store, tenant, wire } = world;
  for (let n = 0; n < 20; n += 1) await world.write(`create document:a#viewer@user:u${n}`);
  const letGo = wire.hold("snapshot");
  const holding = residency.of(tenant);
  for (let n = 0; n < 10; n += 1) await world.write(`delete document:a#viewer@user:u${n}`);
  expect(await holding.reach(30, 20_000)).toBe(true);
  expect(stateOf(residency, tenant)).toBe("loading");
  await expectLikeStore(holding, store, tenant, 30, ["document:a"]);
  letGo();
  await resident(residency, tenant);
  for (const revision of [20, 25, 30]) await expectLikeStore(holding, store, tenant, revision, ["document:a"]);
  expect(world.lines.filter(({ level }) => level === "warn")).toEqual([]);
  expect(wire.calls.snapshot).toBe(1);
});

test("warm loads the tenants in the given order", async () => {
  await using world = await createWorld();
  const { residency, store } = world;
  const tenants = await Promise.all([createTenant(store), createTenant(store), createTenant(store)]);
  for (const tenant of tenants) await writeTo(store, tenant, "create document:a#viewer@user:anne");
  await residency.warm(tenants);
  for (const tenant of tenants) expect(stateOf(residency, tenant)).toBe("resident");
  const told = world.lines.filter(({ message }) => message === "a tenant is in memory");
  expect(told.map(({ fields }) => fields["tenantId"])).toEqual(tenants.map(({ id }) => id));
});
