import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import type { ReadTuplesRequest } from "../../src/service/read-tuples.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { createTestVerbs, type TestVerbs, writeRequest } from "../support/server-verbs.ts";

const FULLY = { kind: "fully_consistent" } as const;

async function readAll({ verbs, call }: TestVerbs, request: Partial<ReadTuplesRequest> = {}) {
  const found: { readonly text: string; readonly cursor: string }[] = [];
  const cursored = request.cursor !== undefined && request.cursor !== "";
  const all = { filter: {}, consistency: cursored ? undefined : FULLY, limit: 0, cursor: "", ...request };
  for await (const { tuples, cursorAfter } of verbs.readTuples(call, all))
    for (const tuple of tuples) found.push({ text: formatTuple(tuple), cursor: cursorAfter(tuple) });
  return found;
}

describe("read", () => {
  const ids = ["01", "02", "03", "04", "05", "06", "07", "08", "09"];
  const texts = ids.map((id) => `document:${id}#viewer@user:anne`);

  test("pages of any size and cursors at any place give each tuple once, in order", async () => {
    for (const maxReadPage of [1, 2, 4, 9, 100]) {
      const at = await createTestVerbs({ maxReadPage });
      await at.write(...texts.map((text) => `+${text}`));
      const all = await readAll(at);
      expect(all.map(({ text }) => text)).toEqual(texts);
      for (const [index, { cursor }] of all.entries())
        expect((await readAll(at, { cursor })).map(({ text }) => text)).toEqual(texts.slice(index + 1));
      for (const limit of [1, 4, 8, 9, 10])
        expect((await readAll(at, { limit })).map(({ text }) => text)).toEqual(texts.slice(0, limit));
    }
  });

  test("a cursor stays at its revision, whatever is written meanwhile", async () => {
    const at = await createTestVerbs();
    await at.write(...texts.map((text) => `+${text}`));
    const [first] = await readAll(at, { limit: 1 });
    await at.write("-document:03#viewer@user:anne", "+document:035#viewer@user:anne");
    expect((await readAll(at, { cursor: first?.cursor ?? "" })).map(({ text }) => text)).toEqual(texts.slice(1));
  });

  test("a cursor with another filter, or together with a consistency, is refused", async () => {
    const at = await createTestVerbs();
    await at.write(...texts.map((text) => `+${text}`));
    const [first] = await readAll(at, { limit: 1 });
    const cursor = first?.cursor ?? "";
    await expect(readAll(at, { cursor, filter: { objectType: "document" } })).rejects.toMatchObject({
      reason: "INVALID_CURSOR",
      message: expect.stringContaining("another filter"),
    });
    await expect(readAll(at, { cursor, consistency: FULLY })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await expect(readAll(at, { cursor: `${cursor}A` })).rejects.toMatchObject({ reason: "INVALID_CURSOR" });
  });

  test("a filter that could never select anything is a mistake, not an empty answer", async () => {
    const at = await createTestVerbs();
    for (const [filter, reason] of [
      [{ objectType: "dokument" }, "UNKNOWN_DEFINITION"],
      [{ subjectType: "dokument" }, "UNKNOWN_DEFINITION"],
      [{ objectType: "folder", relation: "banned" }, "UNKNOWN_RELATION_OR_PERMISSION"],
      [{ relation: "nothing" }, "UNKNOWN_RELATION_OR_PERMISSION"],
      [{ objectType: "document", relation: "view" }, "INVALID_REQUEST"],
      [{ subjectType: "group", subjectRelation: "admin" }, "UNKNOWN_RELATION_OR_PERMISSION"],
    ] as const)
      await expect(readAll(at, { filter })).rejects.toMatchObject({ reason });
  });
});

describe("write", () => {
  test("a schema that moves between validation and commit is validated again", async () => {
    let moved = false;
    const at = await createTestVerbs({}, (store) => ({
      ...store,
      tuples: {
        ...store.tuples,
        write: async (tenant, request) => {
          if (!moved) {
            moved = true;
            const text = `${DOCUMENTS_SCHEMA}definition extra {}\n`;
            const origin = { actor: "other", requestId: "other" };
            await store.schemas.write(tenant, { text, expectedVersion: 1, strands: [], origin });
          }
          return store.tuples.write(tenant, request);
        },
      },
    }));
    await at.write("+document:1#viewer@user:anne");
    expect(moved).toBe(true);
    expect(await readAll(at)).toHaveLength(1);
  });

  test("and is refused by the schema that took over", async () => {
    let moved = false;
    const at = await createTestVerbs({}, (store) => ({
      ...store,
      tuples: {
        ...store.tuples,
        write: async (tenant, request) => {
          if (!moved) {
            moved = true;
            const origin = { actor: "other", requestId: "other" };
            await store.schemas.write(tenant, { text: "definition user {}", expectedVersion: 1, strands: [], origin });
          }
          return store.tuples.write(tenant, request);
        },
      },
    }));
    await expect(at.write("+document:1#viewer@user:anne")).rejects.toMatchObject({ reason: "UNKNOWN_DEFINITION" });
  });

  test("a conflict that does not end is given up", async () => {
    let tries = 0;
    const at = await createTestVerbs({}, (store) => ({
      ...store,
      tuples: {
        ...store.tuples,
        write: () => {
          tries += 1;
          return Promise.reject(new RelataError("WRITE_CONFLICT", "moved"));
        },
      },
    }));
    await expect(at.write("+document:1#viewer@user:anne")).rejects.toMatchObject({ reason: "WRITE_CONFLICT" });
    expect(tries).toBe(4);
  });

  test("what a stale schema refuses is tried with the newest before it is said", async () => {
    const at = await createTestVerbs({ maxStalenessMs: 1_000_000 });
    await at.verbs.check(at.call, { ...QUESTION, consistency: FULLY });
    const text = `${DOCUMENTS_SCHEMA}definition note {\n  relation reader: user\n}\n`;
    // Another process writes the schema: this one has the old head in memory.
    const origin = { actor: "other", requestId: "other" };
    await at.store.schemas.write(at.tenant, { text, expectedVersion: 1, strands: [], origin });
    await at.write("+note:1#reader@user:anne");
    await expect(at.write("+note:1#writer@user:anne")).rejects.toMatchObject({
      reason: "UNKNOWN_RELATION_OR_PERMISSION",
    });
  });

  test("the same key and meaning replays, in whatever order it is said; another meaning is refused", async () => {
    const at = await createTestVerbs();
    const updates = ["+document:1#viewer@user:anne", "+document:1#viewer@user:bob"];
    const write = (key: string, ...texts: readonly string[]) =>
      at.verbs.writeTuples(at.call, { ...writeRequest(...texts), idempotencyKey: key });
    const first = await write("key", ...updates);
    expect(first.replayed).toBe(false);
    expect(await write("key", ...updates)).toEqual({ ...first, replayed: true });
    expect(await write("key", ...updates.toReversed())).toEqual({ ...first, replayed: true });
    await expect(write("key", "+document:1#viewer@user:carl")).rejects.toMatchObject({
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    await expect(write("other", ...updates)).rejects.toMatchObject({ reason: "TUPLE_ALREADY_EXISTS" });
  });

  test("a replay is answered even where the schema would refuse the tuples now", async () => {
    const at = await createTestVerbs();
    const request = { ...writeRequest("~folder:1#viewer@user:anne"), idempotencyKey: "key" };
    const first = await at.verbs.writeTuples(at.call, request);
    await at.write("-folder:1#viewer@user:anne");
    await at.verbs.writeSchema(at.call, { text: "definition user {}", expectedVersion: undefined });
    expect(await at.verbs.writeTuples(at.call, request)).toEqual({ ...first, replayed: true });
    await expect(at.verbs.writeTuples(at.call, { ...request, idempotencyKey: "new" })).rejects.toMatchObject({
      reason: "UNKNOWN_DEFINITION",
    });
  });

  test.each([
    [
      "updates",
      { updates: Array.from({ length: 11 }, (_, i) => writeRequest(`+document:${i}#viewer@user:anne`).updates[0]) },
    ],
    [
      "preconditions",
      {
        preconditions: Array.from({ length: 4 }, () => ({ expect: "must_match", filter: { objectType: "document" } })),
      },
    ],
  ])("too many %s are refused with both numbers", async (field, more) => {
    const at = await createTestVerbs();
    const request = { ...writeRequest("+document:1#viewer@user:anne"), ...more } as Parameters<
      typeof at.verbs.writeTuples
    >[1];
    await expect(at.verbs.writeTuples(at.call, request)).rejects.toMatchObject({
      reason: "TOO_MANY_ITEMS",
      metadata: { field },
    });
  });
});

describe("delete", () => {
  test("a replay is answered even where the schema has no such type any more", async () => {
    const at = await createTestVerbs();
    await at.write("+folder:1#viewer@user:anne");
    const request = {
      filter: { objectType: "folder" },
      preconditions: [],
      limit: 0,
      allowPartial: false,
      idempotencyKey: "key",
    };
    const first = await at.verbs.deleteTuples(at.call, request);
    expect(first.deleted).toBe(1);
    await at.verbs.writeSchema(at.call, { text: "definition user {}", expectedVersion: undefined });
    expect(await at.verbs.deleteTuples(at.call, request)).toEqual({ ...first, replayed: true });
    await expect(at.verbs.deleteTuples(at.call, { ...request, idempotencyKey: "new" })).rejects.toMatchObject({
      reason: "UNKNOWN_DEFINITION",
    });
  });

  test("more than the limit is refused, or done in part when that is wanted, until complete", async () => {
    const at = await createTestVerbs();
    await at.write(...Array.from({ length: 7 }, (_, i) => `+document:${i}#viewer@user:anne`));
    const request = {
      filter: { objectType: "document" },
      preconditions: [],
      limit: 0,
      allowPartial: false,
      idempotencyKey: "",
    };
    await expect(at.verbs.deleteTuples(at.call, request)).rejects.toMatchObject({
      reason: "TOO_MANY_TUPLES_TO_DELETE",
    });
    const partial = { ...request, allowPartial: true };
    expect(await at.verbs.deleteTuples(at.call, partial)).toMatchObject({ deleted: 5, complete: false });
    expect(await at.verbs.deleteTuples(at.call, partial)).toMatchObject({ deleted: 2, complete: true });
    expect(await readAll(at)).toEqual([]);
  });

  test("the same key replays its count", async () => {
    const at = await createTestVerbs();
    await at.write("+document:1#viewer@user:anne");
    const request = {
      filter: { objectType: "document" },
      preconditions: [],
      limit: 0,
      allowPartial: false,
      idempotencyKey: "k",
    };
    const first = await at.verbs.deleteTuples(at.call, request);
    expect(first).toMatchObject({ deleted: 1, replayed: false });
    await at.write("+document:1#viewer@user:anne");
    expect(await at.verbs.deleteTuples(at.call, request)).toEqual({ ...first, replayed: true });
    expect(await readAll(at)).toHaveLength(1);
  });
});

const QUESTION = {
  object: { type: "document", id: "1" },
  permission: "view",
  subject: { type: "user", id: "anne", relation: "" },
};

describe("batch check", () => {
  test("each item has its own result; a question asked twice is solved once; all in one round", async () => {
    const at = await createTestVerbs();
    await at.write("+document:1#viewer@user:anne");
    const bob = { ...QUESTION, subject: { type: "user", id: "bob", relation: "" } };
    const bad = { ...QUESTION, permission: "nothing" };
    const wrong = new RelataError("INVALID_OBJECT", "of the edge");
    const items = [QUESTION, bob, bad, QUESTION, wrong];
    const { results, work } = await at.verbs.batchCheck(at.call, { items, consistency: FULLY });
    expect(results.map((result) => (result instanceof RelataError ? result.reason : result.decision.kind))).toEqual([
      "allowed",
      "denied",
      "UNKNOWN_RELATION_OR_PERMISSION",
      "allowed",
      "INVALID_OBJECT",
    ]);
    const twice = await at.verbs.batchCheck(at.call, { items: [QUESTION, bob], consistency: FULLY });
    expect(work).toEqual(twice.work);
  });

  test("an item that is too expensive fails alone", async () => {
    const at = await createTestVerbs({ maxNodes: 12, maxUpdatesPerWrite: 1000 });
    const chain = Array.from({ length: 40 }, (_, i) => `+group:${i}#member@group:${i + 1}#member`);
    await at.write("+document:1#viewer@user:anne", "+document:2#viewer@group:0#member", ...chain);
    const deep = { ...QUESTION, object: { type: "document", id: "2" } };
    const { results } = await at.verbs.batchCheck(at.call, { items: [deep, QUESTION], consistency: FULLY });
    expect(results.map((result) => (result instanceof RelataError ? result.reason : result.decision.kind))).toEqual([
      "BUDGET_EXHAUSTED",
      "allowed",
    ]);
    await expect(at.verbs.check(at.call, { ...deep, consistency: FULLY })).rejects.toMatchObject({
      reason: "BUDGET_EXHAUSTED",
    });
  });

  test("an empty batch is answered with a token", async () => {
    const at = await createTestVerbs();
    expect(await at.verbs.batchCheck(at.call, { items: [], consistency: FULLY })).toMatchObject({ results: [] });
  });
});
