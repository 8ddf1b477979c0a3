import { describe, expect, test } from "vitest";
import type { RelataError } from "../../src/errors.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { createTestVerbs, type TestVerbs } from "../support/server-verbs.ts";

const WITHOUT_BANNED = DOCUMENTS_SCHEMA.replace("  relation banned: user\n", "").replace(" - banned", "");
const MORE = `${DOCUMENTS_SCHEMA}definition more {}\n`;

const write = ({ verbs, call }: TestVerbs, text: string, expectedVersion?: number) =>
  verbs.writeSchema(call, { text, expectedVersion });

describe("write", () => {
  test("versions count up; the current text again changes nothing", async () => {
    const at = await createTestVerbs();
    const first = await at.verbs.readSchema(at.call, { version: 0 });
    expect(await write(at, DOCUMENTS_SCHEMA)).toEqual({
      version: 1,
      consistencyToken: first.consistencyToken,
      warnings: [],
    });
    expect((await write(at, MORE)).version).toBe(2);
    expect((await write(at, DOCUMENTS_SCHEMA)).version).toBe(3);
    expect((await at.verbs.readSchema(at.call, { version: 2 })).stored.text).toBe(MORE);
  });

  test("of two that expected the same version, one is told that the other was first", async () => {
    const at = await createTestVerbs();
    const outcomes = await Promise.allSettled([write(at, MORE, 1), write(at, WITHOUT_BANNED, 1)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const lost = outcomes.find((outcome) => outcome.status === "rejected");
    expect(lost).toMatchObject({ reason: { reason: "SCHEMA_CHANGED" } });
  });

  test("two that expect nothing both happen, one after the other", async () => {
    const at = await createTestVerbs();
    const versions = await Promise.all([write(at, MORE), write(at, WITHOUT_BANNED)]);
    expect(versions.map(({ version }) => version).toSorted()).toEqual([2, 3]);
  });

  test("what would strand a stored tuple is refused with that tuple, and allowed once it is gone", async () => {
    const at = await createTestVerbs();
    await at.write("+document:1#banned@user:anne");
    await expect(write(at, WITHOUT_BANNED)).rejects.toMatchObject({
      reason: "SCHEMA_STRANDS_TUPLES",
      message: expect.stringContaining("document:1#banned@user:anne"),
    });
    expect((await at.verbs.readSchema(at.call, { version: 0 })).stored.version).toBe(1);
    await at.write("-document:1#banned@user:anne");
    expect((await write(at, WITHOUT_BANNED)).version).toBe(2);
  });

  test("the message of a hopeless text stays short, and counts what it leaves out", async () => {
    const at = await createTestVerbs();
    const text = Array.from({ length: 60 }, (_, i) => `definition d${i} { relation r: nowhere_${i} }`).join("\n");
    const error = await write(at, text).then(
      () => undefined,
      (reason: RelataError) => reason,
    );
    expect(error?.metadata).toMatchObject({ errors: "60", line: "1", code: "unknown-definition" });
    expect(error?.message).toMatch(/and \d+ more; SchemaService\.Validate lists them all$/);
    expect(error?.message.length).toBeLessThan(3_100);
    expect((await at.verbs.validateSchema(at.call, { text })).diagnostics).toHaveLength(60);
  });

  test("a text above the limit is not even parsed", async () => {
    const at = await createTestVerbs();
    const text = `// ${"x".repeat(10_000)}\n`;
    const { verbs, call } = at;
    for (const refused of [write(at, text), verbs.validateSchema(call, { text }), verbs.diffSchema(call, { text })])
      await expect(refused).rejects.toMatchObject({
        reason: "TOO_MANY_ITEMS",
        metadata: { field: "text", max: "10000" },
      });
  });
});

describe("validate", () => {
  test("a caveat that is no condition is an error at its place", async () => {
    const { verbs, call } = await createTestVerbs();
    const text = "caveat c(x int) { x + 1 }\ndefinition user {}\ndefinition a { relation r: user with c }\n";
    const { valid, diagnostics, rendered } = await verbs.validateSchema(call, { text });
    expect(valid).toBe(false);
    expect(diagnostics).toMatchObject([{ severity: "error", line: 1 }]);
    expect(rendered).toContain("^");
  });

  test("what is only odd is a warning", async () => {
    const { verbs, call } = await createTestVerbs();
    const text =
      "definition user {}\ndefinition a {\n  relation r: user\n  relation s: user\n  permission p = r + s - s\n}\n";
    const { valid, diagnostics } = await verbs.validateSchema(call, { text });
    expect(valid).toBe(true);
    expect(diagnostics.map(({ severity }) => severity)).toContain("warning");
  });
});

describe("before the first schema", () => {
  test("whatever needs one says how to get one", async () => {
    const at = await createTestVerbs();
    const tenant = await at.store.tenants.create({ slug: "bare" }, { actor: "t", requestId: "t" });
    const call = at.callOf(tenant);
    const question = { object: { type: "a", id: "1" }, permission: "p", subject: { type: "a", id: "1", relation: "" } };
    const consistency = { kind: "minimize_latency" } as const;
    for (const refused of [
      at.verbs.check(call, { ...question, consistency }),
      at.verbs.batchCheck(call, { items: [question], consistency }),
      at.verbs.readSchema(call, { version: 0 }),
      (async () => {
        for await (const _ of at.verbs.readTuples(call, { filter: {}, consistency, limit: 0, cursor: "" }))
          throw new Error("a page");
      })(),
    ])
      await expect(refused).rejects.toMatchObject({
        reason: "SCHEMA_NOT_FOUND",
        message: expect.stringContaining("push"),
      });
    expect((await at.verbs.diffSchema(call, { text: "definition user {}" })).currentVersion).toBe(0);
    expect((await at.verbs.writeSchema(call, { text: "definition user {}", expectedVersion: 0 })).version).toBe(1);
  });
});

describe("tenants", () => {
  test("pages of any size give each once, in order of slugs", async () => {
    const { verbs, platform } = await createTestVerbs();
    for (const slug of ["e", "b", "d", "c"]) await verbs.createTenant(platform, { slug, schemaName: "" });
    for (const pageSize of [1, 2, 3, 5, 100, 0]) {
      const slugs: string[] = [];
      let pageToken = "";
      do {
        const page = await verbs.listTenants(platform, { pageSize, pageToken });
        slugs.push(...page.tenants.map(({ slug }) => slug));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(slugs).toEqual(["acme", "b", "c", "d", "e"]);
    }
  });

  test("tenants of one schema name share its versions, each at its own", async () => {
    const { verbs, platform, callOf } = await createTestVerbs();
    const one = await verbs.createTenant(platform, { slug: "one", schemaName: "shared" });
    const two = await verbs.createTenant(platform, { slug: "two", schemaName: "shared" });
    await verbs.writeSchema(callOf(one), { text: DOCUMENTS_SCHEMA, expectedVersion: undefined });
    const { version } = await verbs.writeSchema(callOf(two), { text: MORE, expectedVersion: undefined });
    expect(version).toBe(2);
    expect((await verbs.readSchema(callOf(one), { version: 0 })).stored).toMatchObject({
      version: 1,
      text: DOCUMENTS_SCHEMA,
    });
  });
});

describe("diff", () => {
  const QUOTA = `caveat quota(used int, most int) {
  used < most
}

definition user {}

definition document {
  relation viewer: user with quota
}
`;
  const FIXED = QUOTA.replace(", most int", "").replace("used < most", "used < 9");

  test("names a tuple that stands in the way by its key, as Write does", async () => {
    const at = await createTestVerbs();
    await write(at, QUOTA);
    await at.write('+document:1#viewer@user:anne[quota:{"used":1}]', '+document:2#viewer@user:anne[quota:{"most":1}]');
    const { changes } = await at.verbs.diffSchema(at.call, { text: FIXED });
    const removed = changes.find(({ kind }) => kind === "caveat-parameter-removed");
    expect(removed).toMatchObject({ member: "most", exampleTuple: "document:2#viewer@user:anne" });
  });

  test("a parameter that no tuple has a value for stands in nobody's way", async () => {
    const at = await createTestVerbs();
    await write(at, QUOTA);
    await at.write('+document:1#viewer@user:anne[quota:{"used":1}]');
    const { changes } = await at.verbs.diffSchema(at.call, { text: FIXED });
    expect(changes.map(({ exampleTuple }) => exampleTuple)).toEqual(changes.map(() => ""));
    expect((await write(at, FIXED)).version).toBe(3);
  });
});
