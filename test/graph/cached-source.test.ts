import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { cachedSource } from "../../src/graph/cached-source.ts";
import { createReadCache, type ReadCacheSize } from "../../src/graph/read-cache.ts";
import type { TupleChange } from "../../src/model/change.ts";
import type { Found, Need } from "../../src/model/need.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { TupleUpdate } from "../../src/model/store.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { needs, unordered } from "../support/arbitrary-needs.ts";
import { revisionUpdates, SourceWorld } from "./source-world.ts";

const TENANT = { id: "t", bucket: 0 };
const PLENTY = 1_000;

/** Reads of a store that are answered, or fail, when the test says so. */
interface HeldRead {
  readonly revision: Revision;
  readonly needs: readonly Need[];
  readonly signal: AbortSignal | undefined;
  readonly answer: (answers?: readonly (readonly Found[])[]) => Promise<void>;
  readonly fail: (error: Error) => void;
}

/** @param read what the store says */
function heldCache(
  size: ReadCacheSize,
  read: (revision: Revision, needs: readonly Need[], maxRows: number) => Promise<readonly (readonly Found[])[]>,
) {
  const held: HeldRead[] = [];
  const cache = createReadCache(
    {
      source: (_tenant, revision, signal) => ({
        read: (asked, maxRows) =>
          new Promise((resolve, reject) => {
            signal?.addEventListener("abort", () => reject(new RelataError("CANCELLED", "aborted")));
            const answer = async (answers?: readonly (readonly Found[])[]) => {
              try {
                resolve(answers ?? (await read(revision, asked, maxRows)));
              } catch (error) {
                reject(error as Error);
              }
              await settled();
            };
            held.push({ revision, needs: asked, signal, answer, fail: reject });
          }),
        scanSubjects: () => Promise.reject(new Error("not asked")),
        scanObjects: () => Promise.reject(new Error("not asked")),
      }),
    },
    size,
  );
  return { cache, held, reads: cache.reads(() => TENANT) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

const POOL = 8;

type Step =
  | { readonly kind: "write"; readonly updates: readonly TupleUpdate[] }
  | { readonly kind: "tell"; readonly changes: number }
  | { readonly kind: "read"; readonly at: number; readonly asked: readonly number[]; readonly held: boolean }
  | { readonly kind: "answer" }
  | { readonly kind: "restart" };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: revisionUpdates.map((updates): Step => ({ kind: "write", updates })) },
    { weight: 4, arbitrary: fc.constantFrom(1, 2, 5, 10, 20, 40).map((changes): Step => ({ kind: "tell", changes })) },
    {
      weight: 8,
      arbitrary: fc
        .tuple(
          fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5),
          fc.array(fc.nat(POOL - 1), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
        )
        .map(([at, asked, held]): Step => ({ kind: "read", at, asked, held })),
    },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: "answer" }) },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: "restart" }) },
  ),
  { minLength: 10, maxLength: 60, size: "max" },
);
/** What a run asks, again and again. */
const pools = fc.array(needs, { minLength: POOL, maxLength: POOL });

const sizes: fc.Arbitrary<ReadCacheSize> = fc.constantFrom(
  { maxEntries: 10 },
  { maxEntries: 2 },
  { maxEntries: 0 },
  { maxBytes: 1_000_000 },
  { maxBytes: 8_000 },
);

describe("an answer is the store's at its revision", () => {
  test("whatever was read before, however far the told changes lag", async () => {
    let hits = 0;
    let coalesced = 0;
    await fc.assert(
      fc.asyncProperty(sizes, pools, steps, async (size, pool, list) => {
        const world = await SourceWorld.create();
        const { cache, held, reads } = heldCache(size, (revision, asked, maxRows) =>
          world.source(revision).read(asked, maxRows),
        );
        reads.start(0);
        let applied = 0;
        let untold: TupleChange[] = [];
        const asked: Promise<void>[] = [];
        for (const step of list) {
          switch (step.kind) {
            case "write":
              await world.write(step.updates);
              break;
            case "tell":
              // A revision is told in parts, as when its turn of the thread is over.
              for (let left = step.changes; left > 0 && applied < world.head; left -= 1) {
                if (untold.length === 0) untold = [...(await world.changesOf(applied + 1))];
                const change = untold.shift();
                if (change !== undefined) reads.changed(applied + 1, change);
                if (untold.length === 0) reads.applied(++applied);
              }
              break;
            case "read": {
              const revision = Math.max(0, world.head - step.at);
              const wanted = step.asked.map((index) => pool[index] as Need);
              const answer = cachedSource(reads, revision, undefined).read(wanted, PLENTY);
              const compared = answer.then(async (found) => {
                const expected = await world.source(revision).read(wanted, PLENTY);
                expect(unordered(found)).toEqual(unordered(expected));
              });
              // Looked at below; until then it must not be the first that nobody handles.
              compared.catch(() => {});
              asked.push(compared);
              if (!step.held) for (const one of held.splice(0)) await one.answer();
              break;
            }
            case "answer":
              await held.shift()?.answer();
              break;
            case "restart":
              reads.start(world.head);
              applied = world.head;
              untold = [];
          }
        }
        for (let one = held.shift(); one !== undefined; one = held.shift()) await one.answer();
        await Promise.all(asked);
        hits += cache.counts.hits;
        coalesced += cache.counts.coalesced;
      }),
      { numRuns: 500 },
    );
    // That much of it came from memory is what makes the rest worth comparing.
    expect(hits).toBeGreaterThan(1_000);
    expect(coalesced).toBeGreaterThan(300);
  });
});

