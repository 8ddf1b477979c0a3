import { expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { SubjectScan, TupleSource } from "../../src/model/need.ts";
import type { Store } from "../../src/model/store.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createTestVerbs } from "../support/server-verbs.ts";
import { NOW_MS, openRoom } from "./lookup-subjects-room.ts";

const SCHEMA = `definition user {}
definition group {
  relation member: user | group#member
  relation active: user
  permission both = member & active
}`;

const MEMBERS = 5000;
const id = (index: number) => `u${String(index).padStart(5, "0")}`;
const members = (from: number, relation: string) =>
  Array.from({ length: MEMBERS - from }, (_, i) => `group:big#${relation}@user:${id(from + i)}`);

/** Counts what is read of subjects, and may do something on the way. */
function watching(store: Store, onScan: () => void = () => {}) {
  const seen = { rows: 0, scans: 0 };
  const watched: Store = {
    ...store,
    tuples: {
      ...store.tuples,
      source: (place, revision, signal): TupleSource => {
        const source = store.tuples.source(place, revision, signal);
        return {
          ...source,
          scanSubjects: async (scans: readonly SubjectScan[], limit: number) => {
            onScan();
            const answers = await source.scanSubjects(scans, limit);
            seen.scans += 1;
            for (const answer of answers) seen.rows += answer.length;
            return answers;
          },
        };
      },
    },
  };
  return { store: watched, seen };
}

test("the first page comes before the whole is read, and who stops early stops the reading", async () => {
  const { store, seen } = watching(createMemoryStore({ now: () => NOW_MS }));
  const room = await openRoom(SCHEMA, members(0, "member"), store);
  let found = 0;
  for await (const page of room.pages("group:big#member", "user")) {
    if ("results" in page) found += page.results.length;
    break;
  }
  expect(found).toBe(50);
  const atStop = seen.rows;
  expect(atStop).toBeLessThan(200);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.rows).toBe(atStop);
});

test("a limit is all that is read, give or take a batch", async () => {
  const { store, seen } = watching(createMemoryStore({ now: () => NOW_MS }));
  const room = await openRoom(SCHEMA, members(0, "member"), store);
  expect(await room.list("group:big#member", "user", { limit: 3 })).toEqual([id(0), id(1), id(2)]);
  expect(seen.rows).toBeLessThanOrEqual(64);
  const [last] = (await room.results("group:big#member", "user", { limit: 3 })).slice(-1);
  seen.rows = 0;
  await room.list("group:big#member", "user", { limit: 3, cursor: last?.cursor ?? "" });
  expect(seen.rows).toBeLessThanOrEqual(64);
});

test("what was found is sent on when the next is far", async () => {
  const room = await openRoom(SCHEMA, [
    ...members(0, "member"),
    `group:big#active@user:${id(0)}`,
    `group:big#active@user:${id(MEMBERS - 1)}`,
  ]);
  const pages: string[][] = [];
  for await (const page of room.pages("group:big#both", "user"))
    if ("results" in page) pages.push(page.results.map((result) => result.id));
  expect(pages).toEqual([[id(0)], [id(MEMBERS - 1)]]);
});

test("a cancel is obeyed between two candidates, without another read", async () => {
  const abort = new AbortController();
  const { store, seen } = watching(createMemoryStore({ now: () => NOW_MS }), () => {
    if (seen.scans === 2) abort.abort(new RelataError("CANCELLED", "the caller left"));
  });
  const room = await openRoom(SCHEMA, [...members(0, "member"), `group:big#active@user:${id(0)}`], store);
  const call = { ...room.call, signal: abort.signal };
  await expect(room.list("group:big#both", "user", { call })).rejects.toMatchObject({ reason: "CANCELLED" });
  expect(seen.scans).toBeLessThanOrEqual(3);
});

test("a cancel is obeyed where nothing is read any more", async () => {
  const groups = Array.from({ length: 2000 }, (_, i) => `group:big#member@group:g${id(i)}#member`);
  const room = await openRoom(SCHEMA, groups);
  const abort = new AbortController();
  let found = 0;
  const drained = (async () => {
    for await (const page of room.pages("group:big#member", "group#member", {
      call: { ...room.call, signal: abort.signal },
    })) {
      if ("results" in page) found += page.results.length;
      abort.abort();
    }
  })();
  await expect(drained).rejects.toMatchObject({ reason: "CANCELLED" });
  expect(found).toBe(50);
});

test("a budget that runs out on the way is an error, not a short list", async () => {
  const at = await createTestVerbs({ maxNodes: 20, maxUpdatesPerWrite: 100 });
  await at.write(...Array.from({ length: 30 }, (_, i) => `+group:g${i}#member@group:g${i + 1}#member`));
  await at.write("+group:g30#member@user:ann");
  const found = at.verbs.lookupSubjects(at.call, {
    object: { type: "group", id: "g0" },
    permission: "member",
    subjectType: "user",
    subjectRelation: "",
    context: {},
    contextualTuples: [],
    consistency: { kind: "fully_consistent" },
    limit: 0,
    cursor: "",
    candidateIds: undefined,
    countOnly: false,
  });
  await expect(found[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
});
