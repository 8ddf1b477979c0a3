import { expect, test } from "vitest";
import { NOW_MS } from "../support/arbitrary.ts";
import { openScene } from "./scene.ts";
import { openStores, STORES } from "./stores.ts";

/*
 * What went wrong elsewhere, in SpiceDB: its security advisories, and defects of like kind that its code was found to have.
 * OpenFGA's are in scars-openfga.test.ts.
 *
 * | advisory | here |
 * |---|---|
 * | GHSA-w278-32qg-48q5 | an expired grant beside a sibling subject type; its twin for caveats |
 * | entries that reads keep alive (1.54 to 1.57) | nothing outlives its expiry |
 * | CVE-2026-46668 | contexts that differ in nesting only |
 * | GHSA-4vrg-r928-h5vv | a batch answers alike in every order |
 * | CVE-2022-21646 | LookupResources under wildcards |
 * | CVE-2023-35930 | LookupResources never exceeds Check |
 * | CVE-2024-32001 | LookupSubjects over several ways |
 * | CVE-2024-48909 | LookupResources where several caveats lead to one object |
 * | CVE-2025-49011 | Check where several caveats lead over arrows |
 * | CVE-2025-64529 | a write of 7,000 tuples |
 * | CVE-2025-65111 | LookupResources is complete in recursive models |
 * | GHSA-vhvq-fv9f-wh4q | malformed cursors: scars-cursors.test.ts |
 * | CVE-2026-40091 | nothing to test is known of it |
 */
const service = openStores();

test.each(STORES)("an expired grant beside a sibling subject type is none, over %s", async (store) => {
  const schema = `
    use expiration
    definition user { relation manager: user }
    definition document {
      relation viewer: user with expiration | user#manager
      permission view = viewer
    }`;
  const scene = await openScene(service(store), schema, [
    "document:1#viewer@user:anne[expiration:2029-12-31T00:00:00Z]",
    "document:1#viewer@user:ben[expiration:2030-12-31T00:00:00Z]",
    "document:1#viewer@user:team#manager",
    "user:team#manager@user:cleo",
  ]);
  expect(await scene.batch(["document:1#view@user:anne", "document:1#view@user:ben"])).toEqual(["denied", "allowed"]);
  expect(await scene.check("document:1#view@user:anne")).toBe("denied");
  expect(await scene.resources("document#view@user:anne")).toBe("");
  expect(await scene.subjects("document:1#view@user")).toBe("ben cleo");
});

test.each(STORES)("a caveat beside a sibling subject type is kept, over %s", async (store) => {
  const schema = `
    caveat granted(yes bool) { yes }
    definition user { relation manager: user }
    definition document {
      relation viewer: user with granted | user#manager
      permission view = viewer
    }`;
  const scene = await openScene(service(store), schema, [
    'document:1#viewer@user:anne[granted:{"yes":false}]',
    "document:1#viewer@user:ben[granted]",
    "document:1#viewer@user:team#manager",
  ]);
  expect(await scene.check("document:1#view@user:anne", { context: { yes: true } })).toBe("denied");
  expect(await scene.check("document:1#view@user:ben")).toBe("conditional [yes]");
  expect(await scene.subjects("document:1#view@user")).toBe("ben=conditional");
  expect(await scene.resources("document#view@user:anne")).toBe("");
});

test.each(STORES)("nothing outlives its expiry, however often it is read, over %s", async (store) => {
  const schema = `
    use expiration
    definition user {}
    definition document {
      relation viewer: user with expiration
      relation banned: user with expiration
      permission view = viewer - banned
    }`;
  const scene = await openScene(service(store), schema, [
    `document:1#viewer@user:anne[expiration:${new Date(NOW_MS + 2_000).toISOString()}]`,
    `document:1#banned@user:anne[expiration:${new Date(NOW_MS + 1_000).toISOString()}]`,
  ]);
  for (let ms = 0; ms < 3_000; ms += 100) {
    const asked = { nowMs: NOW_MS + ms };
    const isIn = ms >= 1_000 && ms < 2_000;
    expect(await scene.check("document:1#view@user:anne", asked), `${ms}`).toBe(isIn ? "allowed" : "denied");
    expect(await scene.resources("document#view@user:anne", asked), `${ms}`).toBe(isIn ? "1" : "");
    expect(await scene.subjects("document:1#view@user", asked), `${ms}`).toBe(isIn ? "anne" : "");
  }
});

