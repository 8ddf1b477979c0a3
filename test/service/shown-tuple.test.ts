import { beforeAll, expect, test } from "vitest";
import { accessOf } from "../../src/model/access.ts";
import type { Scope } from "../../src/model/scope.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { createTestVerbs, type TestVerbs } from "../support/server-verbs.ts";

/** Without the relation that the one tuple is of. */
const WITHOUT_BANNED = DOCUMENTS_SCHEMA.replace("  relation banned: user\n", "").replace(" - banned", "");

let world: TestVerbs;
beforeAll(async () => {
  world = await createTestVerbs();
  await world.write("+document:secret#banned@user:mallory");
});

const SCHEMAS: readonly Scope[] = ["schema:read", "schema:write"];
const OF_DOCUMENTS = { type: "document", relations: ["banned"] };
const READERS = [
  ["schemas and tuples", accessOf([...SCHEMAS, "tuples:read"]), "document:secret#banned@user:mallory"],
  [
    "schemas and those tuples",
    new Map([...accessOf(SCHEMAS), ...accessOf(["tuples:read"], [OF_DOCUMENTS])]),
    "document:secret#banned@user:mallory",
  ],
  ["schemas alone", accessOf(SCHEMAS), "document:…#banned@user:…"],
  [
    "schemas and other tuples",
    new Map([...accessOf(SCHEMAS), ...accessOf(["tuples:read"], [{ type: "folder" }])]),
    "document:…#banned@user:…",
  ],
] as const;

test.each(READERS)("who may read %s sees of a tuple in the way what it may", async (_who, access, shown) => {
  const call = { ...world.call, access };
  const { changes } = await world.verbs.diffSchema(call, { text: WITHOUT_BANNED });
  expect(changes.find(({ kind }) => kind === "relation-removed")?.exampleTuple).toBe(shown);
  const refused = await world.verbs
    .writeSchema(call, { text: WITHOUT_BANNED, expectedVersion: undefined })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({
    reason: "SCHEMA_STRANDS_TUPLES",
    message: expect.stringContaining(shown),
    metadata: { tuple: shown },
  });
  if (shown.includes("…")) expect(JSON.stringify([refused, String(refused)])).not.toMatch(/secret|mallory/);
});
