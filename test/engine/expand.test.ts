import { expect, it } from "vitest";
import type { ExpandQuestion } from "../../src/engine/expand.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { EVERYTHING, IDS, NOW_MS, randomDraft } from "../support/arbitrary.ts";
import { build, objectsOf, placesOf, STRANGE_ID } from "../support/arbitrary-world.ts";
import { createOracle } from "../support/oracle.ts";
import { createSource } from "../support/oracle-source.ts";
import { seeded } from "../support/random.ts";
import { compiled, sourceOf } from "./ask.ts";
import { drawTree, evaluateTree, expandPage, expandWhole } from "./expand-tree.ts";

const DOCS = compiled(`use expiration
use self
definition user {}
definition group {
  relation member: user | user:* | group#member | user with expiration
}
definition folder {
  relation parent: folder
  relation reader: user | group#member
  permission read = reader + parent->read
}
definition document {
  relation folder: folder | user
  relation owner: user with on_duty | group#member
  relation banned: user
  permission edit = owner & folder.all(read)
  permission view = edit + folder->read - banned
  permission everything = self + nil + view
}
caveat on_duty(hour int, from int) { hour >= from }`);

function question(text: string, depth: ExpandQuestion["depth"] = "whole"): ExpandQuestion {
  const { objectType, objectId, relation } = parseTuple(`${text}@user:x`);
  return { object: { type: objectType, id: objectId }, member: relation, depth };
}

it("shows operators, arrows, members and tuples with their caveats, each member once", async () => {
  const source = sourceOf([
    "document:a#folder@folder:top",
    "document:a#folder@user:odd",
    'document:a#owner@user:ann[on_duty:{"from":8}]',
    "document:a#owner@group:eng#member",
    "document:a#banned@user:bob",
    "folder:top#reader@group:eng#member",
    "group:eng#member@user:*",
    "group:eng#member@group:eng#member",
  ]);
  expect(drawTree(await expandWhole(DOCS, source, question("document:a#view")))).toEqual([
    "document:a#view",
    "  exclusion",
    "    union",
    "      document:a#edit",
    "        intersection",
    "          document:a#owner",
    "            document:a#owner@group:eng#member",
    "              group:eng#member",
    "                group:eng#member@group:eng#member",
    "                  group:eng#member (= 10)",
    "                group:eng#member@user:*",
    '            document:a#owner@user:ann[on_duty:{"from":8}]',
    "          folder.all(read)",
    "            document:a#folder@folder:top",
    "              folder:top#read",
    "                union",
    "                  folder:top#reader",
    "                    folder:top#reader@group:eng#member",
    "                      group:eng#member (= 10)",
    "                  parent.any(read)",
    "            document:a#folder@user:odd",
    "      folder.any(read)",
    "        document:a#folder@folder:top",
    "          folder:top#read (= 13)",
    "        document:a#folder@user:odd",
    "    - document:a#banned",
    "      document:a#banned@user:bob",
  ]);
});

it("shows one level: the expression and the tuples of its relations, and nothing they lead to", async () => {
  const source = sourceOf([
    "document:a#folder@folder:top",
    "document:a#owner@group:eng#member",
    "document:a#banned@user:bob",
    "folder:top#reader@user:ann",
    "group:eng#member@user:cid",
  ]);
  expect(drawTree(await expandWhole(DOCS, source, question("document:a#view", "one_level")))).toEqual([
    "document:a#view",
    "  exclusion",
    "    union",
    "      document:a#edit",
    "      folder.any(read)",
    "        document:a#folder@folder:top",
    "    - document:a#banned",
    "      document:a#banned@user:bob",
  ]);
  expect(drawTree(await expandWhole(DOCS, source, question("document:a#owner", "one_level")))).toEqual([
    "document:a#owner",
    "  document:a#owner@group:eng#member",
  ]);
  expect(drawTree(await expandWhole(DOCS, source, question("document:a#everything", "one_level")))).toEqual([
    "document:a#everything",
    "  union",
    "    self document:a",
    "    nil",
    "    document:a#view",
  ]);
});

