import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { CERTAIN, POSSIBLE } from "../../src/engine/reverse-plan.ts";
import { memberOf } from "../../src/engine/strata.ts";
import type { SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { build, objectsOf, oracleOf, overlay, placesOf, randomAsking } from "../support/arbitrary-world.ts";
import { seeded } from "../support/random.ts";
import { findCandidates } from "./closure-candidates.ts";

const USER: SubjectRef = { type: "user", id: "anne", relation: "" };

function schemaOf(text: string): Schema {
  const { schema, diagnostics } = compileSchema(`use self\ndefinition user {}\n${text}`);
  if (schema === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return schema;
}

function search(text: string, tuples: readonly string[], place: string, subject = USER) {
  const [type = "", member = ""] = place.split("#");
  return findCandidates({ schema: schemaOf(text), tuples: tuples.map(parseTuple), subject, type, member });
}

describe("candidates of random worlds", () => {
  test("hold every result, and what is certain is so, on the way too", () => {
    const total = { questions: 0, results: 0, candidates: 0, certain: 0, facts: 0 };
    for (let seed = 1; total.questions < 40_000; seed++) {
      const random = seeded(seed);
      const draft = randomDraft(random, EVERYTHING);
      const world = build(draft);
      if (world === undefined) continue;
      const oracleFor = oracleOf(draft, world);
      for (let i = 0; i < 4; i++) {
        const asking = randomAsking(random, draft, EVERYTHING);
        const tuples = asking.contextual ? overlay(world.tuples, world.contextual) : world.tuples;
        for (const { type, member } of placesOf(draft)) {
          const { marks, closure } = findCandidates({ ...asking, schema: world.schema, tuples, type, member });
          for (const place of i > 0 ? [] : placesOf(draft)) {
            const { id = -1 } = memberOf(world.schema, place.type, place.member) ?? {};
            for (const object of objectsOf(draft).filter((one) => one.type === place.type)) {
              if (!closure.holds(id, object.id)) continue;
              total.facts += 1;
              const { kind } = oracleFor(asking).check(object, place.member, asking);
              if (kind !== "allowed")
                throw new Error(`seed ${seed}: ${object.id} of ${place.type}#${place.member} is ${kind}`);
            }
          }
          for (const object of objectsOf(draft).filter((one) => one.type === type)) {
            const { kind } = oracleFor(asking).check(object, member, asking);
            const mark = marks.get(object.id);
            const wrong = mark === undefined ? kind !== "denied" : mark === CERTAIN && kind !== "allowed";
            if (wrong) throw new Error(`seed ${seed}: ${object.id} of ${type}#${member} is ${kind}, marked ${mark}`);
            total.questions += 1;
            if (kind !== "denied") total.results += 1;
            if (mark !== undefined) total.candidates += 1;
            if (mark === CERTAIN) total.certain += 1;
          }
        }
      }
    }
    expect(total.results).toBeGreaterThan(5000);
    expect(total.certain).toBeGreaterThan(1000);
    expect(total.facts).toBeGreaterThan(500);
    // Not just everything.
    expect(total.candidates).toBeLessThan(total.questions * 0.6);
  });
});

describe("the search", () => {
  const FOLDERS = `
    definition group { relation member: user | group#member }
    definition folder {
      relation parent: folder
      relation viewer: user | group#member
      permission view = viewer + parent->view
    }
    definition document {
      relation folder: folder
      relation banned: user
      permission view = folder->view
      permission read = folder->view - banned
    }`;
  const TUPLES = [
    "group:inner#member@user:anne",
    "group:outer#member@group:inner#member",
    "folder:top#viewer@group:outer#member",
    "folder:low#parent@folder:top",
    "document:one#folder@folder:low",
    "document:two#folder@folder:top",
    "document:other#folder@folder:elsewhere",
  ];

  test("follows groups, parents and arrows, and takes documents from scans that nobody collects", () => {
    const { marks, met, closure } = search(FOLDERS, TUPLES, "document#view");
    expect([...marks].sort()).toEqual([
      ["one", CERTAIN],
      ["two", CERTAIN],
    ]);
    expect(met.size).toBe(0);
    expect([...closure.streams()]).toHaveLength(2);
  });

  test("collects the objects where the target leads to itself", () => {
    const { met, closure } = search(FOLDERS, TUPLES, "folder#view");
    expect([...met].sort()).toEqual(["low", "top"]);
    expect([...closure.streams()]).toEqual([]);
  });

  test("a minuend is possible only, unless the subject cannot be subtracted", () => {
    expect(search(FOLDERS, TUPLES, "document#read").marks.get("one")).toBe(POSSIBLE);
    const onlyRobots = FOLDERS.replace("relation banned: user", "relation banned: robot");
    expect(search(`definition robot {}\n${onlyRobots}`, TUPLES, "document#read").marks.get("one")).toBe(CERTAIN);
  });

  test("of an intersection one part is followed: the one without a wildcard", () => {
    const text = `definition document {
      relation public: user:*
      relation reader: user
      relation member: user
      permission view = public & (reader + member)
    }`;
    const tuples = ["document:a#public@user:*", "document:b#public@user:*", "document:a#reader@user:anne"];
    const { marks, scanned } = search(text, tuples, "document#view");
    expect([...marks]).toEqual([["a", POSSIBLE]]);
    expect(scanned.filter((scan) => scan.includes("public"))).toEqual([]);
  });

  test("goes nowhere the target does not depend on", () => {
    const text = `${FOLDERS}\ndefinition account { relation owner: user }`;
    const { scanned } = search(text, TUPLES, "document#view");
    expect(scanned.filter((scan) => scan.includes("account") || scan.includes("banned"))).toEqual([]);
  });

  test("ends in cycles, and looks each object up once", () => {
    const cyclic = [...TUPLES, "group:inner#member@group:outer#member", "folder:top#parent@folder:low"];
    const { scanned, marks } = search(FOLDERS, cyclic, "document#view");
    expect([...marks.keys()].sort()).toEqual(["one", "two"]);
    expect(new Set(scanned).size).toBe(scanned.length);
  });

  test("what is certain stays so when a possible way to it is found first", () => {
    const text = `
      definition group {
        relation member: user | group#member
        relation banned: user
        permission active = member - banned
      }
      definition folder { relation viewer: group#active | group#member }
      definition document {
        relation folder: folder
        permission view = folder->viewer
      }`;
    const tuples = [
      "group:near#member@user:anne",
      "group:far#member@group:near#member",
      "folder:f#viewer@group:near#active",
      "folder:f#viewer@group:far#member",
      "folder:g#viewer@group:near#active",
      "document:a#folder@folder:f",
      "document:b#folder@folder:g",
    ];
    const { marks, scanned } = search(text, tuples, "document#view");
    expect([...marks].sort()).toEqual([
      ["a", CERTAIN],
      ["b", POSSIBLE],
    ]);
    expect(new Set(scanned).size).toBe(scanned.length);
  });

  test("an object that leads on in two ways by the same tuples is scanned once, for the surer of the two", () => {
    const text = `
      definition folder {
        relation viewer: user
        relation hidden: user
        permission open = viewer - hidden
      }
      definition document {
        relation folder: folder
        permission view = folder->open + folder->viewer
      }`;
    const tuples = ["folder:f#viewer@user:anne", "document:a#folder@folder:f"];
    const { marks, scanned } = search(text, tuples, "document#view");
    expect([...marks]).toEqual([["a", CERTAIN]]);
    expect(scanned.filter((scan) => scan.includes("document#folder"))).toHaveLength(1);
  });

  test("reads on where a page is full", () => {
    const tuples = Array.from({ length: 2500 }, (_, i) => [
      `group:g${i}#member@user:anne`,
      `folder:f${i}#viewer@group:g${i}#member`,
      `document:d${i}#folder@folder:f${i}`,
    ]).flat();
    const { marks, closure } = search(FOLDERS, tuples, "document#view");
    expect(marks.size).toBe(2500);
    expect(closure.work.rows).toBe(5000);
  });

  test("the subject's own object is as sure as the way from there", () => {
    const text = `definition team {
      relation banned: team
      permission open = self
      permission narrow = self - banned
      permission both = open & self
    }`;
    const own = { type: "team", id: "t", relation: "" };
    expect([...search(text, [], "team#open", own).marks]).toEqual([["t", CERTAIN]]);
    expect([...search(text, [], "team#narrow", own).marks]).toEqual([["t", POSSIBLE]]);
    expect([...search(text, [], "team#both", own).marks]).toEqual([["t", POSSIBLE]]);
    const members = { ...own, relation: "banned" };
    expect([...search(text, [], "team#banned", members).marks]).toEqual([["t", CERTAIN]]);
  });

  test("100,000 nested folders are no matter", () => {
    const depth = 100_000;
    const tuples = Array.from({ length: depth }, (_, i) => `folder:${i + 1}#parent@folder:${i}`);
    const { met } = search(FOLDERS, ["folder:0#viewer@user:anne", ...tuples], "folder#view");
    expect(met.size).toBe(depth + 1);
  });

  test("more than the limit on the way is an error that says what to do", () => {
    const schema = schemaOf(FOLDERS);
    const tuples = Array.from({ length: 50 }, (_, i) => parseTuple(`group:g${i}#member@user:anne`));
    const wide = { schema, tuples, subject: USER, type: "document", member: "view" };
    expect(findCandidates({ ...wide, limits: { maxRows: 50 } }).closure.work.rows).toBe(50);
    expect(() => findCandidates({ ...wide, limits: { maxRows: 49 } })).toThrow(
      /more than 49 objects on its way.*candidate_ids.*maxLookupRows/,
    );
  });
});
