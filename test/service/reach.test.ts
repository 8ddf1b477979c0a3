import { beforeEach, describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { type Access, accessOf, addAccess, type ObjectLimit } from "../../src/model/access.ts";
import type { Scope } from "../../src/model/scope.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { Verbs } from "../../src/service/verbs.ts";
import { createTestVerbs, type TestVerbs, writeRequest } from "../support/server-verbs.ts";

const FULLY = { consistency: { kind: "fully_consistent" } } as const;
const ANNE = { type: "user", id: "anne", relation: "" };
const REST = { ...FULLY, context: {}, contextualTuples: [], limit: 0, cursor: "", candidateIds: undefined };

let at: TestVerbs;
beforeEach(async () => {
  at = await createTestVerbs();
  await at.write("+document:1#viewer@user:anne", "+document:1#parent@folder:1", "+folder:1#viewer@user:ben");
});

type Ask = (verbs: Verbs, call: TenantCall) => unknown;

/** Every way to ask about `type`, of which `relation` is a relation of the type and a name to ask about. */
const ways: Readonly<Record<string, { scope: Scope; ask: (type: string, relation: string) => Ask }>> = {
  check: {
    scope: "check",
    ask: (type, permission) => (verbs, call) =>
      verbs.check(call, { object: { type, id: "1" }, permission, subject: ANNE, ...FULLY }),
  },
  "an item of a batch": {
    scope: "check",
    ask: (type, permission) => async (verbs, call) => {
      const item = { object: { type, id: "1" }, permission, subject: ANNE };
      const { results } = await verbs.batchCheck(call, { items: [item], ...FULLY });
      if (results[0] instanceof RelataError) throw results[0];
    },
  },
  "lookup of resources": {
    scope: "check",
    ask: (objectType, permission) => (verbs, call) =>
      drain(verbs.lookupResources(call, { objectType, permission, subject: ANNE, countOnly: false, ...REST })),
  },
  "lookup of subjects": {
    scope: "check",
    ask: (type, permission) => (verbs, call) => {
      const asked = { object: { type, id: "1" }, permission, subjectType: "user", subjectRelation: "" };
      return drain(verbs.lookupSubjects(call, { ...asked, countOnly: false, ...REST }));
    },
  },
  write: {
    scope: "tuples:write",
    ask: (type, relation) => (verbs, call) =>
      verbs.writeTuples(call, writeRequest("+document:new#viewer@user:anne", `~${type}:1#${relation}@user:anne`)),
  },
  "a deleting write": {
    scope: "tuples:write",
    ask: (type, relation) => (verbs, call) => verbs.writeTuples(call, writeRequest(`-${type}:1#${relation}@user:anne`)),
  },
  "a precondition of a write": {
    scope: "tuples:write",
    ask: (type, relation) => (verbs, call) => {
      const preconditions = [{ expect: "must_not_match", filter: { objectType: type, relation } }] as const;
      const written = verbs.writeTuples(call, { ...writeRequest("+document:new#viewer@user:anne"), preconditions });
      return written.catch(unlessPreconditionFailed);
    },
  },
  delete: {
    scope: "tuples:write",
    ask: (objectType, relation) => (verbs, call) =>
      verbs.deleteTuples(call, { ...DELETE, filter: { objectType, relation, objectId: "1" } }),
  },
  "a precondition of a delete": {
    scope: "tuples:write",
    ask: (type, relation) => (verbs, call) => {
      const preconditions = [{ expect: "must_not_match", filter: { objectType: type, relation } }] as const;
      const filter = { objectType: "document", relation: "viewer", objectId: "none" };
      return verbs.deleteTuples(call, { ...DELETE, filter, preconditions }).catch(unlessPreconditionFailed);
    },
  },
  read: {
    scope: "tuples:read",
    ask: (objectType, relation) => (verbs, call) =>
      drain(verbs.readTuples(call, { filter: { objectType, relation }, limit: 0, cursor: "", ...FULLY })),
  },
};

const DELETE = { preconditions: [], limit: 0, allowPartial: false, idempotencyKey: "" };

/** It was asked, which is all that matters here. */
function unlessPreconditionFailed(error: unknown): void {
  if (!(error instanceof RelataError && error.reason === "PRECONDITION_FAILED")) throw error;
}

async function drain(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const page of pages) void page;
}

const narrowed = (scope: Scope, ...limits: readonly ObjectLimit[]): TenantCall => ({
  ...at.call,
  access: accessOf([scope], limits),
});

async function outcome(ask: Ask, call: TenantCall): Promise<string> {
  try {
    await ask(at.verbs, call);
    return "answered";
  } catch (error) {
    if (error instanceof RelataError) return `${error.reason} ${error.detail?.split(":")[0] ?? ""}`.trim();
    throw error;
  }
}

const REFUSED = "PERMISSION_DENIED out_of_reach";

describe.each(Object.entries(ways))("%s", (_name, { scope, ask }) => {
  const cases: readonly (readonly [string, readonly ObjectLimit[], string, string, string])[] = [
    ["a scope that was not narrowed", [], "folder", "viewer", "answered"],
    ["a type within reach", [{ type: "document" }], "document", "viewer", "answered"],
    ["a relation within reach", [{ type: "document", relations: ["viewer"] }], "document", "viewer", "answered"],
    ["another type", [{ type: "document" }], "folder", "viewer", REFUSED],
    ["another relation", [{ type: "document", relations: ["viewer"] }], "document", "banned", REFUSED],
    ["a type there is not", [{ type: "document" }], "secret", "viewer", REFUSED],
    ["a relation there is not", [{ type: "document", relations: ["viewer"] }], "document", "secret", REFUSED],
  ];

  test.each(cases)("of %s", async (_case, limits, type, relation, expected) => {
    // The update, or the filter, beside the one in question must always be within reach.
    const also = addAccess(accessOf([scope], limits), alwaysWritable(scope, limits));
    expect(await outcome(ask(type, relation), { ...at.call, access: also })).toBe(expected);
  });

  test("of a scope that is not held at all", async () => {
    const call = { ...at.call, access: new Map() };
    expect(await outcome(ask("document", "viewer"), call)).toBe(REFUSED);
  });
});

