import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { openStore } from "../storage/postgres/open.ts";
import {
  listInPages,
  listOf,
  NOW_MS,
  openRooms,
  type Room,
  type Rooms,
  readSubject,
  showResult,
} from "./lookup-resources-room.ts";
import { CASES } from "./lookup-resources-worlds.ts";

const openings = {
  memory: async () => ({ store: createMemoryStore({ now: () => NOW_MS }), close: async () => {} }),
  postgres: () => openStore(),
};

const USERS = `definition user {}
definition document {
  relation viewer: user
  relation banned: user
  permission view = viewer
  permission read = viewer - banned
}`;

/** `d0000`, `d0001` … */
function ids(count: number, prefix = "d"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, "0")}`);
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RelataError) return error.reason;
    throw error;
  }
  return "none";
}

describe.each(["memory", "postgres"] as const)("looking up resources over the %s store", (kind) => {
  let rooms: Rooms;
  let close = async () => {};
  beforeAll(async () => {
    const opened = await openings[kind]();
    rooms = openRooms(opened.store);
    close = opened.close;
  });
  afterAll(() => close());

  describe("every result, once, in order, whatever the page size, and nothing Check does not say", () => {
    test.each(CASES)("$name", async (world) => {
      const room = await rooms.enter(world);
      const named = new Set([...world.tuples, ...(world.contextual ?? [])].flatMap(idsNamedBy));
      for (const [question, expected] of Object.entries(world.answers)) {
        const [place = "", subject = ""] = question.split(" @ ");
        const ask = (more: object) => room.ask(place, subject, more);
        expect(await listOf(ask({})), question).toEqual(expected);
        for (const limit of [1, 2, 7]) expect(await listInPages(ask.bind(null), limit), question).toEqual(expected);
        const candidateIds = [...named, readSubject(subject).id, "unheard"];
        expect(await listOf(ask({ candidateIds })), question).toEqual(expected);
        expect(await checkEach(room, place, subject, candidateIds), question).toEqual(expected);
        expect(await countOf(room, place, subject, {}), question).toMatchObject({
          allowed: expected.filter((result) => !result.includes(" if ")).length,
          conditional: expected.filter((result) => result.includes(" if ")).length,
          capped: false,
        });
      }
    });
  });

  test("no result is lost where a page, or a batch of the store, ends inside an id (CVE-2025-65111)", async () => {
    const documents = ids(150);
    const room = await rooms.enter({
      schema: `definition user {}
