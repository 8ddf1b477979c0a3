import { afterAll, beforeAll, expect, test } from "vitest";
import { createResidency, type OwnedResidency } from "../../src/graph/residency.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { Holding } from "../../src/model/residency.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../storage/drafts.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { pick, type Random, seeded } from "../support/random.ts";
import { waitFor } from "../support/wait.ts";
import { expectLikeStore, MIB, resident } from "./residency-world.ts";

let database: TestDatabase;
/** Of the writers, and of the follower: another process's, in effect. */
let writing: Store;
let following: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  writing = await createPostgresStore({ connection: database.app });
  following = await createPostgresStore({ connection: database.app });
});

afterAll(async () => {
  await writing.close();
  await following.close();
  await database.drop();
});

function createFollowing(options: Partial<ResidencyOptions> = {}): OwnedResidency {
  return createResidency({
    store: following,
    log: SILENT_LOGGER,
    monotonic: () => performance.now(),
    options: { budgetBytes: 64 * MIB, pollIntervalMs: 20, readTimeoutMs: 5_000, ...options },
  });
}

const OBJECTS = ["document:a", "document:b", "folder:c", "group:d"];
const SUBJECTS = ["user:anne", "user:ben", "user:*", "group:d#member", "group:eng#member", "folder:c"];

/** Adds, replaces and removes tuples, some with an end; deletes by filter now and then. */
async function writeAtRandom(random: Random, tenant: Tenant): Promise<void> {
  if (random() < 0.1) {
    const [objectType = "", objectId = ""] = pick(random, OBJECTS).split(":");
    const request = {
      filter: { objectType, objectId },
      preconditions: [],
      limit: 1_000,
      allowPartial: false,
      nowMs: NOW_MS,
      origin: ORIGIN,
    };
    await writing.tuples.deleteMatching(tenant, request);
    return;
  }
  const keys = new Set(
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      const relation = pick(random, ["viewer", "member", "parent"]);
      return `${pick(random, OBJECTS)}#${relation}@${pick(random, SUBJECTS)}`;
    }),
  );
  const { updates, ...rest } = draft([...keys].map((key) => `${random() < 0.6 ? "touch" : "delete"} ${key}`));
  const ending = updates.map(({ operation, tuple }) => ({
    operation,
    tuple:
      operation === "touch" && random() < 0.2
        ? { ...tuple, expiresAtMs: NOW_MS + 1_000 * Math.ceil(random() * 5) }
        : tuple,
  }));
  await writing.tuples.write(tenant, { ...rest, updates: ending });
}

test("whatever several writers do, memory says what the database says, at every revision", async () => {
  const random = seeded(7);
  const tenant = await createTenant(writing);
  await using closing = new AsyncDisposableStack();
  const residency = createFollowing();
  closing.defer(() => residency.close());
  for (let n = 0; n < 20; n += 1) await writeAtRandom(random, tenant);
  const holding = await resident(residency, tenant);
  const loadedAt = holding.applied?.revision ?? 0;
  let isWriting = true;
  const writers = Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let n = 0; n < 40; n += 1) await writeAtRandom(random, tenant);
    }),
  ).finally(() => {
    isWriting = false;
  });
  let checks = 0;
  while (isWriting) {
    const head = await following.revisions.head(tenant);
    expect(await holding.reach(head.revision, 20_000)).toBe(true);
    await compare(holding, tenant, head.revision);
    checks += 1;
  }
  await writers;
  const last = await following.revisions.head(tenant);
  expect(await holding.reach(last.revision, 20_000)).toBe(true);
  for (let revision = loadedAt; revision <= last.revision; revision += 1) {
    await compare(holding, tenant, revision);
    expect(holding.headAt(revision)).toEqual(await following.revisions.at(tenant, revision));
  }
  expect(last.revision - loadedAt).toBe(120);
  expect(checks).toBeGreaterThan(3);
});

async function compare(holding: Holding, tenant: Tenant, revision: number): Promise<void> {
  expect(holding.graphAt(revision)).toBeDefined();
  await expectLikeStore(holding, following, tenant, revision, OBJECTS);
}

test("what other processes' reads remember ends with the tuples it was read from", async () => {
  const random = seeded(11);
  const tenant = await createTenant(writing);
  await using closing = new AsyncDisposableStack();
  const residency = createFollowing({ budgetBytes: 0 });
  closing.defer(() => residency.close());
  const holding = residency.of(tenant);
  await waitFor("it is followed", () => holding.applied);
  for (let n = 0; n < 60; n += 1) {
    await writeAtRandom(random, tenant);
    const head = await following.revisions.head(tenant);
    expect(await holding.reach(head.revision, 20_000)).toBe(true);
    await expectLikeStore(holding, following, tenant, head.revision, OBJECTS);
  }
  expect(residency.stats().cache.hits).toBeGreaterThan(200);
});

test("a tenant is loaded while others write to it", async () => {
  const tenant = await createTenant(writing);
  const updates = Array.from({ length: 1_000 }, (_, n) => `create document:d${n}#viewer@user:u${n}`);
  for (let page = 0; page < 10; page += 1) {
    await writing.tuples.write(tenant, draft(updates.map((update) => update.replace("user:", `user:p${page}-`))));
  }
  await using closing = new AsyncDisposableStack();
  let isLoading = true;
  const random = seeded(3);
  const writer = (async () => {
    while (isLoading) await writeAtRandom(random, tenant);
  })();
  const residency = createFollowing();
  closing.defer(() => residency.close());
  const holding = await resident(residency, tenant).finally(() => {
    isLoading = false;
  });
  await writer;
  const head = await following.revisions.head(tenant);
  expect(await holding.reach(head.revision, 20_000)).toBe(true);
  await expectLikeStore(holding, following, tenant, head.revision, [...OBJECTS, "document:d1", "document:d999"]);
  const page = { revision: head.revision, nowMs: undefined, filter: {}, limit: 20_000 };
  const stored = await following.tuples.page(tenant, page);
  expect(residency.stats().tenants.find(({ tenantId }) => tenantId === tenant.id)?.tuples).toBe(stored.length);
});

test("another process's write is heard of, long before the next poll", async () => {
  const tenant = await createTenant(writing);
  await using closing = new AsyncDisposableStack();
  const residency = createFollowing({ pollIntervalMs: 1_000_000 });
  closing.defer(() => residency.close());
  await writing.tuples.write(tenant, draft(["create document:a#viewer@user:anne"]));
  const holding = await resident(residency, tenant);
  // Until the listener is connected hints are lost.
  await waitFor("a write is heard of", async () => {
    const { head } = await writing.tuples.write(tenant, draft(["touch document:a#viewer@user:anne"]));
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), 1_000);
    const looking = setInterval(() => {
      if (holding.applied?.revision === head.revision) resolve(true);
    }, 5);
    return promise.finally(() => {
      clearTimeout(timer);
      clearInterval(looking);
    });
  });
});
