import { expect, test } from "vitest";
import type { ObjectRef } from "../../src/model/object.ts";
import { formatTuple, parseTuple } from "../../src/model/tuple-text.ts";
import type { ExpandPage, ExpandRequest } from "../../src/service/expand.ts";
import { createTestVerbs } from "../support/server-verbs.ts";
import { openRoom, type Room } from "./lookup-subjects-room.ts";

const SCHEMA = `use expiration
caveat at_work(hour int) { hour >= 9 }
definition user {}
definition group { relation member: user | group#member | user with at_work | user with expiration }
definition document {
  relation viewer: user | group#member
  relation banned: user
  permission view = viewer - banned
}`;

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

function expand(
  { verbs, call }: Pick<Room, "verbs" | "call">,
  question: string,
  asked: Partial<ExpandRequest> & { nowMs?: number } = {},
) {
  const { nowMs = call.nowMs, ...rest } = asked;
  const { objectType: type, objectId: id, relation: permission } = parseTuple(`${question}@user:x`);
  const object: ObjectRef = { type, id };
  const consistency = (rest.cursor ?? "") === "" ? ({ kind: "fully_consistent" } as const) : undefined;
  return verbs.expand(
    { ...call, nowMs },
    {
      object,
      permission,
      depth: "whole",
      consistency,
      limit: 0,
      cursor: "",
      ...rest,
    },
  );
}

function textOf({ nodes }: ExpandPage): string[] {
  return nodes.map(({ what }) => (what.kind === "tuple" ? formatTuple(what.tuple) : what.kind));
}

test.each(["whole", "one_level"] as const)(
  "the pages of a tree (%s) are of one revision, whatever is written meanwhile",
  async (depth) => {
    const room = await openRoom(SCHEMA, [
      ...NAMES.map((id) => `group:g#member@user:${id}`),
      "document:d#viewer@group:g#member",
      "document:d#banned@user:c",
    ]);
    const asked = depth === "whole" ? "document:d#view" : "group:g#member";
    const whole = await expand(room, asked, { depth });
    const pages: ExpandPage[] = [];
    for (let cursor = "", more = true; more; more = cursor !== "") {
      const page = await expand(room, asked, { depth, limit: 3, cursor });
      pages.push(page);
      cursor = page.cursor;
      await room.write(`group:g#member@user:aa${pages.length}`, `group:g#member@user:z${pages.length}`);
      await room.delete("group:g#member@user:h", "document:d#viewer@group:g#member");
    }
    expect(pages.map(({ firstIndex }) => firstIndex)).toEqual(pages.map((_, index) => 3 * index));
    expect(pages.flatMap(({ nodes }) => nodes)).toEqual(whole.nodes);
    expect(new Set(pages.map(({ consistencyToken }) => consistencyToken)).size).toBe(1);
  },
);

test.each(["whole", "one_level"] as const)(
  "a tuple that expires between two pages (%s) does not shift the indices",
  async (depth) => {
    const room = await openRoom(SCHEMA, [
      "group:g#member@user:0[expiration:2029-01-01T00:00:00Z]",
      "group:g#member@user:a[expiration:2030-01-01T01:00:00Z]",
      "group:g#member@user:b",
      "group:g#member@user:c",
    ]);
    const first = await expand(room, "group:g#member", { depth, limit: 2 });
    expect(textOf(first)).toEqual(["member", "group:g#member@user:a[expiration:2030-01-01T01:00:00Z]"]);
    const later = Date.parse("2030-01-01T02:00:00Z");
    const second = await expand(room, "group:g#member", { depth, cursor: first.cursor, nowMs: later });
    expect(textOf(second)).toEqual(["group:g#member@user:b", "group:g#member@user:c"]);
    expect(second.firstIndex).toBe(2);
    expect(textOf(await expand(room, "group:g#member", { depth, nowMs: later }))).toEqual([
      "member",
      "group:g#member@user:b",
      "group:g#member@user:c",
    ]);
  },
);

test("a page has at most as many nodes as the server allows", async () => {
  const at = await createTestVerbs({ maxExpandNodes: 10 });
  await at.write(...NAMES.map((id) => `+group:g#member@user:${id}`));
  await at.write(...NAMES.map((id) => `+group:g#member@user:x${id}`));
  for (const limit of [0, 50]) {
    const page = await expand(at, "group:g#member", { limit });
    expect(page.nodes).toHaveLength(10);
    expect((await expand(at, "group:g#member", { limit, cursor: page.cursor })).nodes).toHaveLength(7);
  }
});

test("a page that ends the tree has no cursor", async () => {
  const room = await openRoom(SCHEMA, ["group:g#member@user:a", "group:g#member@user:b"]);
  expect((await expand(room, "group:g#member", { limit: 2 })).cursor).not.toBe("");
  expect((await expand(room, "group:g#member", { limit: 3 })).cursor).toBe("");
});

test("a cursor of another tree, of another verb, or with a consistency is refused", async () => {
  const room = await openRoom(
    SCHEMA,
    NAMES.map((id) => `group:g#member@user:${id}`),
  );
  const { cursor } = await expand(room, "group:g#member", { limit: 2 });
  for (const other of [
    expand(room, "group:h#member", { cursor }),
    expand(room, "group:g#member", { cursor, depth: "one_level" }),
    expand(room, "group:g#member", { cursor: `${cursor}A` }),
    expand(room, "group:g#member", { cursor: (await room.results("group:g#member", "user"))[0]?.cursor ?? "" }),
  ]) {
    await expect(other).rejects.toMatchObject({ reason: "INVALID_CURSOR" });
  }
  await expect(
    expand(room, "group:g#member", { cursor, consistency: { kind: "fully_consistent" } }),
  ).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
});

test("names that do not exist are mistakes, not empty trees", async () => {
  const room = await openRoom(SCHEMA, []);
  await expect(expand(room, "dokument:d#view")).rejects.toMatchObject({ reason: "UNKNOWN_DEFINITION" });
  await expect(expand(room, "document:d#look")).rejects.toMatchObject({ reason: "UNKNOWN_RELATION_OR_PERMISSION" });
});
