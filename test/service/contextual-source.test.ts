import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { Need, TupleSource } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { overlayTuples } from "../../src/service/contextual-source.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { needs, objectScans, ordered, subjectScans, tuples, unordered } from "../support/arbitrary-needs.ts";

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