test.each(STORES)("contexts that differ in nesting only have answers of their own, over %s", async (store) => {
  const schema = `
    caveat nested(groups list<list<string>>) { groups.size() == 2 }
    definition user {}
    definition document {
      relation viewer: user with nested
      permission view = viewer
    }`;
  const scene = await openScene(service(store), schema, ["document:1#viewer@user:anne[nested]"]);
  const question = "document:1#view@user:anne";
  const contexts = [[["a"], ["b"]], [["a", "b"]], [["a,b"]], [["a"], ["b"]], [[], ["a", "b"]], [["a", "b"], []], []];
  const expected = ["allowed", "denied", "denied", "allowed", "allowed", "allowed", "denied"];
  expect(await scene.batch(contexts.map((groups) => [question, { groups }]))).toEqual(expected);
  for (const [index, groups] of contexts.entries()) {
    expect(await scene.check(question, { context: { groups } })).toBe(expected[index]);
  }
});

test.each(STORES)("a batch answers alike in every order, over %s", async (store) => {
  const schema = `
    caveat granted(yes bool) { yes }
    definition user {}
    definition group { relation member: user with granted | user | group#member }
    definition document {
      relation viewer: group#member with granted
      relation banned: group#member
      permission view = viewer - banned
    }`;
  const scene = await openScene(service(store), schema, [
    "document:1#viewer@group:a#member[granted]",
    "document:1#banned@group:b#member",
    "group:a#member@group:b#member",
    "group:b#member@user:ben[granted]",
    "group:a#member@user:anne",
  ]);
  const items = [
    ["document:1#view@user:anne", { yes: true }, "allowed"],
    ["document:1#view@user:anne", {}, "conditional [yes]"],
    ["document:1#view@user:ben", { yes: true }, "denied"],
    ["document:1#view@user:ben", {}, "conditional [yes]"],
    ["document:1#view@user:ben", { yes: false }, "denied"],
    ["document:1#viewer@user:ben", { yes: true }, "allowed"],
  ] as const;
  for (let turn = 0; turn < items.length; turn++) {
    for (const order of [items.toReversed(), [...items.slice(turn), ...items.slice(0, turn)]]) {
      const answers = await scene.batch(order.map(([question, context]) => [question, context]));
      expect(answers).toEqual(order.map(([, , expected]) => expected));
    }
  }
});

test.each(STORES)("LookupResources under wildcards is what Check says, over %s", async (store) => {
  const schema = `
    definition user {}
    definition document {
      relation viewer: user | user:*
      relation banned: user | user:*
      permission view = viewer - banned
      permission both = viewer & banned
    }`;
  const scene = await openScene(service(store), schema, [
    "document:open#viewer@user:*",
    "document:closed#viewer@user:*",
    "document:closed#banned@user:*",
    "document:own#viewer@user:anne",
    "document:own#banned@user:*",
    "document:most#viewer@user:*",
    "document:most#banned@user:anne",
  ]);
  expect(await scene.resources("document#view@user:anne")).toBe("open");
  expect(await scene.resources("document#view@user:ben")).toBe("most open");
  expect(await scene.resources("document#both@user:anne")).toBe("closed most own");
  expect(await scene.subjects("document:most#view@user")).toBe("* anne=denied");
  expect(await scene.subjects("document:closed#view@user")).toBe("");
});

test.each(STORES)("LookupResources gives nothing that Check denies, over %s", async (store) => {
  const schema = `
    definition user {}
    definition folder {
      relation viewer: user
      relation blocked: user
      permission read = viewer - blocked
    }
    definition document {
      relation parent: folder
      relation approved: user
      permission view = parent->read & approved
    }`;
  const scene = await openScene(service(store), schema, [
    "folder:a#viewer@user:anne",
    "folder:b#viewer@user:anne",
    "folder:b#blocked@user:anne",
    "document:1#parent@folder:a",
    "document:2#parent@folder:a",
    "document:2#approved@user:anne",
    "document:3#parent@folder:b",
    "document:3#approved@user:anne",
  ]);
  expect(await scene.resources("document#view@user:anne")).toBe("2");
  const answers = await scene.batch(["1", "2", "3"].map((id) => `document:${id}#view@user:anne`));
  expect(answers).toEqual(["denied", "allowed", "denied"]);
});

test.each(STORES)("LookupSubjects finds who is there over several ways, over %s", async (store) => {
  const schema = `
    caveat granted(yes bool) { yes }
    definition user {}
    definition team { relation member: user | user with granted }
    definition document {
      relation team: team
      relation reader: team#member
      relation approved: user
      permission view = (team->member + reader) & approved
    }`;
  const scene = await openScene(service(store), schema, [
    "document:1#team@team:a",
    "document:1#team@team:b",
    "document:1#reader@team:c#member",
    "team:a#member@user:anne[granted]",
    "team:b#member@user:anne",
    "team:a#member@user:ben[granted]",
    "team:c#member@user:cleo",
    "team:b#member@user:cleo[granted]",
    ...["anne", "ben", "cleo"].map((user) => `document:1#approved@user:${user}`),
  ]);
  expect(await scene.subjects("document:1#view@user")).toBe("anne ben=conditional cleo");
  expect(await scene.subjects("document:1#view@user", { candidateIds: ["cleo", "ben"] })).toBe("ben=conditional cleo");
});

