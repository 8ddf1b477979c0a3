import { describe, expect, test } from "vitest";
import type { Head } from "../../src/model/revision.ts";
import { createHeadCache } from "../../src/service/head-cache.ts";
import { createClock } from "../support/clock.ts";

const TENANT = { id: "t", bucket: 0 };
const STALE_MS = 100;

/** A store whose answers the test gives one by one, with what was true when each read began. */
function createTestCache() {
  const clock = createClock();
  const reads: { readonly answer: (head?: Head) => void; readonly fail: (error: Error) => void }[] = [];
  let current = headAt(1);
  const cache = createHeadCache(
    {
      head: () => {
        const seen = current;
        return new Promise((resolve, reject) => {
          reads.push({ answer: (head = seen) => resolve(head), fail: reject });
        });
      },
    },
    { maxStalenessMs: STALE_MS, monotonic: clock.now },
  );
  return {
    cache,
    clock,
    reads,
    commit: (revision: number) => {
      current = headAt(revision);
      return current;
    },
  };
}

function headAt(revision: number): Head {
  return { revision, schemaName: "s", schemaVersion: 1, committedAtMs: 0 };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("recent", () => {
  test("asks once, and answers from memory for as long as the bound allows, counted from when the read began", async () => {
    const { cache, clock, reads, commit } = createTestCache();
    const first = cache.recent(TENANT);
    clock.advance(60);
    reads[0]?.answer();
    expect((await first).revision).toBe(1);
    commit(2);
    clock.advance(40);
    expect((await cache.recent(TENANT)).revision).toBe(1);
    clock.advance(1);
    const later = cache.recent(TENANT);
    reads[1]?.answer();
    expect((await later).revision).toBe(2);
  });

  test("a thousand askers share one read", async () => {
    const { cache, reads } = createTestCache();
    const asking = Array.from({ length: 1000 }, () => cache.recent(TENANT));
    reads[0]?.answer();
    await Promise.all(asking);
    expect(reads.length).toBe(1);
  });

  test("a failed read fails its askers, and the next asks again", async () => {
    const { cache, reads } = createTestCache();
    const failing = cache.recent(TENANT);
    reads[0]?.fail(new Error("down"));
    await expect(failing).rejects.toThrow("down");
    const next = cache.recent(TENANT);
    reads[1]?.answer();
    expect((await next).revision).toBe(1);
  });
});

describe("fresh", () => {
  test("does not take the answer of a read that began earlier, which may have missed a write", async () => {
    const { cache, reads, commit } = createTestCache();
    const early = cache.fresh(TENANT);
    commit(2);
    const late = Promise.all(Array.from({ length: 10 }, () => cache.fresh(TENANT)));
    expect(reads.length).toBe(1);
    reads[0]?.answer();
    expect((await early).revision).toBe(1);
    await settled();
    expect(reads.length).toBe(2);
    reads[1]?.answer();
    expect((await late).map(({ revision }) => revision)).toEqual(Array(10).fill(2));
  });

  test("goes on after an earlier read has failed", async () => {
    const { cache, reads } = createTestCache();
    const early = cache.fresh(TENANT);
    const late = cache.fresh(TENANT);
    reads[0]?.fail(new Error("down"));
    await expect(early).rejects.toThrow("down");
    await settled();
    reads[1]?.answer();
    expect((await late).revision).toBe(1);
  });
});

describe("learn", () => {
  test("a write of our own is known at once, and a read that began before it does not undo it", async () => {
    const { cache, clock, reads, commit } = createTestCache();
    const reading = cache.fresh(TENANT);
    cache.learn(TENANT.id, commit(5), clock.now());
    expect(cache.peek(TENANT.id)?.revision).toBe(5);
    reads[0]?.answer();
    await reading;
    expect(cache.peek(TENANT.id)?.revision).toBe(5);
  });

  test("a read that began after it replaces it, even by an older revision: the database was restored", async () => {
    const { cache, clock, reads, commit } = createTestCache();
    cache.learn(TENANT.id, headAt(5), clock.now());
    commit(3);
    const reading = cache.fresh(TENANT);
    reads[0]?.answer();
    await reading;
    expect(cache.peek(TENANT.id)?.revision).toBe(3);
  });

  test("an older write that is acknowledged late changes nothing", () => {
    const { cache, clock } = createTestCache();
    cache.learn(TENANT.id, headAt(7), clock.now());
    cache.learn(TENANT.id, headAt(6), clock.now());
    expect(cache.peek(TENANT.id)?.revision).toBe(7);
  });
});
