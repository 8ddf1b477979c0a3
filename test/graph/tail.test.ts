import { expect, test } from "vitest";
import type { FollowedTenant } from "../../src/graph/followed-tenant.ts";
import { createTenant } from "../storage/drafts.ts";
import { createClock } from "../support/clock.ts";
import { waitFor } from "../support/wait.ts";
import { createWorld, expectLikeStore, resident, stateOf, type World, writeTo } from "./residency-world.ts";

const STARTED_OVER =
  "a tenant's history is not the one that was followed, as after restoring a backup; starting over with it";
const NEVER_MS = 1_000_000;

/** Polls only when told to, and its clock stands still. */
async function quietWorld() {
  const clock = createClock(1_000);
  const world = await createWorld({ monotonic: clock.now, pollIntervalMs: NEVER_MS, readTimeoutMs: 20_000 });
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  return { world, clock, holding };
}

test("what is confirmed is when the read began, however late its answer comes", async () => {
  const { world, clock, holding } = await quietWorld();
  await using _ = world;
  expect(holding.confirmedAtMs).toBe(1_000);
  const letGo = world.wire.hold("heads");
  clock.advance(10);
  world.wire.hint({ kind: "lost" });
  await waitFor("the heads are asked for", () => world.wire.calls.heads >= 2);
  clock.advance(500);
  letGo();
  await waitFor("the answer is here", () => holding.confirmedAtMs > 1_000);
  expect(holding.confirmedAtMs).toBe(1_010);
});

test("what is confirmed by changes is when their read began", async () => {
  const { world, clock, holding } = await quietWorld();
  await using _ = world;
  const letGo = world.wire.hold("since");
  clock.advance(10);
  const reached = holding.reach(2, 20_000);
  const before = world.wire.calls.since;
  await world.write("create document:a#viewer@user:ben");
  expect(world.wire.calls.since).toBe(before);
  clock.advance(500);
  letGo();
  expect(await reached).toBe(false);
  expect(holding.applied?.revision).toBe(1);
  expect(holding.confirmedAtMs).toBe(1_010);
  expect(await holding.reach(2, 20_000)).toBe(true);
  expect(holding.confirmedAtMs).toBe(1_510);
});

test("a head that was known when the changes were read confirms as of its own read", async () => {
  const { world, clock, holding } = await quietWorld();
  await using _ = world;
  await world.write("create document:a#viewer@user:ben");
  const head = await world.store.revisions.head(world.tenant);
  clock.advance(7);
  holding.learn(head, 1_007);
  await waitFor("the hint is taken up", () => holding.applied?.revision === 2);
  expect(holding.confirmedAtMs).toBeGreaterThanOrEqual(1_007);
});

test("a head older than what is here, by a read that began before, is passed over", async () => {
  const { world, clock, holding } = await quietWorld();
  await using _ = world;
  const old = await world.store.revisions.head(world.tenant);
  await world.write("create document:a#viewer@user:ben");
  clock.advance(10);
  expect(await holding.reach(2, 20_000)).toBe(true);
  const confirmedAtMs = holding.confirmedAtMs;
  holding.learn(old, 1_005);
  expect(holding.applied?.revision).toBe(2);
  expect(holding.confirmedAtMs).toBe(confirmedAtMs);
});

test("a head older than what is here, by a read that began after, means another history", async () => {
  const { world, clock, holding } = await quietWorld();
  await using _ = world;
  const old = await world.store.revisions.head(world.tenant);
  await world.write("create document:a#viewer@user:ben");
  expect(await holding.reach(2, 20_000)).toBe(true);
  clock.advance(1);
  holding.learn(old, clock.now());
  expect(holding.applied).toBeUndefined();
  expect(holding.graphAt(2)).toBeUndefined();
  expect(holding.headAt(2)).toBeUndefined();
  expect(holding.confirmedAtMs).toBe(Number.NEGATIVE_INFINITY);
  expect(world.lines.map(({ message }) => message)).toContain(STARTED_OVER);
});