definition folder {
  relation viewer: user
  relation owner: user
}
definition document {
  relation folder: folder | folder#viewer | folder#owner
  permission view = folder->viewer
}`,
      tuples: [
        "folder:f#viewer@user:anne",
        "folder:g#viewer@user:anne",
        ...documents.flatMap((id) =>
          ["f", "f#viewer", "f#owner", "g", "g#viewer"].map((folder) => `document:${id}#folder@folder:${folder}`),
        ),
      ],
    });
    expect(await listOf(room.ask("document#view", "user:anne"))).toEqual(documents);
    for (const limit of [1, 7, 64])
      expect(await listInPages((page) => room.ask("document#view", "user:anne", page), limit)).toEqual(documents);
  });

  test("a cursor stays at its revision while writes go on: nothing new, nothing lost", async () => {
    const documents = ids(60);
    const room = await rooms.enter({
      schema: USERS,
      tuples: documents.map((id) => `document:${id}#viewer@user:anne`),
    });
    for (const place of ["document#view", "document#read"]) {
      let writes = 0;
      const seen = await listInPages((page) => {
        const lines = [`document:e${writes}#viewer@user:anne`, `-document:${documents[40]}#viewer@user:anne`];
        if (page.cursor !== "") writes += 1;
        return writingBefore(room, page.cursor === "" ? [] : lines, () => room.ask(place, "user:anne", page));
      }, 7);
      expect(seen).toEqual(documents);
      expect(writes).toBe(8);
      const now = await listOf(room.ask(place, "user:anne"));
      expect(now).toHaveLength(documents.length - 1 + writes);
      await room.write(`document:${documents[40]}#viewer@user:anne`);
      await room.write(...ids(writes, "").map((id) => `-document:e${Number(id)}#viewer@user:anne`));
    }
  });

  test("candidates are looked at each once, in order, and nothing else is", async () => {
    const room = await rooms.enter({
      schema: USERS,
      tuples: ids(20).map((id) => `document:${id}#viewer@user:anne`),
    });
    const some = { candidateIds: ["d0003", "zzz", "d0001", "d0003", "a"] };
    expect(await listOf(room.ask("document#view", "user:anne", some))).toEqual(["d0001", "d0003"]);
    expect(await listOf(room.ask("document#view", "user:anne", { candidateIds: [] }))).toEqual([]);
    expect(await listInPages((page) => room.ask("document#view", "user:anne", { ...some, ...page }), 1)).toEqual([
      "d0001",
      "d0003",
    ]);
  });

  test("counts to the limit, and says when there are more", async () => {
    const room = await rooms.enter({
      schema: USERS,
      tuples: [
        ...ids(100).map((id) => `document:${id}#viewer@user:anne`),
        ...ids(10).map((id) => `document:${id}#banned@user:anne`),
      ],
    });
    expect(await countOf(room, "document#view", "user:anne", {})).toMatchObject({ allowed: 100, capped: false });
    expect(await countOf(room, "document#read", "user:anne", {})).toMatchObject({ allowed: 90, capped: false });
    expect(await countOf(room, "document#read", "user:anne", { limit: 90 })).toMatchObject({
      allowed: 90,
      capped: false,
    });
    expect(await countOf(room, "document#read", "user:anne", { limit: 89 })).toMatchObject({
      allowed: 89,
      capped: true,
    });
  });

  test("the first results come before the rest is read, and a caller that stops asking stops the reading", async () => {
    const room = await rooms.enter({
      schema: USERS,
      tuples: ids(3000).map((id) => `document:${id}#viewer@user:anne`),
    });
    for (const place of ["document#view", "document#read"]) {
      const pages = room.ask(place, "user:anne")[Symbol.asyncIterator]();
      const before = rooms.reads.count;
      const first = await pages.next();
      expect(first.done).toBe(false);
      // The scan of the documents, and the Check of the first few.
      expect(rooms.reads.count - before).toBeLessThanOrEqual(3);
      await pages.return?.();
      const after = rooms.reads.count;
      await new Promise((resolve) => setImmediate(resolve));
      expect(rooms.reads.count).toBe(after);
      expect(await pages.next()).toMatchObject({ done: true });
    }
  });

  test("Check does not look again for what the search has found on its way", async () => {
    const room = await rooms.enter({
      schema: `definition user {}
definition group { relation member: user | group#member }
definition document {
  relation viewer: group#member
  relation banned: user
  permission read = viewer - banned
}`,
      tuples: [
        "group:g0#member@user:anne",
        ...Array.from({ length: 9 }, (_, i) => `group:g${i + 1}#member@group:g${i}#member`),
        ...ids(30).map((id) => `document:${id}#viewer@group:g9#member`),
      ],
    });
    const before = rooms.reads.count;
    expect(await listOf(room.ask("document#read", "user:anne"))).toEqual(ids(30));
    // Eleven rounds from the user to the last group, one for the documents, and one for all their Checks.
    expect(rooms.reads.count - before).toBe(13);
  });

  test("a cancelled call ends with the signal's reason, and reads nothing more", async () => {
    const room = await rooms.enter({
      schema: USERS,
      tuples: ids(3000).map((id) => `document:${id}#viewer@user:anne`),
    });
    const controller = new AbortController();
    const pages = room.ask("document#read", "user:anne", { signal: controller.signal })[Symbol.asyncIterator]();
    await pages.next();
    const rest = (async () => {
      while ((await pages.next()).done !== true);
    })();
    controller.abort(new RelataError("CANCELLED", "the caller has gone"));
    await expect(rest).rejects.toMatchObject({ reason: "CANCELLED" });
    const after = rooms.reads.count;
    await new Promise((resolve) => setImmediate(resolve));
    expect(rooms.reads.count).toBe(after);
  });

  test("a cursor that is no cursor of this question is an error and nothing worse (GHSA-vhvq-fv9f-wh4q)", async () => {
    const world = { schema: USERS, tuples: ids(5).map((id) => `document:${id}#viewer@user:anne`) };
    const [room, other] = [await rooms.enter(world), await rooms.enter(world)];
    const cursor = await firstCursor(room);
    const foreign = await firstCursor(other);
    const spoilt = [
      "nonsense",
      "AAAA",
      `${cursor}A`,
      cursor.slice(0, -2),
      cursor.slice(0, 10),
      "*".repeat(9000),
      cursor.replace(/^./, (c) => (c === "A" ? "B" : "A")),
      foreign,
    ];
    for (const wrong of spoilt)
      expect(await reasonOf(listOf(room.ask("document#view", "user:anne", { cursor: wrong }))), wrong).toBe(
        "INVALID_CURSOR",
      );
    const asOther = [
      room.ask("document#read", "user:anne", { cursor }),
      room.ask("document#view", "user:bob", { cursor }),
      room.ask("document#view", "user:anne", { cursor, candidateIds: ["d0001"] }),
      room.ask("document#view", "user:anne", { cursor, context: { tag: "red" } }),
      room.ask("document#view", "user:anne", { cursor, countOnly: true }),
    ];
    for (const pages of asOther) expect(await reasonOf(listOf(pages))).toBe("INVALID_CURSOR");
    const both = room.ask("document#view", "user:anne", { cursor, consistency: { kind: "fully_consistent" } });
    expect(await reasonOf(listOf(both))).toBe("INVALID_REQUEST");
    expect(await listOf(room.ask("document#view", "user:anne", { cursor, limit: 2 }))).toEqual(["d0001", "d0002"]);
  });

  test("what cannot be asked of Check cannot be looked up", async () => {
    const room = await rooms.enter({ schema: USERS, tuples: [] });
    const reasons = async (place: string, subject: string, more = {}) =>
      reasonOf(listOf(room.ask(place, subject, more)));
    expect(await reasons("folder#view", "user:anne")).toBe("UNKNOWN_DEFINITION");
    expect(await reasons("document#vew", "user:anne")).toBe("UNKNOWN_RELATION_OR_PERMISSION");
    expect(await reasons("document#view", "robot:r")).toBe("UNKNOWN_DEFINITION");
    expect(await reasons("document#view", "user:anne#member")).toBe("UNKNOWN_RELATION_OR_PERMISSION");
    expect(await reasons("document#view", "user:*")).toBe("WILDCARD_NOT_ALLOWED");
    expect(await reasons("document#view", "user:a b")).toBe("INVALID_SUBJECT");
    expect(await reasons("document#view", "user:anne", { candidateIds: ["ok", "not ok"] })).toBe("INVALID_OBJECT");
    expect(await reasons("document#view", "user:anne", { candidateIds: ids(10_001) })).toBe("TOO_MANY_ITEMS");
  });

  test("a failing caveat ends the stream when its turn comes: after what comes before, and not where enough does", async () => {
    const room = await rooms.enter({
      schema: `caveat fits(n int, d int) { n / d > 1 }
definition user {}
definition document { relation viewer: user | user with fits }`,
      tuples: [
        "document:a#viewer@user:anne",
        'document:b#viewer@user:anne[fits:{"n":4,"d":2}]',
        'document:c#viewer@user:anne[fits:{"n":4,"d":0}]',
        "document:d#viewer@user:anne",
      ],
    });
    const given: string[] = [];
    const whole = (async () => {
      for await (const page of room.ask("document#viewer", "user:anne"))
        if ("results" in page) given.push(...page.results.map(showResult));
    })();
    expect(await reasonOf(whole)).toBe("CAVEAT_EVALUATION_FAILED");
    expect(given).toEqual(["a", "b"]);
    expect(await listOf(room.ask("document#viewer", "user:anne", { limit: 2 }))).toEqual(["a", "b"]);
    expect(await listOf(room.ask("document#viewer", "user:anne", { candidateIds: ["a", "d"] }))).toEqual(["a", "d"]);
  });
});

