import { expect, test } from "vitest";
import { openScene } from "./scene.ts";
import { openStores, STORES } from "./stores.ts";

/*
 * What went wrong elsewhere, in OpenFGA. SpiceDB's are in scars.test.ts.
 *
 * | advisory | here |
 * |---|---|
 * | CVE-2025-64751 | an unconditional wildcard where only a conditional one is allowed |
 * | CVE-2025-48371 | contextual tuples of a type that the relation does not allow |
 * | CVE-2025-46331 | answers found inside a cycle |
 * | CVE-2024-56323 | caveats of contextual tuples, request after request |
 * | CVE-2024-42473, CVE-2024-31452 | exclusion and intersection |
 * | CVE-2024-23820, CVE-2023-45810, -43645, -40579, -35933 | deep, wide and circular tuples |
 * | CVE-2022-23542 | tuples of an earlier schema |
 * | CVE-2026-33729 | one question under many contexts |
 * | CVE-2026-34972 | questions that read alike when run together |
 * | CVE-2026-55170 | ids that differ in case only |
 * | CVE-2026-61709 | LookupSubjects: exclusions under a wildcard |
 * | CVE-2026-55689 (`aud` not checked) | not about answers: test/auth (audience) |
 * | GHSA-68m9-983m-f3v5 (the playground shows a key) | there is no playground |
 */
const service = openStores();

const CONDITIONAL_WILDCARD = `
  caveat granted(yes bool) { yes }
  definition user {}
  definition document {
    relation viewer: user | user:* with granted
    permission view = viewer
  }`;

test.each(STORES)(
  "an unconditional wildcard is refused where only a conditional one is allowed, over %s",
  async (store) => {
    const scene = await openScene(service(store), CONDITIONAL_WILDCARD, ["document:1#viewer@user:*[granted]"]);
    await expect(scene.write("document:2#viewer@user:*")).rejects.toMatchObject({ kind: "invalid_argument" });
    const contextual = ["document:2#viewer@user:*"];
    expect(await scene.check("document:2#view@user:anne", { contextual })).toMatch(
      /^(WILDCARD_NOT_ALLOWED|INVALID_SUBJECT_TYPE)$/,
    );
    expect(await scene.check("document:2#view@user:anne")).toBe("denied");
    expect(await scene.check("document:1#view@user:anne")).toBe("conditional [yes]");
    expect(await scene.check("document:1#view@user:anne", { context: { yes: false } })).toBe("denied");
  },
);

test.each(STORES)("contextual tuples are of allowed types, over %s", async (store) => {
  const schema = `
    definition user {}
    definition robot {}
    definition group { relation member: user | robot }
    definition document {
      relation viewer: user | group#member
      permission view = viewer
    }`;
  const scene = await openScene(service(store), schema, ["group:a#member@robot:r2"]);
  const ask = (contextual: string) => scene.check("document:1#view@robot:r2", { contextual: [contextual] });
  expect(await ask("document:1#viewer@robot:r2")).toBe("INVALID_SUBJECT_TYPE");
  expect(await ask("document:1#viewer@group:a")).toBe("INVALID_SUBJECT_TYPE");
  expect(await ask("document:1#view@robot:r2")).toBe("CANNOT_WRITE_PERMISSION");
  expect(await ask("document:1#viewer@user:*")).toBe("WILDCARD_NOT_ALLOWED");
  expect(await ask("document:1#viewer@group:a#member")).toBe("allowed");
  const wrong = { contextual: ["document:1#viewer@robot:r2"] };
  await expect(scene.batch(["document:1#view@robot:r2"], wrong)).rejects.toMatchObject({
    reason: "INVALID_SUBJECT_TYPE",
  });
  expect(await scene.resources("document#view@robot:r2", wrong)).toBe("INVALID_SUBJECT_TYPE");
  expect(await scene.subjects("document:1#view@robot", wrong)).toBe("INVALID_SUBJECT_TYPE");
});

test.each(STORES)("what is found inside a cycle is right for whoever asks next, over %s", async (store) => {
  const schema = `
    definition user {}
    definition group {
      relation parent: group
      relation member: user
      permission in = member + parent->in
    }`;
  const ring = ["a", "b", "c", "d"];
  const scene = await openScene(service(store), schema, [
    ...ring.map((name, at) => `group:${name}#parent@group:${ring[(at + 1) % ring.length]}`),
    "group:d#parent@group:out",
    "group:out#member@user:anne",
    "group:b#member@user:ben",
  ]);
  const questions = [...ring, "out"].flatMap((group) =>
    ["anne", "ben"].map((user) => `group:${group}#in@user:${user}`),
  );
  const expected = (question: string) => (question === "group:out#in@user:ben" ? "denied" : "allowed");
  for (let turn = 0; turn < questions.length; turn++) {
    const order = [...questions.slice(turn), ...questions.slice(0, turn)];
    expect(await scene.batch(order)).toEqual(order.map(expected));
    for (const question of order) expect(await scene.check(question), question).toBe(expected(question));
  }
  expect(await scene.resources("group#in@user:anne")).toBe("a b c d out");
});

