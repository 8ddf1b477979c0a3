import { expect, test } from "vitest";
import type { Holding } from "../../src/model/residency.ts";
import type { Revision } from "../../src/model/revision.ts";
import { pick, type Random, seeded } from "../support/random.ts";
import { createWorld, expectLikeStore, type World } from "./residency-world.ts";

/** What the database has gone through: for each of its lives, when each revision had been committed. */
interface Life {
  readonly committedAtMs: number;
  readonly endedAtMs: number[];
  readonly writtenAtMs: number[];
}

const OBJECTS = ["document:a", "document:b", "group:c"];
const STEPS = 250;

/** Late, overtaken, lost and failed answers. */
function weatherOf(random: Random) {
  return () => {
    const dice = random();
    if (dice < 0.03) return "lost";
    if (dice < 0.1) return "broken";
    return dice < 0.5 ? 0 : Math.ceil(random() * 8);
  };
}

function update(random: Random): string {
  const subject = pick(random, ["user:anne", "user:ben", "group:c#member", "user:*"]);
  const relation = pick(random, ["viewer", "member", "parent"]);
  return `${random() < 0.6 ? "touch" : "delete"} ${pick(random, OBJECTS)}#${relation}@${subject}`;
}

/** `applied` was the newest at `confirmedAtMs` or later: the next one, if there is one, had not been committed before. */
function expectFresh(holding: Holding, lives: readonly Life[]): void {
  const { applied, confirmedAtMs } = holding;
  if (applied === undefined) return;
  const life = lives.find(({ committedAtMs }) => committedAtMs === applied.committedAtMs);
  const supersededAtMs = life?.writtenAtMs[applied.revision + 1] ?? life?.endedAtMs[0] ?? Number.POSITIVE_INFINITY;
  expect(confirmedAtMs).toBeLessThanOrEqual(supersededAtMs);
}

async function expectTrue(world: World, holding: Holding, revision: Revision, life: Life | undefined): Promise<void> {
  if (holding.applied?.committedAtMs !== life?.committedAtMs || holding.headAt(revision) === undefined) return;
  await expectLikeStore(holding, world.store, world.twin(), revision, OBJECTS);
}

/** Reads what the holding says while everything goes wrong around it. */
async function live(seed: number, budgetBytes: number): Promise<{ readonly compared: number; readonly lives: number }> {
  const random = seeded(seed);
  const options = {
    budgetBytes,
    readTimeoutMs: 12,
    batchTimeoutMs: 30,
    pollIntervalMs: 2,
    hintDelayMs: 1,
    displaceIdleMs: 0,
  };
  await using world = await createWorld(options);
  const lives: Life[] = [{ committedAtMs: world.headAtMs(), endedAtMs: [], writtenAtMs: [] }];
  world.wire.weather = weatherOf(random);
  const holding = world.residency.of(world.tenant);
  let compared = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const life = lives.at(-1);
    const dice = random();
    if (dice < 0.4) {
      const revision = await world.write(update(random), ...(random() < 0.02 ? manyUpdates() : []));
      if (life !== undefined) life.writtenAtMs[revision] = performance.now();
      if (random() < 0.5) world.wire.hint({ kind: "changed", tenantId: world.tenant.id, revision });
    } else if (dice < 0.41) {
      await world.restore();
      life?.endedAtMs.push(performance.now());
      lives.push({ committedAtMs: world.headAtMs(), endedAtMs: [], writtenAtMs: [] });
    } else if (dice < 0.6) {
      await new Promise((resolve) => setTimeout(resolve, random() * 5));
    } else if (dice < 0.7) {
      const wanted = (holding.applied?.revision ?? 0) + Math.floor(random() * 2);
      if (await holding.reach(wanted, 20)) expect(holding.applied?.revision).toBeGreaterThanOrEqual(wanted);
    } else {
      world.residency.of(world.tenant);
    }
    expectFresh(holding, lives);
    const { applied } = holding;
    if (applied === undefined) continue;
    compared += 1;
    await expectTrue(world, holding, Math.max(0, applied.revision - Math.floor(random() * 3)), lives.at(-1));
  }
  world.wire.weather = undefined;
  const { revision } = await world.store.revisions.head(world.twin());
  while (holding.applied?.committedAtMs !== world.headAtMs() || holding.applied.revision !== revision) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expectTrue(world, holding, revision, lives.at(-1));
  return { compared, lives: lives.length };
}

function manyUpdates(): string[] {
  return Array.from({ length: 300 }, (_, n) => `touch document:m${n}#viewer@user:anne`);
}

test.each([1, 2, 3, 4])(
  "in any weather what is in memory is true, and no fresher than it says (resident, %i)",
  async (seed) => {
    const { compared, lives } = await live(seed, 1024 ** 2);
    expect(compared).toBeGreaterThan(STEPS / 4);
    expect(lives).toBeGreaterThan(0);
  },
);

test.each([5, 6, 7])(
  "in any weather what is in memory is true, and no fresher than it says (read, %i)",
  async (seed) => {
    const { compared } = await live(seed, 0);
    expect(compared).toBeGreaterThan(STEPS / 4);
  },
);
