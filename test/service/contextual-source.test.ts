import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { Found, FoundObject, Need, ObjectScan, SubjectScan, TupleSource } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { overlayTuples } from "../../src/service/contextual-source.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";

/** Few names, so that contextual tuples often meet stored ones; ids that a locale would put in another order. */
const OBJECT_IDS = ["a", "B", "a/b", "~"] as const;
const SUBJECT_IDS = ["*", "Z", "a", "b"] as const;
const RELATIONS = ["viewer", "parent"] as const;
const SUBJECT_TYPES = ["group", "user"] as const;
const SUBJECT_RELATIONS = ["", "member"] as const;

const keys = fc.record({
  objectType: fc.constant("document"),
  objectId: fc.constantFrom(...OBJECT_IDS),
  relation: fc.constantFrom(...RELATIONS),
  subjectType: fc.constantFrom(...SUBJECT_TYPES),
  subjectId: fc.constantFrom(...SUBJECT_IDS),
  subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
});
const traits = fc.record(
  {
    caveat: fc.record({ name: fc.constantFrom("c", "d"), context: fc.constantFrom({}, { n: 1 }, { s: "x" }) }),
    expiresAtMs: fc.constantFrom(1, 2_000_000_000_000),
  },
  { requiredKeys: [] },
);
const tuples = fc.uniqueArray(
  fc.tuple(keys, traits).map(([key, more]): Tuple => ({ ...key, ...more })),
  { selector: (tuple) => Object.values({ ...tuple, caveat: 0, expiresAtMs: 0 }).join(" "), maxLength: 24 },
);

const places = fc.record({
  objectType: fc.constant("document"),
  objectId: fc.constantFrom(...OBJECT_IDS),
  relation: fc.constantFrom(...RELATIONS),
});
const subjects = fc.record({
  subjectType: fc.constantFrom(...SUBJECT_TYPES),
  subjectId: fc.constantFrom(...SUBJECT_IDS),
  subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
});
const needs: fc.Arbitrary<Need> = fc.oneof(
  fc.tuple(places, subjects).map(([place, subject]): Need => ({ kind: "exact", ...place, ...subject })),
  places.map((place): Need => ({ kind: "usersets", ...place })),
  fc
    .tuple(places, fc.subarray([...SUBJECT_TYPES]))
    .map(([place, subjectTypes]): Need => ({ kind: "objects", ...place, subjectTypes })),
);
const subjectScans: fc.Arbitrary<SubjectScan> = fc
  .tuple(
    places,
    fc.record({ subjectType: fc.constantFrom(...SUBJECT_TYPES) }, { requiredKeys: [] }),
    fc.option(fc.constantFrom(...SUBJECT_RELATIONS), { nil: undefined }),
    fc.option(subjects, { nil: undefined }),
  )
  .map(([place, type, subjectRelation, after]) => ({
    ...place,
    ...type,
    ...(type.subjectType === undefined || subjectRelation === undefined ? {} : { subjectRelation }),
    ...(after === undefined ? {} : { after }),
  }));
const objectScans: fc.Arbitrary<ObjectScan> = fc
  .record(
    {
      subjectType: fc.constantFrom(...SUBJECT_TYPES),
      subjectId: fc.constantFrom(...SUBJECT_IDS),
      subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
      objectType: fc.constant("document"),
      relation: fc.constantFrom(...RELATIONS),
      after: fc.record({
        objectId: fc.constantFrom(...OBJECT_IDS),
        subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
      }),
    },
    { requiredKeys: ["subjectType", "subjectId", "objectType", "relation"] },
  )
  .map((scan) => scan as ObjectScan);

/** A store that holds `stored`, on which `touched` were then written. */
async function sourceOf(stored: readonly Tuple[], touched: readonly Tuple[]): Promise<TupleSource> {
  const store = createMemoryStore({ now: () => 0 });
  const origin = { actor: "test", requestId: "seed" };
  const tenant = await store.tenants.create({ slug: "acme" }, origin);
  for (const batch of [stored, touched]) {
    const updates = batch.map((tuple) => ({ operation: "touch" as const, tuple }));
    await store.tuples.write(tenant, { updates, preconditions: [], schemaVersion: 0, nowMs: 0, origin });
  }
  return store.tuples.source(tenant, 2);
}

/** Rows of reads come in no order, and a context's spelling is the store's own. */
function plain(row: Found | FoundObject): string {
  const { caveat, ...rest } = row;
  return JSON.stringify([
    Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    caveat?.name,
    JSON.parse(caveat?.contextJson ?? "null"),
  ]);
}

const unordered = (answers: readonly (readonly Found[])[]) => answers.map((answer) => answer.map(plain).toSorted());
const ordered = (answers: readonly (readonly (Found | FoundObject)[])[]) => answers.map((answer) => answer.map(plain));

describe("contextual tuples are as if they had just been touched", () => {
  test("for reads", async () => {
    await fc.assert(
      fc.asyncProperty(tuples, tuples, fc.array(needs, { maxLength: 6 }), async (stored, own, asked) => {
        const real = await sourceOf(stored, own);
        const overlaid = overlayTuples(await sourceOf(stored, []), own);
        const expected = await real.read(asked, 1_000);
        expect(unordered(await overlaid.read(asked, 1_000))).toEqual(unordered(expected));
        const rows = expected.reduce((sum, answer) => sum + answer.length, 0);
        if (rows > 0) await expect(overlaid.read(asked, rows - 1)).rejects.toBeInstanceOf(RelataError);
        expect(unordered(await overlaid.read(asked, rows))).toEqual(unordered(expected));
      }),
      { numRuns: 400 },
    );
  });

  test("for scans of subjects, from any place on, of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        tuples,
        tuples,
        fc.array(subjectScans, { maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (stored, own, scans, limit) => {
          const real = await sourceOf(stored, own);
          const overlaid = overlayTuples(await sourceOf(stored, []), own);
          expect(ordered(await overlaid.scanSubjects(scans, limit))).toEqual(
            ordered(await real.scanSubjects(scans, limit)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test("for scans of objects, from any place on, of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        tuples,
        tuples,
        fc.array(objectScans, { maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (stored, own, scans, limit) => {
          const real = await sourceOf(stored, own);
          const overlaid = overlayTuples(await sourceOf(stored, []), own);
          expect(ordered(await overlaid.scanObjects(scans, limit))).toEqual(
            ordered(await real.scanObjects(scans, limit)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

test("what contextual tuples settle is not asked of the store", async () => {
  const asked: Need[] = [];
  const base: TupleSource = {
    read: async (list) => {
      asked.push(...list);
      return list.map(() => []);
    },
    scanSubjects: async (scans) => scans.map(() => []),
    scanObjects: async (scans) => scans.map(() => []),
  };
  const subject = { subjectType: "user", subjectId: "anne", subjectRelation: "" };
  const tuple = { objectType: "document", objectId: "1", relation: "viewer", ...subject };
  const known: Need = { kind: "exact", ...tuple };
  const unknown: Need = { kind: "exact", ...tuple, objectId: "2" };
  expect(await overlayTuples(base, [tuple]).read([known, unknown, known], 10)).toEqual([[subject], [], [subject]]);
  expect(asked).toEqual([unknown]);
  expect(overlayTuples(base, [])).toBe(base);
});