describe("limits of a lookup", () => {
  const world = {
    schema: `definition user {}
definition group { relation member: user | group#member }
definition document {
  relation viewer: group#member
  relation banned: user
  permission view = viewer - banned
}`,
    tuples: [
      ...ids(30, "g").map((id) => `group:${id}#member@user:anne`),
      ...ids(100).map((id, i) => `document:${id}#viewer@group:${ids(30, "g")[i % 30]}#member`),
    ],
  };

  test("a budget that Check keeps to is enough, however many results there are", async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    const room = await openRooms(store, { maxNodes: 20, maxRows: 20 }).enter(world);
    expect(await listOf(room.ask("document#view", "user:anne"))).toEqual(ids(100));
  });

  test("where even one Check runs out of budget the lookup fails like it", async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    const room = await openRooms(store, { maxNodes: 2 }).enter(world);
    expect(await reasonOf(listOf(room.ask("document#view", "user:anne")))).toBe("BUDGET_EXHAUSTED");
  });

  test("what lies between subject and results is bounded; the results are not", async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    const enough = await openRooms(store, { maxLookupRows: 30 }).enter(world);
    expect(await listOf(enough.ask("document#view", "user:anne"))).toHaveLength(100);
    const short = await openRooms(store, { maxLookupRows: 29 }).enter(world);
    expect(await reasonOf(listOf(short.ask("document#view", "user:anne")))).toBe("BUDGET_EXHAUSTED");
    expect(await listOf(short.ask("document#view", "user:anne", { candidateIds: ["d0001"] }))).toEqual(["d0001"]);
  });

  test("25,000 results that were all met on the way come in order, from any cursor on", async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    // Met in another order than theirs: 7,919 and 25,000 have no common divisor.
    const groups = Array.from({ length: 25_000 }, (_, i) => `g${String((i * 7919) % 25_000).padStart(5, "0")}`);
    const room = await openRooms(store).enter({
      ...world,
      tuples: groups.map((id) => `group:${id}#member@user:anne`),
    });
    const sorted = groups.toSorted();
    expect(await listOf(room.ask("group#member", "user:anne"))).toEqual(sorted);
    expect(await listInPages((page) => room.ask("group#member", "user:anne", page), 9999)).toEqual(sorted);
  });

  test("a source in memory lets a cancel through within 100 ms", async () => {
    const store = createMemoryStore({ now: () => NOW_MS });
    const chain = Array.from({ length: 30_000 }, (_, i) => `group:g${i + 1}#member@group:g${i}#member`);
    const room = await openRooms(store).enter({ ...world, tuples: ["group:g0#member@user:anne", ...chain] });
    const controller = new AbortController();
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      controller.abort(new RelataError("CANCELLED", "the caller has gone"));
    }, 20);
    const pages = room.ask("group#member", "user:anne", { signal: controller.signal });
    expect(await reasonOf(listOf(pages))).toBe("CANCELLED");
    expect(performance.now() - abortedAt).toBeLessThan(100);
  });
});

