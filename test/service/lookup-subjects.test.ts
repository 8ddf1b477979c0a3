import { describe, expect, test } from "vitest";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { createTestVerbs } from "../support/server-verbs.ts";
import { openRoom, type Room } from "./lookup-subjects-room.ts";

const SCHEMA = `use expiration
use self
caveat at_work(hour int) { hour >= 9 && hour < 17 }
caveat share(part int, of int) { part / of < 2 }
definition user {
  relation delegate: user
  relation anyone: user:*
  permission act = self + delegate
  permission others = anyone - self
  permission alien = delegate - self
}
definition group {
  relation member: user | user:* | group#member | user with at_work | user with expiration
}
definition folder {
  relation parent: folder
  relation reader: user | group#member
  permission read = reader + parent->read
}
definition document {
  relation folder: folder | folder#parent | group
  relation viewer: user | user:* | group#member | user with at_work | user with share | group#member with at_work
  relation active: user | user:*
  relation banned: user | group#member | user with expiration
  permission view = viewer + folder->read
  permission allowed = (viewer - banned) & active
  permission all_read = folder.all(read)
}`;

describe("named subjects", () => {
  test("each once, in order, with the best of all ways", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@user:ann[at_work:{}]",
      "document:d#viewer@group:eng#member",
      "document:d#viewer@user:zoe",
      "group:eng#member@user:ann",
      "group:eng#member@user:bob[at_work]",
      "group:eng#member@group:ops#member",
      "group:ops#member@user:bob[at_work]",
      "group:ops#member@user:cid",
      "document:d#folder@folder:f",
      "folder:f#reader@user:cid",
    ]);
    expect(await room.list("document:d#view", "user")).toEqual(["ann", "bob?hour", "cid", "zoe"]);
    expect(await room.list("document:d#view", "user", { context: { hour: 10 } })).toEqual(["ann", "bob", "cid", "zoe"]);
    expect(await room.list("document:d#view", "user", { context: { hour: 20 } })).toEqual(["ann", "cid", "zoe"]);
  });

  test("CVE-2024-32001: an arrow whose relation has subjects with and without a relation finds those of both", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#folder@folder:plain",
      "document:d#folder@folder:through#parent",
      "folder:plain#reader@user:ann",
      "folder:through#reader@user:bob",
    ]);
    expect(await room.list("document:d#view", "user")).toEqual(["ann", "bob"]);
  });

  test("CVE-2024-32001: a group on several ways is followed on every one of them", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@group:eng#member",
      "document:d#banned@group:eng#member",
      "document:d#folder@folder:f",
      "folder:f#reader@group:eng#member",
      "group:eng#member@user:ann",
      "document:d#active@user:ann",
    ]);
    expect(await room.list("document:d#view", "user")).toEqual(["ann"]);
    expect(await room.list("document:d#allowed", "user")).toEqual([]);
  });

  test("`.all` over an object without the target holds nobody", async () => {
    const room = await openRoom(SCHEMA, ["document:d#folder@folder:f", "folder:f#reader@user:ann"]);
    expect(await room.list("document:d#all_read", "user")).toEqual(["ann"]);
    await room.write("document:d#folder@group:g");
    expect(await room.list("document:d#all_read", "user")).toEqual([]);
    expect(await room.list("document:nothing#all_read", "user")).toEqual([]);
  });

  test("a kind of subject that can never be there is an empty answer", async () => {
    const room = await openRoom(SCHEMA, ["document:d#viewer@user:ann"]);
    expect(await room.list("document:d#view", "document")).toEqual([]);
    expect(await room.list("document:d#view", "document#banned")).toEqual([]);
  });

  test("expired tuples name nobody, and an answer ends with the tuples it rests on", async () => {
    const room = await openRoom(SCHEMA, [
      "group:g#member@user:ann[expiration:2030-01-01T00:00:00Z]",
      "group:g#member@user:bob[expiration:2030-01-02T00:00:00Z]",
      "group:g#member@user:cid",
    ]);
    const results = await room.results("group:g#member", "user");
    expect(results.map(({ id, expiresAtMs }) => [id, expiresAtMs])).toEqual([
      ["bob", Date.parse("2030-01-02T00:00:00Z")],
      ["cid", undefined],
    ]);
  });

  test("contextual tuples add, and take the place of stored ones", async () => {
    const room = await openRoom(SCHEMA, ["document:d#viewer@user:ann", "document:d#viewer@user:bob"]);
    const contextualTuples = [
      "document:d#viewer@user:ann[at_work]",
      "document:d#viewer@group:eng#member",
      "group:eng#member@user:zoe",
    ].map(parseTuple);
    expect(await room.list("document:d#view", "user", { contextualTuples })).toEqual(["ann?hour", "bob", "zoe"]);
    expect(await room.list("document:d#view", "user")).toEqual(["ann", "bob"]);
  });

  test("a caveat that fails ends the stream, after what came before", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@user:ann",
      'document:d#viewer@user:bob[share:{"part":1,"of":0}]',
      "document:d#viewer@user:cid",
    ]);
    const found: string[] = [];
    const drained = (async () => {
      for await (const page of room.pages("document:d#view", "user"))
        if ("results" in page) found.push(...page.results.map(({ id }) => id));
    })();
    await expect(drained).rejects.toMatchObject({ reason: "CAVEAT_EVALUATION_FAILED" });
    expect(found).toEqual(["ann"]);
    // Behind what is true anyway a failure does not matter.
    await room.write("document:d#viewer@group:eng#member", "group:eng#member@user:bob");
    expect(await room.list("document:d#view", "user")).toEqual(["ann", "bob", "cid"]);
  });
});

