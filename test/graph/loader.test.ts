import { expect, test } from "vitest";
import { batchPart } from "../../src/graph/batch-part.ts";
import type { FollowedTenant } from "../../src/graph/followed-tenant.ts";
import type { TupleBatch } from "../../src/model/change.ts";
import type { Holding } from "../../src/model/residency.ts";
import { createTenant } from "../storage/drafts.ts";
import { createClock } from "../support/clock.ts";
import { waitFor } from "../support/wait.ts";
import { batchOf } from "./core-batch.ts";
import { createWorld, expectLikeStore, resident, stateOf, type World, writeTo } from "./residency-world.ts";

test("a fill that fails is tried again later, and requests go to the store meanwhile", async () => {
  const clock = createClock(0);
  await using world = await createWorld({ monotonic: clock.now });
  const { residency, store, tenant, wire } = world;
  await world.write("create document:a#viewer@user:anne");
  wire.broken.add("snapshot");
  const holding = residency.of(tenant);
  await waitFor("it has failed", () => residency.stats().loads.failed === 1);
  expect(stateOf(residency, tenant)).toBe("followed");
  await expectLikeStore(holding, store, tenant, 1, ["document:a"]);
  const { polls } = residency.stats().tail;
  await waitFor("rounds have gone by", () => residency.stats().tail.polls > polls + 5);
  expect(residency.stats().loads.failed).toBe(1);
  wire.broken.clear();
  clock.advance(5_000);
  await resident(residency, tenant);
  expect(residency.stats().loads).toMatchObject({ started: 2, finished: 1, failed: 1 });
});

test("a fill whose reads never answer is given up", async () => {
  await using world = await createWorld({ batchTimeoutMs: 20 });
  await world.write("create document:a#viewer@user:anne");
  world.wire.frozen.add("snapshot");
  world.residency.of(world.tenant);
  await waitFor("it has failed", () => world.residency.stats().loads.failed === 1);
  expect(stateOf(world.residency, world.tenant)).toBe("followed");
});

test("tenants are filled two at a time, the others wait for their turn", async () => {
  await using world = await createWorld({ maxLoads: 2 });
  const { residency, store, wire } = world;
  const tenants = await Promise.all(Array.from({ length: 6 }, () => createTenant(store)));
  for (const tenant of tenants) await writeTo(store, tenant, "create document:a#viewer@user:anne");
  const letGo = wire.hold("snapshot");
  for (const tenant of tenants) residency.of(tenant);
  await waitFor("two are being filled", () => wire.calls.snapshot === 2);
  await waitFor("all are followed", () => tenants.every(({ id }) => residency.known(id)?.applied !== undefined));
  expect(tenants.map((tenant) => stateOf(residency, tenant)).filter((state) => state === "loading")).toHaveLength(2);
  expect(wire.calls.snapshot).toBe(2);
  letGo();
  for (const tenant of tenants) await resident(residency, tenant);
});

test("a fill that ends while a page of changes is on its way misses none that are older than the page", async () => {
  await using world = await createWorld({ readTimeoutMs: 20_000 });
  const { residency, store, tenant, wire } = world;
  await world.write("create document:a#viewer@user:anne");
  const letSnapshotGo = wire.hold("snapshot");
  const holding = residency.of(tenant) as FollowedTenant;
  await waitFor("its tuples have been read", () => wire.calls.snapshot === 1 && holding.applied !== undefined);
  await world.write("delete document:a#viewer@user:anne");
  await waitFor("the tail is ahead of the fill", () => holding.applied?.revision === 2);
  const letPageGo = wire.hold("since");
  const { since } = wire.calls;
  await world.write("create document:a#viewer@user:ben");
  await waitFor("the page after revision 2 is on its way", () => wire.calls.since > since);
  letSnapshotGo();
  await waitFor("the fill has ended", () => holding.arriving?.sealed?.revision === 1);
  letPageGo();
  await resident(residency, tenant);
  await expectLikeStore(holding, store, tenant, 3, ["document:a"]);
  expect(world.lines.filter(({ level }) => level === "warn")).toEqual([]);
});