it("leaves out what has expired by the instant of the first page, and shows when the rest will", async () => {
  const source = sourceOf([
    "group:a#member@user:ann[expiration:2030-01-01T00:00:00Z]",
    "group:a#member@user:bob[expiration:2030-01-01T00:00:00.001Z]",
  ]);
  const asked = question("group:a#member");
  expect(drawTree(await expandWhole(DOCS, source, asked, { nowMs: Date.parse("2030-01-01T00:00:00Z") }))).toEqual([
    "group:a#member",
    "  group:a#member@user:bob[expiration:2030-01-01T00:00:00.001Z]",
  ]);
});

it("pages of every size put together are the whole tree, at either depth", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const draft = randomDraft(seeded(seed), EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    const source = createSource(world.tuples);
    for (const { type, member } of placesOf(draft)) {
      for (const depth of ["whole", "one_level"] as const) {
        const asked = { object: { type, id: IDS[0] }, member, depth };
        const whole = await expandWhole(world.schema, source, asked, { nowMs: NOW_MS });
        for (const limit of [1, 2, 7]) {
          expect(await expandWhole(world.schema, source, asked, { nowMs: NOW_MS, limit })).toEqual(whole);
        }
      }
    }
  }
});

it("parents come before their parts, and each member's parts are there once", async () => {
  let references = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const draft = randomDraft(seeded(seed), EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    const source = createSource(world.tuples);
    for (const { type, member } of placesOf(draft)) {
      const nodes = await expandWhole(world.schema, source, { object: { type, id: IDS[1] }, member, depth: "whole" });
      const seen = new Set<string>();
      nodes.forEach(({ parent, what }, index) => {
        expect(parent).toBeLessThanOrEqual(index === 0 ? 0 : index - 1);
        if (what.kind !== "member") return;
        const name = `${what.object.type}:${what.object.id}#${what.member}`;
        if (what.sameAs === undefined) {
          expect(seen.has(name)).toBe(false);
          seen.add(name);
          return;
        }
        references += 1;
        const first = nodes[what.sameAs]?.what;
        expect(what.sameAs).toBeLessThan(index);
        expect(first).toEqual({ kind: "member", object: what.object, member: what.member });
      });
    }
  }
  expect(references).toBeGreaterThan(1000);
});

/** Nothing is known of any caveat, as in a tree. */
const UNKNOWN = () => ({ names: ["anything"], failed: false });

it("membership worked out from the tree alone is what Check says, for every subject", async () => {
  const told = { allowed: 0, denied: 0, conditional: 0 };
  for (let seed = 1000; seed < 1100; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    const { schema, tuples } = world;
    const source = createSource(tuples);
    const oracle = createOracle({ schema, tuples, strangers: objectsOf(draft), judge: UNKNOWN });
    const subjects = [
      ...[...IDS, STRANGE_ID].map((id) => ({ type: "user", id, relation: "" })),
      ...placesOf(draft)
        .slice(0, 3)
        .map(({ type, member }) => ({ type, id: IDS[2], relation: member })),
      ...draft.types.map(({ name }) => ({ type: name, id: IDS[0], relation: "" })),
    ];
    for (const { type, member } of placesOf(draft)) {
      const object = { type, id: IDS[seed % IDS.length] ?? IDS[0] };
      const nodes = await expandWhole(schema, source, { object, member, depth: "whole" }, { nowMs: NOW_MS });
      for (const subject of subjects) {
        const given = evaluateTree(nodes, subject);
        const { kind } = oracle.check(object, member, { subject, context: {}, nowMs: NOW_MS });
        expect({ seed, object, member, subject, kind: given }).toEqual({ seed, object, member, subject, kind });
        told[given] += 1;
      }
    }
  }
  expect(Math.min(told.allowed, told.denied, told.conditional)).toBeGreaterThan(300);
});