async function restored(world: World, ...writes: readonly string[]): Promise<void> {
  const holding = await resident(world.residency, world.tenant);
  await world.restore();
  for (const update of writes) await world.write(update);
  await waitFor("it starts over", () => world.lines.some(({ message }) => message === STARTED_OVER));
  await waitFor(
    "the tenant is back",
    () => holding.applied?.revision === writes.length && holding.graphAt(writes.length),
  );
  const place = world.residency.of(world.tenant);
  expect(place).toBe(holding);
  const tuples = await holding
    .source(writes.length)
    .scanSubjects([{ objectType: "document", objectId: "a", relation: "viewer" }], 10);
  expect(tuples[0]?.map(({ subjectId }) => subjectId)).toEqual(writes.map((update) => update.split(":")[2]).sort());
}

test("a restored database that is behind is found out", async () => {
  await using world = await createWorld();
  await world.write("create document:a#viewer@user:anne");
  await world.write("create document:a#viewer@user:ben");
  await restored(world, "create document:a#viewer@user:eve");
});

test("a restored database with as many revisions is found out", async () => {
  await using world = await createWorld();
  await world.write("create document:a#viewer@user:anne");
  await restored(world, "create document:a#viewer@user:eve");
});

test("a restored database that has gone on further is found out", async () => {
  await using world = await createWorld();
  await world.write("create document:a#viewer@user:anne");
  await restored(world, "create document:a#viewer@user:eve", "create document:a#viewer@user:zoe");
});

test("reads that never answer hold up nothing", async () => {
  await using world = await createWorld({ readTimeoutMs: 20 });
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  world.wire.frozen.add("heads").add("since");
  const confirmedAtMs = holding.confirmedAtMs;
  await waitFor("several reads have been given up", () => world.residency.stats().tail.failures > 3);
  expect(holding.confirmedAtMs - confirmedAtMs).toBeLessThan(1_000);
  const stoppedAtMs = holding.confirmedAtMs;
  await waitFor("more reads have been given up", () => world.residency.stats().tail.failures > 5);
  expect(holding.confirmedAtMs).toBe(stoppedAtMs);
  expect(holding.graphAt(1)).toBeDefined();
  world.wire.frozen.clear();
  const revision = await world.write("create document:a#viewer@user:ben");
  await waitFor("it is taken in", () => holding.applied?.revision === revision);
  expect(holding.confirmedAtMs).toBeGreaterThan(stoppedAtMs);
});

test("reads that fail are told once, and again when they work", async () => {
  await using world = await createWorld();
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  world.wire.broken.add("heads").add("since");
  await waitFor("several have failed", () => world.residency.stats().tail.failures > 4);
  const warnings = () => world.lines.filter(({ level }) => level === "warn").length;
  expect(warnings()).toBe(1);
  const revision = await world.write("create document:a#viewer@user:ben");
  world.wire.broken.clear();
  expect(await holding.reach(revision, 20_000)).toBe(true);
  expect(warnings()).toBe(1);
  expect(world.lines.at(-1)?.message).toContain("can be read again");
});

test("any number of waiters cost one read", async () => {
  const { world, holding } = await quietWorld();
  await using _ = world;
  await world.write("create document:a#viewer@user:ben");
  const before = world.wire.calls.since;
  const waiting = Array.from({ length: 1_000 }, () => holding.reach(2, 20_000));
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => true));
  // One that may have begun too early for those who came after, and one for these.
  expect(world.wire.calls.since - before).toBeLessThanOrEqual(2);
});

test("who waits leaves when aborted, when it took too long, and when the revision does not exist", async () => {
  const { world, holding } = await quietWorld();
  await using _ = world;
  world.wire.frozen.add("since");
  const control = new AbortController();
  const waiting = holding.reach(2, 20_000, control.signal);
  control.abort();
  await expect(waiting).rejects.toMatchObject({ reason: "CANCELLED" });
  await expect(holding.reach(2, 20_000, control.signal)).rejects.toMatchObject({ reason: "CANCELLED" });
  expect(await holding.reach(2, 5)).toBe(false);
  expect(await holding.reach(1, 0)).toBe(true);
  expect(await holding.reach(2, 0)).toBe(false);
});