const VIEWER: Need = {
  kind: "exact",
  objectType: "document",
  objectId: "a",
  relation: "viewer",
  subjectType: "user",
  subjectId: "anne",
  subjectRelation: "",
};
const ANNE: Found = { subjectType: "user", subjectId: "anne", subjectRelation: "" };
const put = (text: string): TupleChange => {
  const { caveat: _none, ...tuple } = parseTuple(text);
  return { kind: "put", tuple };
};
const OTHER: Need = { ...VIEWER, subjectId: "ben" };
const SIZE = { maxEntries: 10 };

function viewerCache(size: ReadCacheSize = SIZE) {
  const cache = heldCache(size, async (_revision, asked, maxRows) => {
    if (asked.length > maxRows) throw new RelataError("BUDGET_EXHAUSTED", `more than ${maxRows}`);
    return asked.map(() => [ANNE]);
  });
  cache.reads.start(10);
  /** Asks and lets the store answer. @returns how often the store was read */
  const ask = async (revision: Revision, ...asked: readonly Need[]): Promise<number> => {
    const answer = cachedSource(cache.reads, revision, undefined).read(asked, PLENTY);
    const reads = cache.held.splice(0);
    for (const read of reads) await read.answer();
    await answer;
    return reads.length;
  };
  return { ...cache, ask };
}

describe("rows read once", () => {
  test("hold for later revisions, until their tuple changes", async () => {
    const { reads, ask } = viewerCache();
    expect(await ask(10, VIEWER)).toBe(1);
    expect(await ask(10, VIEWER)).toBe(0);
    reads.changed(11, put("document:a#viewer@user:ben"));
    reads.applied(11);
    expect(await ask(11, VIEWER)).toBe(0);
    reads.changed(12, put("document:a#viewer@user:anne"));
    expect(await ask(11, VIEWER)).toBe(0);
    reads.applied(12);
    expect(await ask(12, VIEWER)).toBe(1);
  });

  test("ahead of the told changes hold there, and from there on once these have caught up: what they hold is in the rows", async () => {
    const { reads, ask } = viewerCache();
    expect(await ask(12, VIEWER)).toBe(1);
    expect(await ask(12, VIEWER)).toBe(0);
    expect(await ask(13, VIEWER)).toBe(1);
    reads.changed(13, put("document:a#viewer@user:anne"));
    reads.applied(13);
    expect(await ask(13, VIEWER)).toBe(0);
    reads.applied(14);
    expect(await ask(14, VIEWER)).toBe(0);
  });

  test("of a revision whose successors were told before hold there alone", async () => {
    const { ask } = viewerCache();
    expect(await ask(8, VIEWER)).toBe(1);
    expect(await ask(8, VIEWER)).toBe(0);
    expect(await ask(9, VIEWER)).toBe(1);
    expect(await ask(10, VIEWER)).toBe(1);
  });

  test("are forgotten with the history they are of", async () => {
    const { reads, ask } = viewerCache();
    await ask(10, VIEWER);
    reads.start(10);
    expect(await ask(10, VIEWER)).toBe(1);
  });

  test("are not kept while nobody tells changes, and not when they were asked for before", async () => {
    const { reads, held, ask } = viewerCache();
    const early = cachedSource(reads, 10, undefined).read([VIEWER], PLENTY);
    reads.stop();
    await held.shift()?.answer();
    await early;
    expect(await ask(10, VIEWER)).toBe(1);
    expect(await ask(10, VIEWER)).toBe(1);
  });

  test("are kept by the parts of a need: what other types were read for is not read again", async () => {
    const { reads, held } = heldCache(SIZE, async () => []);
    reads.start(1);
    const parents: Need = { ...VIEWER, kind: "objects", relation: "parent", subjectTypes: ["folder"] };
    const folder: Found = { subjectType: "folder", subjectId: "f", subjectRelation: "" };
    const org: Found = { subjectType: "org", subjectId: "o", subjectRelation: "" };
    const first = cachedSource(reads, 1, undefined).read([parents], PLENTY);
    await held.shift()?.answer([[folder]]);
    await first;
    const both = { ...parents, subjectTypes: ["folder", "org", "team"] };
    const second = cachedSource(reads, 1, undefined).read([both], PLENTY);
    expect(held[0]?.needs).toEqual([{ ...both, subjectTypes: ["org", "team"] }]);
    await held.shift()?.answer([[org]]);
    expect(await second).toEqual([[folder, org]]);
    reads.changed(2, put("document:a#parent@org:p"));
    reads.applied(2);
    const third = cachedSource(reads, 2, undefined).read([both], PLENTY);
    expect(held[0]?.needs).toEqual([{ ...both, subjectTypes: ["org"] }]);
    await held.shift()?.answer([[]]);
    expect(await third).toEqual([[folder]]);
  });
});