const GROUPS = compiled("definition user {}\ndefinition group { relation member: user | group#member }");

it("a diamond of depth 30 has a node for each tuple and member, not for each way", async () => {
  const tuples = ["group:n30#member@user:ann"];
  for (let level = 0; level < 30; level++) {
    for (const side of ["l", "r"]) {
      tuples.push(`group:n${level}#member@group:${side}${level}#member`);
      tuples.push(`group:${side}${level}#member@group:n${level + 1}#member`);
    }
  }
  const nodes = await expandWhole(GROUPS, sourceOf(tuples), question("group:n0#member"));
  // 121 tuples, 120 of which lead to a member, and the root.
  expect(nodes).toHaveLength(242);
  expect(evaluateTree(nodes, { type: "user", id: "ann", relation: "" })).toBe("allowed");
});

it("a chain of 100,000 groups is a tree of that depth", async () => {
  const depth = 100_000;
  const tuples = Array.from({ length: depth }, (_, i) => parseTuple(`group:g${i}#member@group:g${i + 1}#member`));
  const nodes = await expandWhole(GROUPS, createSource(tuples), question("group:g0#member"));
  expect(nodes).toHaveLength(2 * depth + 1);
  expect(nodes.at(-1)).toEqual({
    parent: 2 * depth - 1,
    what: { kind: "member", object: { type: "group", id: `g${depth}` }, member: "member" },
  });
});

it("reads the relations of a level in one round trip", async () => {
  const tuples = Array.from({ length: 200 }, (_, i) => [
    `group:top#member@group:g${i}#member`,
    `group:g${i}#member@user:u${i}`,
  ]).flat();
  const source = sourceOf(tuples);
  const nodes = await expandWhole(GROUPS, source, question("group:top#member"));
  expect(nodes).toHaveLength(1 + 3 * 200);
  expect(source.scanned.map((scans) => scans.length)).toEqual([1, 200]);
});

it("a page of one level reads its own tuples and no others", async () => {
  const members = 20_000;
  const source = createSource(
    Array.from({ length: members }, (_, i) => parseTuple(`group:all#member@user:u${String(i).padStart(5, "0")}`)),
  );
  const asked = question("group:all#member", "one_level");
  let sent = 0;
  let pages = 0;
  let page = await expandPage(GROUPS, source, asked, { limit: 1000 });
  for (;;) {
    sent += page.nodes.length;
    pages += 1;
    if (page.next === undefined) break;
    page = await expandPage(GROUPS, source, asked, { limit: 1000, from: page.next });
  }
  expect(sent).toBe(members + 1);
  expect(pages).toBe(21);
  // Each page looks one tuple ahead, and never again at what was sent.
  expect(source.rows).toBeLessThanOrEqual(members + 2 * pages);
});

it("a page costs what comes before it in a whole tree, up to the budget", async () => {
  const source = sourceOf(Array.from({ length: 100 }, (_, i) => `group:all#member@user:u${i + 100}`));
  const asked = question("group:all#member");
  const limits = { maxNodes: 10, maxRows: 50 };
  const page = await expandPage(GROUPS, source, asked, { limit: 50, limits });
  expect(page.nodes).toHaveLength(50);
  await expect(expandPage(GROUPS, source, asked, { limit: 51, limits, from: { index: 50 } })).rejects.toMatchObject({
    reason: "BUDGET_EXHAUSTED",
    metadata: { budget: "rows" },
  });
});

it("more members than the budget of nodes are an error, not a short tree", async () => {
  const source = sourceOf(Array.from({ length: 20 }, (_, i) => `group:g${i}#member@group:g${i + 1}#member`));
  const limits = { maxNodes: 20, maxRows: 1000 };
  await expect(expandWhole(GROUPS, source, question("group:g0#member"), { limits })).rejects.toMatchObject({
    reason: "BUDGET_EXHAUSTED",
    metadata: { budget: "nodes" },
  });
});
