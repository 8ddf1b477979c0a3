import { expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { walkCheck } from "../../src/engine/walk.ts";
import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { StoredTuple } from "../../src/model/change.ts";
import { traitsOf } from "../../src/model/need.ts";
import type { Schema } from "../../src/model/schema.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { compiled, itemOf, NOW_MS } from "./ask.ts";

/** A graph in memory that is written to revision by revision. */
function graphOf(
  ...revisions: readonly (readonly string[])[]
): ResidentGraph & { write(tuples: readonly string[]): void } {
  const graph = new ResidentGraph();
  const publish = (revision: number) =>
    graph.publish({ revision, schemaName: "s", schemaVersion: 1, committedAtMs: NOW_MS });
  graph.seal({ revision: 0, schemaName: "s", schemaVersion: 1, committedAtMs: NOW_MS });
  const write = (tuples: readonly string[]) => {
    const revision = graph.applied + 1;
    for (const text of tuples) {
      if (text.startsWith("-")) graph.remove(revision, parseTuple(text.slice(1)));
      else graph.put(revision, stored(text));
    }
    publish(revision);
  };
  for (const tuples of revisions) write(tuples);
  return Object.assign(graph, { write });
}

function stored(text: string): StoredTuple {
  const { caveat: _, expiresAtMs: __, ...key } = parseTuple(text);
  return { ...key, ...traitsOf(parseTuple(text)) };
}

function walk(schema: Schema, graph: ResidentGraph, question: string, at = graph.applied, maxNodes = 1_000_000) {
  return walkCheck(planSchema(schema), graph, at, itemOf(question).question, { nowMs: NOW_MS, maxNodes });
}

const groups = compiled(`
  definition user {}
  definition group {
    relation member: user | user:* | group#member
    relation owner: user
    permission manage = owner - member
  }`);

test("what a graph meets later is seen: types, relations, objects", () => {
  const graph = graphOf();
  const ask = () => walk(groups, graph, "group:a#manage@user:anne").value;
  expect(ask()).toBe("denied");
  graph.write(["group:b#member@user:ben"]);
  expect(ask()).toBe("denied");
  graph.write(["group:a#owner@user:anne"]);
  expect(ask()).toBe("allowed");
  graph.write(["group:a#member@user:*"]);
  expect(ask()).toBe("denied");
  expect([0, 1, 2, 3].map((at) => walk(groups, graph, "group:a#manage@user:anne", at).value)).toEqual([
    "denied",
    "denied",
    "allowed",
    "denied",
  ]);
});

test("who and what no tuple names is still itself, and in what everybody is in", () => {
  const graph = graphOf(["group:open#member@user:*", "group:mixed#member@group:new#member"]);
  expect(walk(groups, graph, "group:x#member@group:x#member").value).toBe("allowed");
  expect(walk(groups, graph, "group:x#member@group:y#member").value).toBe("denied");
  expect(walk(groups, graph, "group:open#member@user:nobody").value).toBe("allowed");
  expect(walk(groups, graph, "group:mixed#member@group:new#member").value).toBe("allowed");
  expect(walk(groups, graph, "group:mixed#member@user:nobody").value).toBe("denied");
  const people = compiled(
    "use self\ndefinition person {\n  relation friend: person\n  permission see = self + friend\n}",
  );
  expect(walk(people, graph, "person:p#see@person:p").value).toBe("allowed");
  expect(walk(people, graph, "person:p#see@person:q").value).toBe("denied");
});

const DEPTH = 100_000;

test(`a chain of ${DEPTH} groups is too deep, and no more than that`, () => {
  const chain = Array.from({ length: DEPTH }, (_, i) => `group:g${i}#member@group:g${i + 1}#member`);
  const graph = graphOf([...chain, `group:g${DEPTH}#member@user:anne`]);
  const far = walk(groups, graph, "group:g0#member@user:anne");
  expect(far.value).toBe("undecided");
  expect(far.nodes).toBeLessThan(1_000);
  expect(walk(groups, graph, `group:g${DEPTH - 300}#member@user:anne`).value).toBe("allowed");
  graph.write(["group:g0#member@user:anne"]);
  expect(walk(groups, graph, "group:g0#member@user:anne").value).toBe("allowed");
});

test("what costs more than it may is undecided, and stops there", () => {
  const wide = Array.from({ length: 5_000 }, (_, i) => `group:all#member@group:g${i}#member`);
  const graph = graphOf([...wide, "group:g4999#member@user:anne"]);
  expect(walk(groups, graph, "group:all#member@user:anne").value).toBe("allowed");
  expect(walk(groups, graph, "group:all#member@user:ben").value).toBe("denied");
  for (const maxNodes of [1, 100, 5_000]) {
    const { value, nodes, rows } = walk(groups, graph, "group:all#member@user:ben", graph.applied, maxNodes);
    expect(value).toBe("undecided");
    expect(nodes + rows).toBeLessThan(maxNodes + 3);
  }
});

test("questions about one subject that follow each other share what they find out", () => {
  const chain = Array.from({ length: 50 }, (_, i) => `group:g${i}#member@group:g${i + 1}#member`);
  const graph = graphOf([...chain, "group:g50#member@user:anne", "group:h#member@user:ben"]);
  const ask = (question: string, continues: boolean) => {
    const options = { nowMs: NOW_MS, maxNodes: 1_000, continues };
    return { ...walkCheck(planSchema(groups), graph, 1, itemOf(question).question, options) };
  };
  expect(ask("group:g1#member@user:anne", false)).toMatchObject({ value: "allowed", nodes: 50 });
  expect(ask("group:g0#member@user:anne", true)).toMatchObject({ value: "allowed", nodes: 1 });
  expect(ask("group:g0#member@user:ben", true)).toMatchObject({ value: "denied", nodes: 51 });
  expect(ask("group:nobody#member@user:ben", true).value).toBe("denied");
  expect(ask("group:h#member@user:ben", true)).toMatchObject({ value: "allowed", nodes: 1 });
  expect(ask("group:g0#member@user:ben", true)).toMatchObject({ value: "denied", nodes: 51 });
  expect(ask("group:g50#member@group:h#member", true).value).toBe("denied");
  expect(ask("group:g50#member@user:ben", true).value).toBe("denied");
  expect(ask("group:h#member@group:h#member", true).value).toBe("allowed");
  expect(ask("group:g50#member@group:h#member", true).value).toBe("denied");
  expect(ask("group:h#member@user:ben", true).value).toBe("allowed");
  expect(ask("group:h#member@group:g0#member", true).value).toBe("denied");
  expect(ask("group:h#member@user:ben", true).value).toBe("allowed");
  expect(ask("group:unknown#member@group:x#member", true).value).toBe("denied");
  expect(ask("group:x#member@group:x#member", true).value).toBe("allowed");
  const cut = walkCheck(planSchema(groups), graph, 1, itemOf("group:g0#member@user:anne").question, {
    nowMs: NOW_MS,
    maxNodes: 10,
  });
  expect(cut.value).toBe("undecided");
  expect(ask("group:g0#member@user:anne", true).value).toBe("allowed");
});

const nested = compiled(`
  definition user {}
  definition group { relation member: user | group#member }
  definition folder {
    relation parent: folder
    relation owner: user
    relation editor: user
    relation viewer: user
    permission manage = owner + parent->manage
    permission edit = editor + manage + parent->edit
    permission view = viewer + edit + parent->view
  }
  definition document {
    relation folder: folder
    relation banned: user | group#member
    permission view = folder->view - banned
  }`);

test("folders are walked for one permission where it holds the others", () => {
  const chain = Array.from({ length: 8 }, (_, i) => `folder:f${i}#parent@folder:f${i + 1}`);
  const graph = graphOf([...chain, "document:d#folder@folder:f0", "folder:f8#owner@user:anne"]);
  expect(walk(nested, graph, "document:d#view@user:anne")).toMatchObject({ value: "allowed", nodes: 11 });
  expect(walk(nested, graph, "document:d#view@user:ben")).toMatchObject({ value: "denied", nodes: 11 });
  expect(walk(nested, graph, "folder:f0#edit@user:anne").nodes).toBe(9);
});

test("who is kept out by name is not looked for in folders", () => {
  const graph = graphOf(["document:d#folder@folder:f", "document:d#banned@user:anne", "folder:f#viewer@user:anne"]);
  graph.write(["document:e#folder@folder:f", "document:e#banned@group:g#member", "group:g#member@user:anne"]);
  expect(walk(nested, graph, "document:d#view@user:anne")).toMatchObject({ value: "denied", nodes: 2 });
  expect(walk(nested, graph, "document:e#view@user:anne").value).toBe("denied");
  graph.write(["-group:g#member@user:anne"]);
  expect(walk(nested, graph, "document:e#view@user:anne").value).toBe("allowed");
});

const timed = compiled(`
  use expiration
  caveat open(hour int) { hour >= 8 }
  definition user {}
  definition folder { relation viewer: user }
  definition document {
    relation folder: folder | folder with expiration
    relation viewer: user | user with open | user with expiration
    relation banned: user with open
    permission view = (viewer + folder->viewer) - banned
    permission every = folder.all(viewer)
  }`);

test("a caveat or an end leaves a question open only where it matters", () => {
  const graph = graphOf([
    "document:a#viewer@user:anne[open]",
    "document:b#viewer@user:anne[open]",
    "document:b#folder@folder:f",
    "folder:f#viewer@user:anne",
    "document:c#viewer@user:anne[expiration:2001-01-01T00:00:00Z]",
    "document:d#viewer@user:anne",
    "document:d#banned@user:anne[open]",
    "document:e#banned@user:anne[open]",
    "document:g#folder@folder:f",
    "document:g#folder@folder:empty[expiration:2040-01-01T00:00:00Z]",
    "document:h#folder@folder:f",
    "document:h#folder@folder:empty[expiration:2001-01-01T00:00:00Z]",
    "document:i#folder@folder:empty[expiration:2040-01-01T00:00:00Z]",
  ]);
  const value = (question: string) => walk(timed, graph, `document:${question}@user:anne`).value;
  expect(["a", "b", "c", "d", "e", "i"].map((id) => value(`${id}#view`))).toEqual([
    "undecided",
    "allowed",
    "denied",
    "undecided",
    "denied",
    "denied",
  ]);
  expect(["g", "h", "i"].map((id) => value(`${id}#every`))).toEqual(["undecided", "allowed", "undecided"]);
});
