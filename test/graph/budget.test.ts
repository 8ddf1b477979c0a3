import { expect, test } from "vitest";
import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { createTenant } from "../storage/drafts.ts";
import { createClock } from "../support/clock.ts";
import { waitFor } from "../support/wait.ts";
import { batchOf } from "./core-batch.ts";
import { createWorld, expectLikeStore, resident, stateOf, writeTo } from "./residency-world.ts";

async function filled(store: Store, tuples: number): Promise<Tenant> {
  const tenant = await createTenant(store);
  const updates = Array.from({ length: tuples }, (_, n) => `create document:d${n}#viewer@user:u${n}`);
  await writeTo(store, tenant, ...updates);
  return tenant;
}

/** What is set aside for a tenant however small it is. */
const ROOM = 16_384;

/** What a tenant of `filled` takes. */
function bytesOf(tuples: number): number {
  const graph = new ResidentGraph();
  const tuple = { objectType: "document", relation: "viewer", subjectType: "user", subjectRelation: "" };
  graph.load(batchOf(Array.from({ length: tuples }, (_, n) => ({ ...tuple, objectId: `d${n}`, subjectId: `u${n}` }))));
  return graph.bytes;
}

test("the tenant used longest ago leaves for one that is used now", async () => {
  const budgetBytes = 2.6 * (bytesOf(1_000) + ROOM);
  await using world = await createWorld({ budgetBytes, displaceIdleMs: 0 });
  const { residency, store } = world;
  const [a, b, c] = [await filled(store, 1_000), await filled(store, 1_000), await filled(store, 1_000)];
  await resident(residency, a);
  await resident(residency, b);
  const holding = residency.of(a);
  await resident(residency, c);
  expect([a, b, c].map((tenant) => stateOf(residency, tenant))).toEqual(["resident", "followed", "resident"]);
  expect(holding.graphAt(1)).toBeDefined();
  expect(residency.stats().evictions).toBe(1);
  await expectLikeStore(residency.of(b), store, b, 1, ["document:d1", "document:d999"]);
});

test("tenants that are in use are not pushed out by others", async () => {
  const clock = createClock(0);
  const budgetBytes = 1.6 * (bytesOf(1_000) + ROOM);
  await using world = await createWorld({ budgetBytes, displaceIdleMs: 1_000, monotonic: clock.now });
  const { residency, store } = world;
  const [a, b] = [await filled(store, 1_000), await filled(store, 1_000)];
  await resident(residency, a);
  residency.of(b);
  await waitFor("it is refused", () => residency.stats().loads.refused === 1);
  expect([a, b].map((tenant) => stateOf(residency, tenant))).toEqual(["resident", "followed"]);
  clock.advance(2_000);
  await resident(residency, b);
  expect(stateOf(residency, a)).toBe("followed");
});

test("the room of a tenant that is being loaded is taken", async () => {
  // 80 bytes a tuple is what is set aside before any size has been seen.
  const budgetBytes = 1.6 * (80 * 1_000 + ROOM);
  expect(bytesOf(1_000)).toBeLessThan(budgetBytes);
  await using world = await createWorld({ budgetBytes, maxLoads: 2 });
  const { residency, store, wire } = world;
  const [a, b] = [await filled(store, 1_000), await filled(store, 1_000)];
  const letGo = wire.hold("snapshot");
  residency.of(a);
  residency.of(b);
  await waitFor("one of them is refused", () => residency.stats().loads.refused === 1);
  expect(wire.calls.snapshot).toBe(1);
  letGo();
  await resident(residency, a);
  expect(stateOf(residency, b)).toBe("followed");
});

test("a tenant larger than the budget is told by counting, pushes nobody out, and is not counted again and again", async () => {
  await using world = await createWorld({ budgetBytes: bytesOf(1_000) + ROOM, displaceIdleMs: 0 });
  const { residency, store, wire } = world;
  const [small, large] = [await filled(store, 100), await filled(store, 5_000)];
  await resident(residency, small);
  residency.of(large);
  await waitFor("it is refused", () => residency.stats().loads.refused === 1);
  const counted = wire.calls.count;
  const { polls } = residency.stats().tail;
  await waitFor("rounds have gone by", () => {
    residency.of(large);
    return residency.stats().tail.polls > polls + 10;
  });
  expect(wire.calls.count).toBe(counted);
  expect(wire.calls.snapshot).toBe(1);
  expect([small, large].map((tenant) => stateOf(residency, tenant))).toEqual(["resident", "followed"]);
  expect(world.lines.filter(({ level }) => level === "warn")).toMatchObject([{ fields: { tenantId: large.id } }]);
  await expectLikeStore(residency.of(large), store, large, 1, ["document:d1", "document:d4999"]);
});