function alwaysWritable(scope: Scope, limits: readonly ObjectLimit[]): Access {
  return limits.length === 0 ? new Map() : accessOf([scope], [{ type: "document", relations: ["viewer"] }]);
}

describe("what names no type or no relation", () => {
  test.each<[string, Ask, ObjectLimit]>([
    ["a read of one object's id", readBy({ objectId: "1" }), { type: "document" }],
    ["a read by subject", readBy({ subjectType: "user", subjectId: "anne" }), { type: "document" }],
    ["a read of a whole type", readBy({ objectType: "document" }), { type: "document", relations: ["viewer"] }],
    ["a delete by subject", deleteBy({ subjectType: "user" }), { type: "document" }],
    ["a delete of a whole type", deleteBy({ objectType: "document" }), { type: "document", relations: ["viewer"] }],
  ])("%s is not within reach", async (_name, ask, limit) => {
    const call = { ...at.call, access: accessOf(["tuples:read", "tuples:write"], [limit]) };
    expect(await outcome(ask, call)).toBe(REFUSED);
    expect(await outcome(ask, at.call)).toBe("answered");
  });
});

function readBy(filter: Parameters<Verbs["readTuples"]>[1]["filter"]): Ask {
  return (verbs, call) => drain(verbs.readTuples(call, { filter, limit: 0, cursor: "", ...FULLY }));
}

function deleteBy(filter: Parameters<Verbs["deleteTuples"]>[1]["filter"]): Ask {
  return (verbs, call) => verbs.deleteTuples(call, { ...DELETE, filter });
}

describe("expand", () => {
  const expand =
    (depth: "whole" | "one_level", type = "document"): Ask =>
    (verbs, call) =>
      verbs.expand(call, { object: { type, id: "1" }, permission: "viewer", depth, limit: 0, cursor: "", ...FULLY });

  test("of one level is within reach with its type, and with all of its relations", async () => {
    expect(await outcome(expand("one_level"), narrowed("tuples:read", { type: "document" }))).toBe("answered");
    const some = narrowed("tuples:read", { type: "document", relations: ["viewer"] });
    expect(await outcome(expand("one_level"), some)).toBe(REFUSED);
    expect(await outcome(expand("one_level", "folder"), narrowed("tuples:read", { type: "document" }))).toBe(REFUSED);
  });

  test("of a whole tree shows tuples of any type, and is within no reach but all", async () => {
    expect(await outcome(expand("whole"), narrowed("tuples:read", { type: "document" }))).toBe(REFUSED);
    expect(await outcome(expand("whole"), narrowed("tuples:read"))).toBe("answered");
  });
});

describe("what would show more than was asked about", () => {
  const question = { object: { type: "document", id: "1" }, permission: "view", subject: ANNE };
  const contextualTuples = [parseTuple("document:mine#parent@folder:1")];

  test("an explanation shows tuples, which takes reading them all", async () => {
    const explained: Ask = (verbs, call) => verbs.check(call, { ...question, explain: true, ...FULLY });
    const check = accessOf(["check"], [{ type: "document" }]);
    const few = addAccess(check, accessOf(["tuples:read"], [{ type: "document" }]));
    expect(await outcome(explained, { ...at.call, access: few })).toBe(REFUSED);
    expect(await outcome(explained, { ...at.call, access: addAccess(check, accessOf(["tuples:read"])) })).toBe(
      "answered",
    );
  });

  test.each<[string, Ask]>([
    ["check", (verbs, call) => verbs.check(call, { ...question, contextualTuples, ...FULLY })],
    ["a batch", (verbs, call) => verbs.batchCheck(call, { items: [question], contextualTuples, ...FULLY })],
    [
      "lookup of resources",
      (verbs, call) => {
        const asked = { objectType: "document", permission: "view", subject: ANNE, countOnly: false };
        return drain(verbs.lookupResources(call, { ...asked, ...REST, contextualTuples }));
      },
    ],
    [
      "lookup of subjects",
      (verbs, call) => {
        const asked = { object: question.object, permission: "view", subjectType: "user", subjectRelation: "" };
        return drain(verbs.lookupSubjects(call, { ...asked, countOnly: false, ...REST, contextualTuples }));
      },
    ],
  ])("%s with contextual tuples could ask about any object by way of one within reach", async (_name, ask) => {
    expect(await outcome(ask, narrowed("check", { type: "document" }))).toBe(REFUSED);
    expect(await outcome(ask, narrowed("check"))).toBe("answered");
  });
});

test("the refusal says which scope does not reach what was asked, and the log who asked", async () => {
  const ask = ways["check"]?.ask("folder", "viewer");
  const error = await Promise.resolve(ask?.(at.verbs, narrowed("check", { type: "document" }))).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    reason: "PERMISSION_DENIED",
    metadata: { scope: "check" },
    message: expect.stringContaining("folder#viewer"),
    detail: 'out_of_reach: check "folder#viewer" by "test|service"',
  });
});
