import { expect, test } from "vitest";
import type { ResidentGraph } from "../../src/graph/resident-graph.ts";
import { createClock } from "../support/clock.ts";
import { waitFor } from "../support/wait.ts";
import { createWorld, expectLikeStore, resident } from "./residency-world.ts";

test("a revision stays in memory for as long as the window says after it was superseded, and no longer", async () => {
  const clock = createClock(0);
  await using world = await createWorld({ monotonic: clock.now, windowMs: 1_000 });
  const { residency, store, tenant } = world;
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(residency, tenant);
  clock.advance(5_000);
  await holding.reach(await world.write("touch document:a#viewer@user:ben"), 20_000);
  clock.advance(600);
  await holding.reach(await world.write("delete document:a#viewer@user:anne"), 20_000);
  clock.advance(300);
  const { polls } = residency.stats().tail;
  await waitFor("rounds have gone by", () => residency.stats().tail.polls > polls + 3);
  // The first one is long ago, but it was the newest until 900 ms ago.
  for (const revision of [1, 2, 3]) expect(holding.graphAt(revision)).toBeDefined();
  clock.advance(200);
  await waitFor("the first one leaves", () => holding.graphAt(1) === undefined);
  expect(holding.headAt(1)).toBeUndefined();
  expect(holding.headAt(2)).toBeDefined();
  for (const revision of [1, 2, 3]) await expectLikeStore(holding, store, tenant, revision, ["document:a"]);
  clock.advance(600);
  await waitFor("the second one leaves", () => holding.graphAt(2) === undefined);
  await waitFor("nothing is kept of either", () => (holding.graphAt(3) as ResidentGraph).versions === 0);
  await expectLikeStore(holding, store, tenant, 3, ["document:a"]);
});

test("who reads a revision goes on reading it when it leaves the window", async () => {
  const clock = createClock(0);
  await using world = await createWorld({ monotonic: clock.now, windowMs: 1_000 });
  const { residency, store, tenant } = world;
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(residency, tenant);
  const source = holding.source(1);
  await holding.reach(await world.write("delete document:a#viewer@user:anne"), 20_000);
  clock.advance(1_001);
  await waitFor("it leaves", () => holding.graphAt(1) === undefined);
  const scan = { objectType: "document", objectId: "a", relation: "viewer" };
  expect(await source.scanSubjects([scan], 10)).toEqual(await store.tuples.source(tenant, 1).scanSubjects([scan], 10));
});

test("a tenant of many changes has a shorter window", async () => {
  await using world = await createWorld({ maxVersions: 50, windowMs: 1_000_000 });
  const { residency, store, tenant } = world;
  await world.write("create document:a#viewer@user:anne");
  const holding = await resident(residency, tenant);
  for (let round = 0; round < 20; round += 1) {
    const updates = Array.from({ length: 10 }, (_, n) => `touch document:a#viewer@user:u${round}-${n}`);
    await holding.reach(await world.write(...updates), 20_000);
  }
  await waitFor("old revisions leave", () => holding.graphAt(15) === undefined);
  for (const revision of [16, 17, 21]) {
    expect(holding.graphAt(revision)).toBeDefined();
    await expectLikeStore(holding, store, tenant, revision, ["document:a"]);
  }
});

test("nothing of a revision of thousands of changes is seen before all of it, and others have their turn meanwhile", async () => {
  await using world = await createWorld();
  const { residency, store, tenant } = world;
  const all = Array.from({ length: 20_000 }, (_, n) => `create document:a#viewer@user:u${n}`);
  await world.write(...all);
  const holding = await resident(residency, tenant);
  const graph = holding.graphAt(1) as ResidentGraph;
  const revision = await world.write(...all.map((update) => update.replace("create", "delete")));
  const reached = holding.reach(revision, 20_000);
  let halfway = 0;
  while (holding.applied?.revision === 1) {
    if (graph.tuples > 0 && graph.tuples < 20_000) halfway += 1;
    expect(holding.graphAt(1)).toBe(graph);
    expect(holding.graphAt(revision)).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await reached).toBe(true);
  expect(halfway).toBeGreaterThan(2);
  expect(holding.graphAt(revision)).toBe(graph);
  await expectLikeStore(holding, store, tenant, revision, ["document:a"]);
});