test("a tenant that turns out larger than it was estimated is given up, and remembered with its size", async () => {
  const clock = createClock(0);
  await using world = await createWorld({
    budgetBytes: 200_000,
    displaceIdleMs: 0,
    refusedForMs: 60_000,
    monotonic: clock.now,
  });
  const { residency, store, wire } = world;
  const tenant = await createTenant(store);
  const long = "x".repeat(900);
  await writeTo(
    store,
    tenant,
    ...Array.from({ length: 2_000 }, (_, n) => `create document:${long}${n}#viewer@user:u${n}`),
  );
  residency.of(tenant);
  await waitFor("it is given up", () => residency.stats().loads.refused === 1);
  expect(wire.calls.snapshot).toBe(1);
  expect(residency.stats().residentBytes).toBeLessThan(1_000);
  clock.advance(59_000);
  const { polls } = residency.stats().tail;
  await waitFor("rounds have gone by", () => {
    residency.of(tenant);
    return residency.stats().tail.polls > polls + 5;
  });
  expect(wire.calls.snapshot).toBe(1);
  clock.advance(2_000);
  await waitFor("it is tried again", () => {
    residency.of(tenant);
    return residency.stats().loads.refused === 2;
  });
});

test("tenants that grow push the least used out, and one that outgrows the budget leaves", async () => {
  const budgetBytes = 2.5 * (bytesOf(1_000) + ROOM);
  await using world = await createWorld({ budgetBytes, displaceIdleMs: 1_000_000 });
  const { residency, store } = world;
  const [a, b] = [await filled(store, 1_000), await filled(store, 1_000)];
  await resident(residency, a);
  const growing = await resident(residency, b);
  for (let round = 1; stateOf(residency, b) === "resident"; round += 1) {
    const updates = Array.from({ length: 200 }, (_, n) => `create document:d${n}#viewer@user:v${round}-${n}`);
    const revision = await writeTo(store, b, ...updates);
    expect(await growing.reach(revision, 20_000)).toBe(true);
    await waitFor("it is counted", () => residency.stats().residentBytes <= budgetBytes);
    if (stateOf(residency, b) !== "resident") expect(stateOf(residency, a)).toBe("followed");
    expect(round).toBeLessThan(50);
  }
  expect(residency.stats()).toMatchObject({ evictions: 2, residentBytes: 0 });
  await expectLikeStore(growing, store, b, 5, ["document:d1", "document:d199"]);
});

test("one that outgrows the budget at once takes nobody along", async () => {
  await using world = await createWorld({ budgetBytes: bytesOf(1_000) + 2 * ROOM, displaceIdleMs: 1_000_000 });
  const { residency, store } = world;
  const [a, b] = [await filled(store, 20), await filled(store, 100)];
  await resident(residency, a);
  const growing = await resident(residency, b);
  const updates = Array.from({ length: 5_000 }, (_, n) => `create document:d${n}#viewer@user:v${n}`);
  expect(await growing.reach(await writeTo(store, b, ...updates), 20_000)).toBe(true);
  await waitFor("it leaves", () => stateOf(residency, b) === "followed");
  expect(stateOf(residency, a)).toBe("resident");
});

test("thousands of small tenants visited in turn: what they take stays within the budget", async () => {
  const budgetBytes = 60 * (bytesOf(20) + ROOM);
  await using world = await createWorld({ budgetBytes, displaceIdleMs: 0, maxFollowed: 500 });
  const { residency, store } = world;
  const tenants: Tenant[] = [];
  for (let n = 0; n < 2_000; n += 1) tenants.push(await filled(store, 20));
  let most = 0;
  for (const tenant of tenants) {
    residency.of(tenant);
    most = Math.max(most, residency.stats().residentBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor("the last ones are resident", () => {
    const { residentBytes, loads } = residency.stats();
    most = Math.max(most, residentBytes);
    return loads.finished > 100;
  });
  expect(most).toBeLessThanOrEqual(budgetBytes);
  expect(most).toBeGreaterThan(budgetBytes / 2);
  const { tenants: held, evictions } = residency.stats();
  expect(held.length).toBe(500);
  expect(evictions).toBeGreaterThan(0);
  await waitFor("all that is counted is there", () => {
    const { residentBytes, tenants: now } = residency.stats();
    return residentBytes === now.reduce((bytes, tenant) => bytes + tenant.bytes, 0);
  });
});

test("without a budget nobody is loaded, and everybody is followed", async () => {
  await using world = await createWorld({ budgetBytes: 0 });
  const revision = await world.write("create document:a#viewer@user:anne");
  const holding = world.residency.of(world.tenant);
  await waitFor("it is followed", () => holding.applied?.revision === revision);
  expect(world.wire.calls.count + world.wire.calls.snapshot).toBe(0);
  await expectLikeStore(holding, world.store, world.tenant, revision, ["document:a"]);
});