describe("wildcards", () => {
  test("CVE-2026-61709: who is excluded under a wildcard is told, under an intersection as well", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@user:*",
      "document:d#active@user:*",
      "document:d#banned@user:bob",
      "document:d#banned@group:bad#member",
      "group:bad#member@user:cid",
    ]);
    expect(await room.list("document:d#allowed", "user")).toEqual(["*", "!bob", "!cid"]);
    await room.delete("document:d#active@user:*");
    await room.write("document:d#active@user:ann", "document:d#active@user:bob");
    expect(await room.list("document:d#allowed", "user")).toEqual(["ann"]);
  });

  test("subjects that are named beside the wildcard have a decision of their own", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@user:*",
      "document:d#active@user:*",
      "document:d#viewer@user:ann",
      "document:d#banned@user:bob[expiration:2030-01-02T00:00:00Z]",
    ]);
    const results = await room.results("document:d#allowed", "user");
    expect(results.map(({ id, decision, expiresAtMs }) => [id, decision.kind, expiresAtMs])).toEqual([
      ["*", "allowed", undefined],
      ["ann", "allowed", undefined],
      ["bob", "denied", Date.parse("2030-01-02T00:00:00Z")],
    ]);
  });

  test("`*` is no candidate, and no result for subjects with a relation", async () => {
    const room = await openRoom(SCHEMA, ["document:d#viewer@group:eng#member", "group:eng#member@user:*"]);
    expect(await room.list("document:d#view", "user")).toEqual(["*"]);
    expect(await room.list("document:d#view", "group#member")).toEqual(["eng"]);
    expect(await room.list("document:d#view", "user", { candidateIds: ["zoe", "ann"] })).toEqual(["ann", "zoe"]);
    await expect(room.list("document:d#view", "user", { candidateIds: ["ann", "*"] })).rejects.toMatchObject({
      reason: "WILDCARD_NOT_ALLOWED",
      metadata: { field: "candidate_ids[1]" },
    });
  });

  test("everybody in a group is everybody, behind an exclusion too", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@group:eng#member",
      "group:eng#member@group:all#member",
      "group:all#member@user:*",
      "document:d#active@user:*",
      "document:d#banned@user:bob",
    ]);
    expect(await room.list("document:d#view", "user")).toEqual(["*"]);
    expect(await room.list("document:d#allowed", "user")).toEqual(["*", "!bob"]);
  });

  test("an id that sorts before `*` comes after it", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@user:*",
      "document:d#viewer@user:!a",
      "document:d#viewer@user:+b",
    ]);
    expect(await room.list("document:d#view", "user")).toEqual(["*", "!a", "+b"]);
    const [wildcard, first] = await room.results("document:d#view", "user", { limit: 2 });
    expect(await room.list("document:d#view", "user", { cursor: wildcard?.cursor ?? "" })).toEqual(["!a", "+b"]);
    expect(await room.list("document:d#view", "user", { cursor: first?.cursor ?? "" })).toEqual(["+b"]);
  });
});