test("a tenant that starts over while it is filled is filled again, with the other history", async () => {
  await using world = await createWorld();
  const { residency, tenant, wire } = world;
  await world.write("create document:a#viewer@user:anne");
  await world.write("create document:a#viewer@user:ben");
  const letGo = wire.hold("snapshot");
  const holding = residency.of(tenant);
  await waitFor("it is being filled", () => wire.calls.snapshot === 1 && holding.applied !== undefined);
  await world.restore();
  await world.write("create document:a#viewer@user:eve");
  await waitFor("the other history is followed", () => holding.applied?.committedAtMs === world.headAtMs());
  letGo();
  await resident(residency, tenant);
  const [found] = await holding
    .source(1)
    .scanSubjects([{ objectType: "document", objectId: "a", relation: "viewer" }], 9);
  expect(found?.map(({ subjectId }) => subjectId)).toEqual(["eve"]);
});

/** Filled at revision 5; before anything else was known the database was restored, and is at revision 2. */
async function filledBeforeRestore(world: World) {
  const { residency, tenant, wire } = world;
  for (let n = 1; n <= 5; n += 1) await world.write(`create document:a#viewer@user:old${n}`);
  wire.broken.add("heads");
  const letSnapshotGo = wire.hold("snapshot");
  const holding = residency.of(tenant) as FollowedTenant;
  await waitFor("its tuples have been read", () => wire.calls.snapshot === 1);
  await world.restore();
  await world.write("create document:a#viewer@user:new1");
  await world.write("create document:a#viewer@user:new2");
  wire.broken.clear();
  await waitFor("the other history is followed", () => holding.applied?.revision === 2);
  expect(holding.arriving).toBeDefined();
  return { holding, letSnapshotGo };
}

async function expectNew(holding: Holding, revision: number): Promise<void> {
  const [found] = await holding
    .source(revision)
    .scanSubjects([{ objectType: "document", objectId: "a", relation: "viewer" }], 99);
  const expected = Array.from({ length: revision }, (_, n) => `new${n + 1}`);
  expect(found?.map(({ subjectId }) => subjectId)).toEqual(expected);
}

test("a fill of a history that is gone is not built upon when the new one passes by", async () => {
  await using world = await createWorld({ readTimeoutMs: 20_000 });
  const { holding, letSnapshotGo } = await filledBeforeRestore(world);
  const letPageGo = world.wire.hold("since");
  letSnapshotGo();
  await waitFor("the fill has ended", () => holding.arriving?.sealed?.revision === 5);
  for (let n = 3; n <= 7; n += 1) await world.write(`create document:a#viewer@user:new${n}`);
  letPageGo();
  await waitFor("all of it is taken in", () => holding.applied?.revision === 7);
  await resident(world.residency, world.tenant);
  await expectNew(holding, 7);
});

test("a fill of a history that is gone is noticed even if the new one never gets as far", async () => {
  await using world = await createWorld();
  const { holding, letSnapshotGo } = await filledBeforeRestore(world);
  const { since } = world.wire.calls;
  letSnapshotGo();
  await resident(world.residency, world.tenant);
  expect(world.wire.calls.since - since).toBeLessThan(20);
  await expectNew(holding, 2);
});

test("a part of a batch is a batch: the same tuples, the same traits", () => {
  const tuples = Array.from({ length: 10 }, (_, n) => ({
    objectType: "document",
    objectId: `d${n}`,
    relation: "viewer",
    subjectType: "user",
    subjectId: `u${n}`,
    subjectRelation: "",
    ...(n % 3 === 0 && { expiresAtMs: n }),
  }));
  const whole = batchOf(tuples);
  for (const [from, count] of [
    [0, 4],
    [4, 3],
    [7, 3],
  ] as const) {
    const expected = batchOf(tuples.slice(from, from + count));
    const part = batchPart(whole, from, count);
    expect(fieldsOf(part)).toEqual(fieldsOf(expected));
    expect(part.traits).toEqual(expected.traits);
  }
});

function fieldsOf({ count, bytes, bounds }: TupleBatch): string[] {
  return Array.from({ length: 6 * count }, (_, field) =>
    new TextDecoder().decode(bytes.subarray(bounds[2 * field], bounds[2 * field + 1])),
  );
}