test.each(STORES)("a contextual tuple and its caveat hold for one request, over %s", async (store) => {
  const scene = await openScene(service(store), CONDITIONAL_WILDCARD, ["document:1#viewer@user:ben"]);
  const question = "document:1#view@user:anne";
  const contextual = ["document:1#viewer@user:*[granted]"];
  for (let time = 0; time < 3; time++) {
    expect(await scene.check(question, { contextual, context: { yes: true } })).toBe("allowed");
    expect(await scene.check(question, { contextual, context: { yes: false } })).toBe("denied");
    expect(await scene.check(question, { contextual })).toBe("conditional [yes]");
    expect(await scene.check(question, { context: { yes: true } })).toBe("denied");
    const written = ['document:1#viewer@user:*[granted:{"yes":false}]'];
    expect(await scene.check(question, { contextual: written, context: { yes: true } })).toBe("denied");
    expect(await scene.subjects("document:1#view@user", { contextual, context: { yes: true } })).toBe("* ben");
    expect(await scene.subjects("document:1#view@user")).toBe("ben");
  }
});

test.each(STORES)("exclusion and intersection hold in Check and in lists, over %s", async (store) => {
  const schema = `
    definition user {}
    definition group { relation member: user | group#member }
    definition document {
      relation a: user | group#member
      relation b: user | group#member
      relation c: user | group#member
      permission both = a & b
      permission but = a - b
      permission nested = (a - (b - c)) & (a + b)
      permission never = a - a
    }`;
  const scene = await openScene(service(store), schema, [
    "group:all#member@user:anne",
    "group:all#member@group:some#member",
    "group:some#member@user:ben",
    "document:1#a@group:all#member",
    "document:1#b@group:some#member",
    "document:1#c@user:ben",
    "document:2#a@user:ben",
    "document:2#b@group:all#member",
  ]);
  expect(await scene.subjects("document:1#both@user")).toBe("ben");
  expect(await scene.subjects("document:1#but@user")).toBe("anne");
  expect(await scene.subjects("document:1#nested@user")).toBe("anne ben");
  expect(await scene.subjects("document:2#nested@user")).toBe("");
  expect(await scene.resources("document#both@user:ben")).toBe("1 2");
  expect(await scene.resources("document#but@user:ben")).toBe("");
  expect(await scene.resources("document#nested@user:ben")).toBe("1");
  expect(await scene.resources("document#never@user:anne")).toBe("");
  const members = ["both", "but", "nested", "never"];
  const answers = await scene.batch(members.map((member) => `document:1#${member}@user:ben`));
  expect(answers).toEqual(["allowed", "denied", "allowed", "denied"]);
});

test.each(STORES)("deep, wide and circular tuples are answered, over %s", async (store) => {
  const schema = `
    definition user {}
    definition group { relation member: user | group#member }`;
  // Every group of a layer holds both of the next: 2^40 ways, 80 groups. And a chain, and a ring.
  const layers = Array.from({ length: 40 }, (_, layer) => layer);
  const sides = ["l", "r"];
  const scene = await openScene(service(store), schema, [
    ...layers.flatMap((layer) =>
      sides.flatMap((one) => sides.map((other) => `group:${one}${layer}#member@group:${other}${layer + 1}#member`)),
    ),
    "group:l40#member@user:anne",
    "group:r40#member@group:l0#member",
    ...Array.from({ length: 300 }, (_, at) => `group:c${at}#member@group:c${at + 1}#member`),
    "group:c300#member@user:anne",
    "group:c300#member@group:c0#member",
  ]);
  for (const top of ["l0", "r0", "c0"]) {
    expect(await scene.check(`group:${top}#member@user:anne`)).toBe("allowed");
    expect(await scene.check(`group:${top}#member@user:ben`)).toBe("denied");
    expect(await scene.subjects(`group:${top}#member@user`)).toBe("anne");
  }
  expect((await scene.resources("group#member@user:anne")).split(" ")).toHaveLength(82 + 301);
});

test.each(STORES)("no tuple of an earlier schema is honoured, over %s", async (store) => {
  const before = CONDITIONAL_WILDCARD.replace("user:* with granted", "user:* | user:* with granted");
  const scene = await openScene(service(store), before, ["document:1#viewer@user:*", "document:1#viewer@user:anne"]);
  const { verbs } = service(store);
  const change = (text: string) => verbs.writeSchema(scene.call, { text, expectedVersion: undefined });
  await expect(change(CONDITIONAL_WILDCARD)).rejects.toMatchObject({ reason: "SCHEMA_STRANDS_TUPLES" });
  expect(await scene.check("document:1#view@user:ben")).toBe("allowed");
  await scene.write("document:1#viewer@user:*[granted]");
  await change(CONDITIONAL_WILDCARD);
  expect(await scene.check("document:1#view@user:ben")).toBe("conditional [yes]");
  expect(await scene.check("document:1#view@user:anne")).toBe("allowed");
});

