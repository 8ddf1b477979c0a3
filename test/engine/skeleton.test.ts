import { expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { SkeletonWalk } from "../../src/engine/skeleton.ts";
import type { Skeleton } from "../../src/engine/skeleton-answers.ts";
import { SkeletonCheck } from "../../src/engine/skeleton-check.ts";
import { createTraitJudge } from "../../src/engine/traits.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { CountingSource } from "../support/oracle-source.ts";
import { createSource } from "../support/oracle-source.ts";
import { compiled, sourceOf } from "./ask.ts";

const SCHEMA = compiled(`use expiration
caveat at_work(hour int) { hour >= 9 }
definition user {}
definition group { relation member: user | user:* | group#member | group#member with at_work | group#member with expiration }
definition folder {
  relation parent: folder
  relation reader: user | group#member
  permission read = reader + parent->read
}
definition document {
  relation folder: folder | group
  relation viewer: user | user:* with at_work | group#member
  relation banned: user | group#member
  permission view = viewer + folder->read
  permission allowed = view - banned
  permission all_read = folder.all(read)
  permission mixed = viewer + (banned & folder->read)
}`);

const NOW_MS = Date.parse("2030-01-01T00:00:00Z");
const PLENTY = { maxNodes: 1_000_000, maxRows: 1_000_000 };

interface Walked {
  readonly skeleton: Skeleton;
  readonly checks: SkeletonCheck;
  readonly rounds: number;
  readonly nodes: number;
}

function walk(
  schema: Schema,
  source: CountingSource,
  question: string,
  kind = "user",
  context: JsonObject = {},
): Walked {
  source.asked.length = 0;
  const { objectType, objectId, relation: member } = parseTuple(`${question}@user:x`);
  const [type = "", relation = ""] = kind.split("#");
  const plan = planSchema(schema);
  const judge = createTraitJudge(schema, context, NOW_MS);
  const asked = { object: { type: objectType, id: objectId }, member, subject: { type, relation } };
  const walking = new SkeletonWalk(plan, asked, { judge, limits: PLENTY });
  while (walking.needs().length > 0) walking.feed(source.answer(walking.needs()));
  const skeleton = walking.skeleton();
  return {
    skeleton,
    checks: new SkeletonCheck(plan, skeleton, asked, { judge, limits: PLENTY }),
    rounds: source.asked.length,
    nodes: walking.work.nodes,
  };
}

/** `document:d#viewer`, with `!` where whoever is in it has the permission for good. */
function leavesOf({ leaves }: Skeleton): string[] {
  return leaves
    .map(({ objectType, objectId, relation, certain }) => `${objectType}:${objectId}#${relation}${certain ? "!" : ""}`)
    .toSorted();
}

test("reads what lies between, and never a plain member", () => {
  const source = sourceOf([
    ...Array.from({ length: 500 }, (_, i) => `group:eng#member@user:u${i}`),
    "document:d#viewer@group:eng#member",
    "document:d#viewer@user:ann",
    "document:d#banned@user:bob",
    "document:d#folder@folder:f",
    "folder:f#reader@group:eng#member",
  ]);
  const { skeleton, rounds } = walk(SCHEMA, source, "document:d#allowed");
  expect(leavesOf(skeleton)).toEqual(["document:d#banned", "document:d#viewer", "folder:f#reader", "group:eng#member"]);
  expect(source.rows).toBe(3);
  expect(rounds).toBe(2);
  expect(skeleton.wildcard).toBe("none");
});

test("a leaf is certain when only unions and tuples that hold for good lead there", () => {
  const tuples = [
    "document:d#viewer@group:eng#member",
    "group:eng#member@group:ops#member",
    "group:eng#member@group:night#member[at_work]",
    "group:eng#member@group:temp#member[expiration:2030-02-01T00:00:00Z]",
    "document:d#folder@folder:f",
    "folder:f#reader@group:both#member",
    "group:both#member@group:ops#member",
    "group:night#member@group:deep#member",
  ];
  expect(leavesOf(walk(SCHEMA, sourceOf(tuples), "document:d#view").skeleton)).toEqual([
    "document:d#viewer!",
    "folder:f#reader!",
    "group:both#member!",
    "group:deep#member",
    "group:eng#member!",
    "group:night#member",
    "group:ops#member!",
    "group:temp#member",
  ]);
  // With the context that makes it true, a caveat is no obstacle.
  const given = walk(SCHEMA, sourceOf(tuples), "document:d#view", "user", { hour: 10 });
  expect(leavesOf(given.skeleton)).toContain("group:deep#member!");
  for (const member of ["allowed", "all_read"]) {
    const { skeleton } = walk(SCHEMA, sourceOf(tuples), `document:d#${member}`);
    expect(leavesOf(skeleton).filter((leaf) => leaf.endsWith("!"))).toEqual([]);
  }
});

test("within a union, only the parts that suffice alone are certain", () => {
  const { skeleton } = walk(SCHEMA, sourceOf(["document:d#folder@folder:f"]), "document:d#mixed");
  expect(leavesOf(skeleton)).toEqual(["document:d#banned", "document:d#viewer!", "folder:f#reader"]);
});

test("a leaf that is met on an uncertain way first is certain once a certain one leads there", () => {
  const tuples = [
    "document:d#viewer@group:a#member",
    "group:a#member@group:late#member[at_work]",
    "group:late#member@group:end#member",
    "group:a#member@group:b#member",
    "group:b#member@group:c#member",
    "group:c#member@group:late#member",
  ];
  expect(leavesOf(walk(SCHEMA, sourceOf(tuples), "document:d#view").skeleton)).toContain("group:end#member!");
});

test("what has expired and what a caveat rules out is not followed", () => {
  const source = sourceOf([
    "group:g#member@group:gone#member[expiration:2030-01-01T00:00:00Z]",
    "group:g#member@group:off#member[at_work]",
    "group:gone#member@group:gone2#member",
  ]);
  const { skeleton } = walk(SCHEMA, source, "group:g#member", "user", { hour: 3 });
  expect(leavesOf(skeleton)).toEqual(["group:g#member!"]);
});

test("a wildcard is certain, possible or not there", () => {
  const wildcardOf = (tuples: readonly string[], member: string, context = {}) =>
    walk(SCHEMA, sourceOf(tuples), `document:d#${member}`, "user", context).skeleton.wildcard;
  const inGroup = ["document:d#viewer@group:g#member", "group:g#member@user:*"];
  expect(wildcardOf(inGroup, "view")).toBe("certain");
  expect(wildcardOf(inGroup, "allowed")).toBe("possible");
  expect(wildcardOf(["document:d#viewer@user:*[at_work]"], "view")).toBe("possible");
  expect(wildcardOf(["document:d#viewer@user:*[at_work]"], "view", { hour: 12 })).toBe("certain");
  expect(wildcardOf(["document:d#viewer@user:*[at_work]"], "view", { hour: 3 })).toBe("none");
});

test("subjects with the same tuples in the same leaves are decided once", () => {
  const { checks, skeleton } = walk(SCHEMA, sourceOf(["document:d#folder@folder:f"]), "document:d#allowed");
  const leaf = skeleton.leaves.findIndex(({ relation }) => relation === "viewer");
  const hitOf = (subjectId: string) => [{ leaf, found: { subjectType: "user", subjectId, subjectRelation: "" } }];
  expect(checks.check("u0", hitOf("u0"))).toEqual({ decision: { kind: "allowed" } });
  const { nodes } = checks.work;
  for (let i = 1; i < 1000; i++) checks.check(`u${i}`, hitOf(`u${i}`));
  expect(checks.work.nodes).toBe(nodes);
});

test("a check looks at the groups its subject is in, of however many", () => {
  const source = sourceOf([
    ...Array.from({ length: 1000 }, (_, i) => `document:d#viewer@group:g${i}#member`),
    "document:d#banned@group:g7#member",
    "group:g8#member@group:g9#member",
  ]);
  const { checks, skeleton } = walk(SCHEMA, source, "document:d#allowed");
  const inGroup = (id: string) => {
    const leaf = skeleton.leaves.findIndex(({ objectId }) => objectId === id);
    return [{ leaf, found: { subjectType: "user", subjectId: "ann", subjectRelation: "" } }];
  };
  expect(checks.check("ann", inGroup("g9"))).toEqual({ decision: { kind: "allowed" } });
  expect(checks.check("ann", inGroup("g7"))).toEqual({ decision: { kind: "denied" } });
  expect(checks.work.nodes).toBeLessThan(25);
});

const GROUPS = compiled("definition user {}\ndefinition group { relation member: user | group#member }");

test("a chain of 100,000 groups, and a decision at its end", () => {
  const depth = 100_000;
  const source = createSource(
    Array.from({ length: depth }, (_, i) => parseTuple(`group:g${i}#member@group:g${i + 1}#member`)),
  );
  const { skeleton, checks } = walk(GROUPS, source, "group:g0#member");
  expect(skeleton.leaves).toHaveLength(depth + 1);
  expect(skeleton.leaves.every(({ certain }) => certain)).toBe(true);
  const found = { subjectType: "user", subjectId: "ann", subjectRelation: "" };
  expect(checks.check("ann", [{ leaf: depth, found }])).toEqual({ decision: { kind: "allowed" } });
  const groups = walk(GROUPS, source, `group:g${depth - 1000}#member`, "group#member");
  expect(groups.skeleton.selves.size).toBe(1001);
});

test("a diamond of depth 30 is walked once", () => {
  const tuples: string[] = [];
  for (let level = 0; level < 30; level++) {
    for (const side of ["l", "r"]) {
      tuples.push(`group:n${level}#member@group:${side}${level}#member`);
      tuples.push(`group:${side}${level}#member@group:n${level + 1}#member`);
    }
  }
  expect(walk(GROUPS, sourceOf(tuples), "group:n0#member").nodes).toBe(91);
});