function idsNamedBy(tuple: string): string[] {
  return [...tuple.matchAll(/[a-z]+:([a-z0-9]+)/g)].flatMap((match) => match[1] ?? []);
}

/** What Check says of every id, as results. */
async function checkEach(room: Room, place: string, subject: string, among: readonly string[]): Promise<string[]> {
  const [type = "", permission = ""] = place.split("#");
  const { context = {}, contextual = [] } = room.world;
  const shown: string[] = [];
  for (const id of [...new Set(among)].sort()) {
    const outcome = await room.verbs.check(room.call, {
      object: { type, id },
      permission,
      subject: readSubject(subject),
      context,
      contextualTuples: contextual.map(parseTuple),
      consistency: { kind: "fully_consistent" },
    });
    if (outcome.decision.kind !== "denied") shown.push(showResult({ id, ...outcome }));
  }
  return shown;
}

async function countOf(room: Room, place: string, subject: string, asked: { readonly limit?: number }) {
  for await (const page of room.ask(place, subject, { ...asked, countOnly: true })) {
    if ("count" in page) return page.count;
  }
  throw new Error("no count");
}

async function firstCursor(room: Room): Promise<string> {
  for await (const page of room.ask("document#view", "user:anne", { limit: 1 })) {
    if (!("results" in page)) continue;
    const [first] = page.results;
    if (first !== undefined) return page.cursorAfter(first);
  }
  throw new Error("no result");
}

async function* writingBefore<T>(room: Room, lines: readonly string[], then: () => AsyncIterable<T>): AsyncIterable<T> {
  await room.write(...lines);
  yield* then();
}