test.each(STORES)("one question under many contexts has an answer for each, over %s", async (store) => {
  const schema = `
    caveat within(amount int, cap int, who string) { amount <= cap && who != "nobody" }
    definition user {}
    definition document {
      relation viewer: user with within
      permission view = viewer
    }`;
  const scene = await openScene(service(store), schema, ['document:1#viewer@user:anne[within:{"cap":5}]']);
  const question = "document:1#view@user:anne";
  const cases = [
    [{ amount: 5, who: "x" }, "allowed"],
    [{ amount: 6, who: "x" }, "denied"],
    [{ who: "x", amount: 5 }, "allowed"],
    [{ amount: 5, who: "nobody" }, "denied"],
    [{ amount: "5", who: "x" }, "allowed"],
    [{ amount: 6, cap: 9, who: "x" }, "denied"],
    [{ amount: 5 }, "conditional [who]"],
    [{ amount: 6 }, "denied"],
    [{}, "conditional [amount,who]"],
    [{ amount: "five", who: "x" }, "INVALID_CAVEAT_CONTEXT"],
    [{ amount: 5, who: "x", else: { amount: 9 } }, "allowed"],
  ] as const;
  const expected = cases.map(([, answer]) => answer);
  expect(await scene.batch(cases.map(([context]) => [question, context]))).toEqual(expected);
  for (const [context, answer] of [...cases, ...cases.toReversed()]) {
    expect(await scene.check(question, { context }), JSON.stringify(context)).toBe(answer);
  }
});

test.each(STORES)("questions that read alike when run together are kept apart, over %s", async (store) => {
  const schema = `
    definition user {}
    definition use { relation r: user }
    definition document {
      relation view: user
      relation vie: user
      relation r: use#r
    }`;
  const scene = await openScene(service(store), schema, [
    "document:1#view@user:a@user:b",
    "document:x:y#view@user:b",
    "document:x|y#vie@user:b",
    "document:1/2#view@user:2",
    "document:r#r@use:r#r",
    "use:r#r@user:r",
  ]);
  const items = [
    ["document:1#view@user:a@user:b", "allowed"],
    ["document:1#view@user:b", "denied"],
    ["document:x:y#view@user:b", "allowed"],
    ["document:x#view@user:b", "denied"],
    ["document:x|y#vie@user:b", "allowed"],
    ["document:x|y#view@user:b", "denied"],
    ["document:1/2#view@user:2", "allowed"],
    ["document:1#view@user:2/2", "denied"],
    ["document:r#r@use:r#r", "allowed"],
    ["document:r#r@use:r", "denied"],
    ["document:r#r@user:r", "allowed"],
    ["document:1#view@user:a@user:b", "allowed"],
  ] as const;
  expect(await scene.batch(items.map(([question]) => question))).toEqual(items.map(([, answer]) => answer));
  for (const [question, answer] of items) expect(await scene.check(question), question).toBe(answer);
});

test.each(STORES)("ids that differ in case only are different, over %s", async (store) => {
  const schema = "definition user {}; definition document { relation viewer: user; permission view = viewer }";
  const scene = await openScene(service(store), schema, [
    "document:Plan#viewer@user:Anne",
    "document:plan#viewer@user:anne",
    "document:a#viewer@user:anne",
    "document:B#viewer@user:anne",
    "document:a#viewer@user:Zoe",
    "document:a#viewer@user:_x",
  ]);
  expect(await scene.check("document:Plan#view@user:anne")).toBe("denied");
  expect(await scene.check("document:plan#view@user:Anne")).toBe("denied");
  expect(await scene.check("document:PLAN#view@user:anne")).toBe("denied");
  // Bytewise, whatever the database's locale.
  expect(await scene.resources("document#view@user:anne")).toBe("B a plan");
  expect(await scene.resources("document#view@user:Anne")).toBe("Plan");
  expect(await scene.subjects("document:a#view@user")).toBe("Zoe _x anne");
  expect(await scene.subjects("document:a#view@user", { candidateIds: ["ANNE", "anne", "zoe"] })).toBe("anne");
});

test.each(STORES)("LookupSubjects tells whom a wildcard leaves out, over %s", async (store) => {
  const schema = `
    caveat granted(yes bool) { yes }
    definition user {}
    definition group { relation member: user | user:* }
    definition document {
      relation viewer: user | user:* | group#member
      relation banned: user | user:* with granted | group#member
      permission view = viewer - banned
    }`;
  const scene = await openScene(service(store), schema, [
    "document:1#viewer@user:*",
    "document:1#banned@user:anne",
    "document:1#banned@group:bad#member",
    "group:bad#member@user:ben",
    "document:2#viewer@group:all#member",
    "group:all#member@user:*",
    "document:2#banned@user:*[granted]",
    "document:3#viewer@user:anne",
    "document:3#banned@group:all#member",
  ]);
  expect(await scene.subjects("document:1#view@user")).toBe("* anne=denied ben=denied");
  expect(await scene.subjects("document:1#view@user", { candidateIds: ["anne", "cleo"] })).toBe("cleo");
  expect(await scene.subjects("document:2#view@user")).toBe("*=conditional");
  expect(await scene.subjects("document:2#view@user", { context: { yes: true } })).toBe("");
  expect(await scene.subjects("document:2#view@user", { context: { yes: false } })).toBe("*");
  expect(await scene.subjects("document:3#view@user")).toBe("");
});