describe("objects that are subjects", () => {
  test("groups within groups, and the group itself", async () => {
    const room = await openRoom(SCHEMA, [
      "document:d#viewer@group:eng#member",
      "group:eng#member@group:ops#member",
      "group:ops#member@group:eng#member",
      "document:d#viewer@group:qa#member[at_work]",
      "group:qa#member@group:qb#member",
    ]);
    expect(await room.list("document:d#view", "group#member")).toEqual(["eng", "ops", "qa?hour", "qb?hour"]);
    expect(await room.list("group:alone#member", "group#member")).toEqual(["alone"]);
    expect(await room.list("document:d#viewer", "document#viewer")).toEqual(["d"]);
  });

  test("`self` is the object where its type is asked for", async () => {
    const room = await openRoom(SCHEMA, ["user:ann#delegate@user:bob", "user:ann#anyone@user:*"]);
    expect(await room.list("user:ann#act", "user")).toEqual(["ann", "bob"]);
    expect(await room.list("user:ann#act", "group")).toEqual([]);
    expect(await room.list("user:ann#others", "user")).toEqual(["*", "!ann"]);
    // Ann has the very tuple that bob has, and is herself.
    await room.write("user:ann#delegate@user:ann");
    expect(await room.list("user:ann#alien", "user")).toEqual(["bob"]);
  });
});