describe("reads of several requests at once", () => {
  test("are one read of the store", async () => {
    const { reads, held, cache } = viewerCache();
    const both = [1, 2].map(() => cachedSource(reads, 10, undefined).read([VIEWER], PLENTY));
    expect(held.length).toBe(1);
    await held[0]?.answer();
    expect(await Promise.all(both)).toEqual([[[ANNE]], [[ANNE]]]);
    expect(cache.counts).toMatchObject({ hits: 0, misses: 1, coalesced: 1, entries: 1 });
  });

  test("survive whoever began them: only the last one that leaves ends the read", async () => {
    const { reads, held } = viewerCache();
    const [first, second] = [new AbortController(), new AbortController()];
    const beginner = cachedSource(reads, 10, first.signal).read([VIEWER], PLENTY);
    const joined = cachedSource(reads, 10, second.signal).read([VIEWER], PLENTY);
    first.abort();
    await expect(beginner).rejects.toMatchObject({ reason: "CANCELLED" });
    expect(held[0]?.signal?.aborted).toBe(false);
    await held[0]?.answer();
    expect(await joined).toEqual([[ANNE]]);
  });

  test("end when nobody waits for them, and nobody joins what has ended", async () => {
    const { reads, held } = viewerCache();
    const leaving = [new AbortController(), new AbortController()];
    const asked = leaving.map(({ signal }) => cachedSource(reads, 10, signal).read([VIEWER], PLENTY));
    for (const controller of leaving) controller.abort();
    for (const one of asked) await expect(one).rejects.toMatchObject({ reason: "CANCELLED" });
    expect(held[0]?.signal?.aborted).toBe(true);
    const later = cachedSource(reads, 10, undefined).read([VIEWER], PLENTY);
    expect(held.length).toBe(2);
    await held[1]?.answer();
    expect(await later).toEqual([[ANNE]]);
  });

  test("fail together, and the failure is not kept", async () => {
    const { reads, held, ask } = viewerCache();
    const both = [1, 2].map(() => cachedSource(reads, 10, undefined).read([VIEWER], PLENTY));
    held.shift()?.fail(new RelataError("STORE_UNAVAILABLE", "down"));
    for (const one of both) await expect(one).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(await ask(10, VIEWER)).toBe(1);
  });

  test("have budgets of their own: what was too much for the one that began is read for the one that joined", async () => {
    const { reads, held } = viewerCache();
    const poor = cachedSource(reads, 10, undefined).read([VIEWER, OTHER], 1);
    const rich = cachedSource(reads, 10, undefined).read([OTHER], PLENTY);
    const refused = expect(poor).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
    expect(held.length).toBe(1);
    await held.shift()?.answer();
    await refused;
    expect(held.length).toBe(1);
    await held.shift()?.answer();
    expect(await rich).toEqual([[ANNE]]);
  });
});

describe("bounds", () => {
  test("rows from memory count against the budget of the one who asks", async () => {
    const { reads, held, ask } = viewerCache();
    await ask(10, VIEWER);
    await ask(10, OTHER);
    const hits = cachedSource(reads, 10, undefined).read([VIEWER, OTHER], 1);
    await expect(hits).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
    const third = { ...VIEWER, subjectId: "cid" };
    const mixed = cachedSource(reads, 10, undefined).read([VIEWER, third], 1);
    const refused = expect(mixed).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
    await held.shift()?.answer();
    await refused;
    expect(await ask(10, third)).toBe(1);
  });

  test("the least recently used leave", async () => {
    const { cache, ask } = viewerCache({ maxEntries: 2 });
    const third = { ...VIEWER, subjectId: "cid" };
    await ask(10, VIEWER);
    await ask(10, OTHER);
    await ask(10, VIEWER);
    await ask(10, third);
    expect(cache.counts.entries).toBe(2);
    expect(await ask(10, VIEWER)).toBe(0);
    expect(await ask(10, OTHER)).toBe(1);
  });

  test("an answer that would take too large a share is given and not kept", async () => {
    const { cache, held, reads } = heldCache({ maxBytes: 100_000 }, async () => []);
    reads.start(1);
    const many = Array.from({ length: 100 }, (_, index): Found => ({ ...ANNE, subjectId: `user-${index}` }));
    for (let time = 1; time <= 2; time += 1) {
      const answer = cachedSource(reads, 1, undefined).read([VIEWER], PLENTY);
      await held.shift()?.answer([many]);
      expect(await answer).toEqual([many]);
    }
    expect(cache.counts).toMatchObject({ misses: 2, entries: 0, bytes: 0 });
  });
});