const SEVERAL_CAVEATS = `
  caveat first(a bool) { a }
  caveat second(b bool) { b }
  definition user {}
  definition folder { relation viewer: user with first | user with second }
  definition document {
    relation parent: folder with first | folder with second
    relation viewer: user with first | user with second
    permission view = viewer + parent->viewer
    permission all = parent.all(viewer)
  }`;
const SEVERAL_TUPLES = [
  "document:1#viewer@user:anne[first]",
  "document:1#parent@folder:x[second]",
  "folder:x#viewer@user:anne[second]",
  "document:2#parent@folder:x[first]",
  "document:2#parent@folder:y[second]",
  "folder:y#viewer@user:anne[first]",
];

test.each(STORES)("LookupResources weighs all the caveats that lead to one object, over %s", async (store) => {
  const scene = await openScene(service(store), SEVERAL_CAVEATS, SEVERAL_TUPLES);
  const lookUp = (context: Record<string, boolean>) => scene.resources("document#view@user:anne", { context });
  expect(await lookUp({})).toBe("1=conditional 2=conditional");
  expect(await lookUp({ a: true })).toBe("1 2=conditional");
  expect(await lookUp({ b: true })).toBe("1 2=conditional");
  expect(await lookUp({ a: true, b: true })).toBe("1 2");
  expect(await lookUp({ a: false })).toBe("1=conditional");
  expect(await lookUp({ a: false, b: false })).toBe("");
});

test.each(STORES)("Check weighs all the caveats that lead over arrows, over %s", async (store) => {
  const scene = await openScene(service(store), SEVERAL_CAVEATS, SEVERAL_TUPLES);
  const check = (question: string, context: Record<string, boolean>) => scene.check(question, { context });
  expect(await check("document:2#view@user:anne", {})).toBe("conditional [a,b]");
  expect(await check("document:2#view@user:anne", { a: true })).toBe("conditional [b]");
  expect(await check("document:2#view@user:anne", { a: false, b: true })).toBe("denied");
  expect(await check("document:1#view@user:anne", { a: false, b: true })).toBe("allowed");
  expect(await check("document:2#all@user:anne", { a: true })).toBe("conditional [b]");
  expect(await check("document:2#all@user:anne", { a: false, b: true })).toBe("denied");
  expect(await check("document:2#all@user:anne", { a: true, b: true })).toBe("allowed");
});

test.each(STORES)("a write of 7,000 tuples loses none, over %s", async (store) => {
  const schema = "definition user {}; definition document { relation viewer: user; permission view = viewer }";
  const scene = await openScene(service(store), schema, []);
  const tuples = Array.from({ length: 7_000 }, (_, index) => `document:${10_000 + index}#viewer@user:anne`);
  await scene.write(...tuples);
  const found = (await scene.resources("document#view@user:anne")).split(" ");
  expect(found).toEqual(tuples.map((tuple) => tuple.slice("document:".length, "document:".length + 5)));
});

test.each(STORES)("LookupResources is complete in recursive models, over %s", async (store) => {
  const schema = `
    definition user {}
    definition group { relation member: user | group#member }
    definition folder {
      relation parent: folder
      relation viewer: user | group#member
      permission view = viewer + parent->view
    }`;
  const depth = 30;
  const chain = Array.from({ length: depth }, (_, at) => at + 10);
  const scene = await openScene(service(store), schema, [
    "group:top#member@user:anne",
    "folder:10#viewer@group:10#member",
    ...chain.map((at) => `group:${at}#member@group:${at === 39 ? "top" : at + 1}#member`),
    ...chain.slice(1).map((at) => `folder:${at}#parent@folder:${at - 1}`),
    // Round again: cycles add nobody and lose nobody.
    "group:39#member@group:10#member",
    "folder:10#parent@folder:39",
  ]);
  const folders = chain.join(" ");
  expect(await scene.resources("folder#view@user:anne")).toBe(folders);
  expect(await scene.resources("folder#view@user:ben")).toBe("");
  expect(await scene.resources("group#member@user:anne")).toBe(`${folders} top`);
  expect((await scene.resources("folder#view@group:20#member")).split(" ")).toHaveLength(depth);
});
