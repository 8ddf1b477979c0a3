import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Need, ObjectScan, SubjectScan } from "../../../src/model/need.ts";
import type { Store, TupleUpdate } from "../../../src/model/store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { Tuple, TupleFilter, TupleKey } from "../../../src/model/tuple.ts";
import { createMemoryStore } from "../../../src/storage/memory/store.ts";
import { NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

/** Few names, so that histories meet themselves again and again. */
const key: fc.Arbitrary<TupleKey> = fc.record({
  objectType: fc.constantFrom("document", "folder"),
  objectId: fc.constantFrom("B", "a/b"),
  relation: fc.constant("viewer"),
  subjectType: fc.constantFrom("user", "group"),
  subjectId: fc.constantFrom("\\x", "*"),
  subjectRelation: fc.constantFrom("", "member"),
});
const tuple: fc.Arbitrary<Tuple> = fc
  .tuple(
    key,
    fc.option(fc.dictionary(fc.string(), fc.jsonValue())),
    fc.option(fc.constantFrom(1_234, NOW_MS, NOW_MS + 1, 4e12)),
  )
  .map(([base, context, expiresAtMs]) => ({
    ...base,
    ...(context !== null && { caveat: { name: "office", context: JSON.parse(JSON.stringify(context)) } }),
    ...(expiresAtMs !== null && { expiresAtMs }),
  }));
const filter: fc.Arbitrary<TupleFilter> = key.chain((base) =>
  fc.subarray(Object.entries(base)).map((entries) => Object.fromEntries(entries)),
);
const updates: fc.Arbitrary<readonly TupleUpdate[]> = fc.uniqueArray(
  fc.record({ operation: fc.constantFrom("create", "touch", "touch", "delete"), tuple }),
  {
    maxLength: 6,
    selector: ({ tuple: { caveat: _c, expiresAtMs: _e, ...rest } }) => JSON.stringify(Object.values(rest)),
  },
) as fc.Arbitrary<readonly TupleUpdate[]>;
const preconditions = fc.array(
  fc.record({ expect: fc.constantFrom("must_match" as const, "must_not_match" as const), filter }),
  { maxLength: 1 },
);
const idempotency = fc.option(
  fc.record({ key: fc.constantFrom("k1", "k2"), requestHash: fc.constantFrom("h1", "h2") }),
  { nil: undefined, freq: 3 },
);
const limit = fc.integer({ min: 1, max: 5 });
const need: fc.Arbitrary<Need> = key.chain((k) =>
  fc.constantFrom<Need>(
    { kind: "exact", ...k },
    { kind: "usersets", objectType: k.objectType, objectId: k.objectId, relation: k.relation },
    {
      kind: "objects",
      objectType: k.objectType,
      objectId: k.objectId,
      relation: k.relation,
      subjectTypes: ["user", "group"],
    },
  ),
);

/** With or without each part that may be left out; a relation of the subject only beside its type. */
const subjectScan: fc.Arbitrary<SubjectScan> = fc.tuple(key, key, fc.nat({ max: 5 })).map(([k, after, which]) => ({
  objectType: k.objectType,
  objectId: k.objectId,
  relation: k.relation,
  ...(which % 3 > 0 && { subjectType: k.subjectType }),
  ...(which % 3 > 1 && { subjectRelation: k.subjectRelation }),
  ...(which > 2 && { after }),
}));
const objectScan: fc.Arbitrary<ObjectScan> = fc.tuple(key, key, fc.nat({ max: 3 })).map(([k, after, which]) => ({
  subjectType: k.subjectType,
  subjectId: k.subjectId,
  objectType: k.objectType,
  relation: k.relation,
  ...(which % 2 > 0 && { subjectRelation: k.subjectRelation }),
  ...(which > 1 && { after }),
}));

/** One step of a history, run on either store; its answer without times and in an order of its own. */
type Step = (store: Store, tenant: Tenant) => Promise<unknown>;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ updates, preconditions, idempotency }).map(
      ({ idempotency: i, ...rest }): Step =>
        (store, tenant) =>
          store.tuples.write(tenant, {
            ...rest,
            schemaVersion: 0,
            nowMs: NOW_MS,
            origin: ORIGIN,
            ...(i !== undefined && { idempotency: i }),
          }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ filter, preconditions, idempotency, limit, allowPartial: fc.boolean() }).map(
      ({ idempotency: i, ...rest }): Step =>
        (store, tenant) =>
          store.tuples.deleteMatching(tenant, {
            ...rest,
            nowMs: NOW_MS,
            origin: ORIGIN,
            ...(i !== undefined && { idempotency: i }),
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(filter, fc.option(key, { nil: undefined }), limit, fc.nat({ max: 12 })).map(
      ([f, after, size, revision]): Step =>
        (store, tenant) =>
          store.tuples.page(tenant, {
            revision,
            nowMs: NOW_MS,
            filter: f,
            limit: size,
            ...(after !== undefined && { after: { ...after, ...f } }),
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.array(need, { maxLength: 6 }), fc.nat({ max: 12 }), fc.integer({ min: 2, max: 40 })).map(
      ([needs, revision, maxRows]): Step =>
        async (store, tenant) =>
          (await store.tuples.source(tenant, revision).read(needs, maxRows)).map((found) =>
            found.map((f) => JSON.stringify(f, Object.keys(f).sort())).sort(),
          ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ scans: fc.array(subjectScan, { maxLength: 6 }), revision: fc.nat({ max: 12 }), limit }).map(
      ({ scans, revision, limit: size }): Step =>
        (store, tenant) =>
          store.tuples.source(tenant, revision).scanSubjects(scans, size),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ scans: fc.array(objectScan, { maxLength: 6 }), revision: fc.nat({ max: 12 }), limit }).map(
      ({ scans, revision, limit: size }): Step =>
        (store, tenant) =>
          store.tuples.source(tenant, revision).scanObjects(scans, size),
    ),
  },
);

async function outcome(run: Step, store: Store, tenant: Tenant): Promise<string> {
  const answer = await run(store, tenant).catch((error: { reason?: string; message?: string; metadata?: object }) => {
    if (error.reason === undefined) throw error;
    return { refused: error.reason, message: error.message, metadata: error.metadata };
  });
  const neutral = (name: string, value: unknown) => (name === "committedAtMs" ? 0 : name === "schemaName" ? "" : value);
  return JSON.stringify(answer, neutral, 1);
}

describe("random histories", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  beforeAll(async () => {
    opened = await openStore();
  });
  afterAll(() => opened.close());

  it("come out the same on Postgres and in memory, step by step and read back at every revision", async () => {
    const memory = createMemoryStore({ now: () => Date.now() });
    let tenants = 0;
    const counts = { steps: 0, refused: 0, tuples: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        tenants += 1;
        const slug = `history-${tenants}`;
        const [here, there] = [
          await opened.store.tenants.create({ slug }, ORIGIN),
          await memory.tenants.create({ slug }, ORIGIN),
        ];
        for (const run of steps) {
          const actual = await outcome(run, opened.store, here);
          expect(actual).toBe(await outcome(run, memory, there));
          counts.steps += 1;
          if (actual.includes('"refused"')) counts.refused += 1;
        }
        const { revision: newest } = await memory.revisions.head(there);
        expect((await opened.store.revisions.head(here)).revision).toBe(newest);
        for (let revision = 0; revision <= newest; revision += 1) {
          for (const nowMs of [NOW_MS, undefined]) {
            const query = { revision, nowMs, filter: {}, limit: 1000 };
            const expected = await memory.tuples.page(there, query);
            expect(await opened.store.tuples.page(here, query)).toEqual(expected);
            counts.tuples += expected.length;
          }
        }
      }),
      { numRuns: 150 },
    );
    // Histories in which nothing happens would agree too.
    expect(counts.steps).toBeGreaterThan(1000);
    expect(counts.refused).toBeGreaterThan(50);
    expect(counts.tuples).toBeGreaterThan(1000);
  });
});