test("who waits for a revision that is not there is told as soon as that is certain", async () => {
  const { world, holding } = await quietWorld();
  await using _ = world;
  expect(await holding.reach(99, NEVER_MS)).toBe(false);
});

test("a hint is taken up at once, and one of a tenant that is not followed by nobody", async () => {
  const { world, holding } = await quietWorld();
  await using _ = world;
  const stranger = await createTenant(world.store);
  const revision = await world.write("create document:a#viewer@user:ben");
  const before = world.wire.calls.since;
  world.wire.hint({ kind: "changed", tenantId: stranger.id, revision: 5 });
  world.wire.hint({ kind: "changed", tenantId: world.tenant.id, revision: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(world.wire.calls.since).toBe(before);
  world.wire.hint({ kind: "changed", tenantId: world.tenant.id, revision });
  world.wire.hint({ kind: "changed", tenantId: world.tenant.id, revision });
  await waitFor("it is taken in", () => holding.applied?.revision === revision);
  expect(world.wire.calls.since - before).toBe(1);
  expect(world.residency.known(stranger.id)).toBeUndefined();
});

test("hints that keep coming are taken up together, but at once when somebody waits", async () => {
  await using world = await createWorld({ pollIntervalMs: NEVER_MS, hintSpacingMs: NEVER_MS, readTimeoutMs: 20_000 });
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  const hint = (revision: number) => world.wire.hint({ kind: "changed", tenantId: world.tenant.id, revision });
  hint(await world.write("create document:a#viewer@user:ben"));
  await waitFor("the first one is taken up", () => holding.applied?.revision === 2);
  const reads = world.wire.calls.since;
  hint(await world.write("create document:a#viewer@user:carl"));
  hint(await world.write("create document:a#viewer@user:dora"));
  // Behind a timer of the delay, had there been one: the read begins in its callback.
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(world.wire.calls.since).toBe(reads);
  expect(await holding.reach(4, 20_000)).toBe(true);
  expect(world.wire.calls.since).toBe(reads + 1);
});

test("after hints may have been lost everybody is asked about, idle or not", async () => {
  const clock = createClock(0);
  // Of idle tenants one is asked about in a round.
  const options = { idleAfterMs: 5, idlePollMs: NEVER_MS, pollIntervalMs: 5, budgetBytes: 0 };
  await using world = await createWorld({ monotonic: clock.now, ...options });
  const { residency, wire } = world;
  const tenants = await Promise.all(Array.from({ length: 40 }, () => createTenant(world.store)));
  const holdings = tenants.map((tenant) => residency.of(tenant) as FollowedTenant);
  await waitFor("all are known", () => holdings.every(({ applied }) => applied !== undefined));
  clock.advance(1_000);
  await waitFor("they are idle", () => holdings.every(({ awake }) => !awake));
  clock.advance(1_000);
  const before = wire.calls.heads;
  wire.hint({ kind: "lost" });
  await waitFor("all have been asked about", () => holdings.every(({ confirmedAtMs }) => confirmedAtMs === 2_000));
  expect(wire.calls.heads - before).toBeLessThan(10);
});

test("the newest revisions of many tenants are read together, those of idle ones seldom", async () => {
  const clock = createClock(0);
  await using world = await createWorld({
    monotonic: clock.now,
    pollIntervalMs: 5,
    idlePollMs: 50,
    idleAfterMs: 100,
    budgetBytes: 0,
  });
  const tenants = await Promise.all(Array.from({ length: 600 }, () => createTenant(world.store)));
  for (const tenant of tenants) world.residency.of(tenant);
  await waitFor("all are known", () => tenants.every(({ id }) => world.residency.known(id)?.applied !== undefined));
  const firstReads = world.wire.calls.heads;
  expect(firstReads).toBeLessThan(20);
  clock.advance(1_000);
  await waitFor("all are asked about", () =>
    tenants.every(({ id }) => world.residency.known(id)?.confirmedAtMs === 1_000),
  );
  // Ten rounds of a tenth each, and what was under way.
  expect(world.wire.calls.heads - firstReads).toBeGreaterThanOrEqual(10);
});

test("of tenants without end the longest unused are forgotten", async () => {
  await using world = await createWorld({ maxFollowed: 50, budgetBytes: 0 });
  const { residency, store } = world;
  const often = residency.of(world.tenant);
  const tenants = await Promise.all(Array.from({ length: 200 }, () => createTenant(store)));
  for (const tenant of tenants) {
    residency.of(tenant);
    residency.of(world.tenant);
    expect(residency.stats().tenants.length).toBeLessThanOrEqual(50);
  }
  expect(residency.of(world.tenant)).toBe(often);
  const first = tenants[0];
  expect(first && residency.known(first.id)).toBeUndefined();
});

test("who holds a tenant that was forgotten reads the store", async () => {
  await using world = await createWorld({ maxFollowed: 1 });
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  const source = holding.source(1);
  world.residency.of(await createTenant(world.store));
  expect(holding.applied).toBeUndefined();
  expect(holding.graphAt(1)).toBeUndefined();
  expect(await holding.reach(1, 20_000)).toBe(false);
  const need = {
    kind: "exact",
    objectType: "document",
    objectId: "a",
    relation: "viewer",
    subjectType: "user",
    subjectId: "anne",
    subjectRelation: "",
  } as const;
  expect((await source.read([need], 10))[0]).toHaveLength(1);
  await expectLikeStore(holding, world.store, world.tenant, 1, ["document:a"]);
});

test("what was read of a tenant is forgotten with it, and when it starts over", async () => {
  await using world = await createWorld({ budgetBytes: 0, maxFollowed: 1 });
  const { residency, store, tenant } = world;
  const read = async () => {
    const holding = residency.of(tenant);
    const applied = await waitFor("it is followed", () => holding.applied);
    const { revision } = applied;
    const need = { kind: "usersets", objectType: "document", objectId: "a", relation: "viewer" } as const;
    return (await holding.source(revision).read([need], 10))[0]?.map(({ subjectId }) => subjectId);
  };
  await world.write("create document:a#viewer@group:eng#member");
  expect(await read()).toEqual(["eng"]);
  expect(residency.stats().cache.entries).toBe(1);
  residency.of(await createTenant(store));
  expect(residency.stats().cache.entries).toBe(0);
  expect(await read()).toEqual(["eng"]);
  await world.restore();
  await world.write("create document:a#viewer@group:ops#member");
  await waitFor("it starts over", () => world.lines.some(({ message }) => message === STARTED_OVER));
  expect(await read()).toEqual(["ops"]);
});

test("after close nothing runs", async () => {
  const world = await createWorld();
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(world.residency, world.tenant);
  const other = await createTenant(world.store);
  await writeTo(world.store, other, "create document:a#viewer@user:anne");
  world.wire.hold("snapshot");
  world.residency.of(other);
  await waitFor("it is being loaded", () => stateOf(world.residency, other) === "loading");
  world.wire.frozen.add("since");
  const waiting = holding.reach(5, NEVER_MS);
  await world.residency.close();
  expect(await waiting).toBe(false);
  expect(world.wire.isListening).toBe(false);
  const calls = { ...world.wire.calls };
  const failures = world.lines.filter(({ level }) => level !== "debug");
  world.residency.of(world.tenant);
  world.wire.hint({ kind: "lost" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(world.wire.calls).toEqual(calls);
  expect(failures).toEqual([]);
  expect(world.residency.stats().residentBytes).toBe(0);
});