describe("pages", () => {
  const TUPLES = [
    "document:d#viewer@user:*",
    "document:d#active@user:*",
    ...["a", "b", "c", "d", "e", "f", "g", "h"].map((id) => `document:d#viewer@user:${id}`),
    ...["b", "e", "x"].map((id) => `document:d#banned@user:${id}`),
  ];
  const ALL = ["*", "a", "!b", "c", "d", "!e", "f", "g", "h", "!x"];
  const inPages = async (room: Room, limit: number, between: () => Promise<void> = async () => {}) => {
    const all: string[] = [];
    for (let cursor = ""; ; ) {
      const results = await room.results("document:d#allowed", "user", { limit, cursor });
      all.push(...results.map(({ id, decision }) => (decision.kind === "denied" ? `!${id}` : id)));
      cursor = results.at(-1)?.cursor ?? "";
      if (results.length < limit) return all;
      await between();
    }
  };

  test("of any size are the whole, each subject once", async () => {
    const room = await openRoom(SCHEMA, TUPLES);
    expect(await room.list("document:d#allowed", "user")).toEqual(ALL);
    for (const limit of [1, 2, 7, 10, 11]) expect(await inPages(room, limit)).toEqual(ALL);
  });

  test("a cursor stays at its revision, whatever is written meanwhile", async () => {
    const room = await openRoom(SCHEMA, TUPLES);
    let round = 0;
    const write = async () => {
      round += 1;
      await room.write(`document:d#banned@user:y${round}`, `document:d#viewer@user:z${round}`);
      await room.delete("document:d#viewer@user:g", "document:d#active@user:*", `document:d#banned@user:x`);
    };
    expect(await inPages(room, 2, write)).toEqual(ALL);
    expect(await room.list("document:d#allowed", "user")).toEqual([]);
  });

  test("a cursor of another question, or with a consistency, is refused", async () => {
    const room = await openRoom(SCHEMA, TUPLES);
    const [first] = await room.results("document:d#allowed", "user", { limit: 1 });
    const cursor = first?.cursor ?? "";
    const others = [
      room.list("document:d#view", "user", { cursor }),
      room.list("document:e#allowed", "user", { cursor }),
      room.list("document:d#allowed", "group", { cursor }),
      room.list("document:d#allowed", "user", { cursor, context: { hour: 1 } }),
      room.list("document:d#allowed", "user", { cursor, contextualTuples: [parseTuple("document:d#viewer@user:k")] }),
      room.list("document:d#allowed", "user", { cursor, candidateIds: ["a"] }),
    ];
    for (const other of others) await expect(other).rejects.toMatchObject({ reason: "INVALID_CURSOR" });
    const consistency = { kind: "fully_consistent" } as const;
    await expect(room.list("document:d#allowed", "user", { cursor, consistency })).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
    });
  });

  test("counts are those of the results, up to a limit", async () => {
    const room = await openRoom(SCHEMA, [...TUPLES, "document:d#active@user:k", "document:p#viewer@user:q[at_work]"]);
    const count = async (question: string, limit: number) => {
      for await (const page of room.pages(question, "user", { countOnly: true, limit }))
        if ("count" in page) return page.count;
      return undefined;
    };
    const wildcard = { kind: "allowed" };
    const whole = { allowed: 7, conditional: 0, excluded: 3, wildcard, capped: false };
    expect(await count("document:d#allowed", 0)).toEqual(whole);
    expect(await count("document:d#allowed", 10)).toEqual(whole);
    expect(await count("document:d#allowed", 4)).toEqual({
      allowed: 3,
      conditional: 0,
      excluded: 1,
      wildcard,
      capped: true,
    });
    expect(await count("document:p#view", 0)).toEqual({
      allowed: 0,
      conditional: 1,
      excluded: 0,
      wildcard: undefined,
      capped: false,
    });
  });

  test("candidates are decided alone, sorted and each once, in pages too", async () => {
    const room = await openRoom(SCHEMA, TUPLES);
    const candidateIds = ["x", "stranger", "c", "b", "c", "a"];
    const ask = (limit: number, cursor: string) =>
      room.results("document:d#allowed", "user", { candidateIds, limit, cursor });
    expect((await ask(0, "")).map(({ id }) => id)).toEqual(["a", "c", "stranger"]);
    const [first] = await ask(1, "");
    expect(first?.id).toBe("a");
    expect((await ask(0, first?.cursor ?? "")).map(({ id }) => id)).toEqual(["c", "stranger"]);
    expect(await room.list("document:d#allowed", "user", { candidateIds: [] })).toEqual([]);
    // The same ids in another order are the same question.
    const other = { candidateIds: ["a", "b", "c", "stranger", "x"], cursor: first?.cursor ?? "" };
    expect(await room.list("document:d#allowed", "user", other)).toEqual(["c", "stranger"]);
  });

  test("candidates fail of no budget that a Check of each has", async () => {
    const { call, verbs } = await createTestVerbs({ maxUpdatesPerWrite: 1_000, maxSchemaBytes: 10_000 });
    const text = "definition user {} definition group { relation member: user | group#member }";
    await verbs.writeSchema(call, { text, expectedVersion: undefined });
    // Twenty times 700 nodes; a run has ten times the 1,000 of a Check.
    const tuples = Array.from({ length: 700 }, (_, i) => `group:${i}#member@group:${i + 1}#member`);
    const updates = tuples.map((tuple) => ({ operation: "touch" as const, tuple: parseTuple(tuple) }));
    await verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
    const candidateIds = Array.from({ length: 20 }, (_, i) => `u${i}`);
    const room = await openRoom(SCHEMA, []);
    expect(await room.list("group:0#member", "user", { call, verbs, candidateIds })).toEqual([]);
  });

  test("more candidates than the server allows are refused", async () => {
    const { verbs, call } = await createTestVerbs({ maxCandidates: 20 });
    const room = await openRoom(SCHEMA, []);
    const asked = { call, verbs, candidateIds: Array.from({ length: 21 }, (_, i) => `u${i}`) };
    await expect(room.list("document:d#viewer", "user", asked)).rejects.toMatchObject({ reason: "TOO_MANY_ITEMS" });
  });
});

test("names that do not exist are mistakes, not empty answers", async () => {
  const room = await openRoom(SCHEMA, []);
  for (const [question, kind, reason] of [
    ["dokument:d#view", "user", "UNKNOWN_DEFINITION"],
    ["document:d#look", "user", "UNKNOWN_RELATION_OR_PERMISSION"],
    ["document:d#view", "person", "UNKNOWN_DEFINITION"],
    ["document:d#view", "group#boss", "UNKNOWN_RELATION_OR_PERMISSION"],
  ] as const) {
    await expect(room.list(question, kind)).rejects.toMatchObject({ reason });
  }
});
