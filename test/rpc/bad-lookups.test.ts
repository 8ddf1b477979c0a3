import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ErrorReason, REASONS } from "../../src/errors.ts";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { GRPC_CODES } from "../../src/rpc/error-map.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { expectStillServing } from "../support/server-bad-fields.ts";
import { callRaw } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion } from "../support/server-seed.ts";

const { object, permission, subject } = wireQuestion("document:1#view@user:anne");
const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) });

const METHODS = AuthorizationService.method;
type Lookup = "lookupResources" | "lookupSubjects" | "expand";
const RIGHT: Readonly<Record<Lookup, object>> = {
  lookupResources: { objectType: "document", permission, subject },
  lookupSubjects: { object, permission, subjectType: "user" },
  expand: { object, permission },
};

type Case = readonly [what: string, method: Lookup, more: object, reason: ErrorReason, message: string];

/** For both lookups. */
const SHARED: readonly (readonly [what: string, more: object, reason: ErrorReason, message: string])[] = [
  ["without a permission", { permission: "" }, "INVALID_REQUEST", "permission is empty"],
  ["of a permission that is no name", { permission: "View" }, "INVALID_REQUEST", 'permission is "View"'],
  ["of an unknown permission", { permission: "vieuw" }, "UNKNOWN_RELATION_OR_PERMISSION", "vieuw"],
  ["among an id that is none", { candidateIds: ["1", "a b"] }, "INVALID_REQUEST", 'candidate_ids[1] is "a b"'],
  ["among a wildcard", { candidateIds: ["*"] }, "INVALID_REQUEST", 'candidate_ids[0] is "*"'],
  [
    "among 10,001",
    { candidateIds: Array.from({ length: 10_001 }, (_, i) => String(i)) },
    "TOO_MANY_ITEMS",
    "candidate_ids has 10001 entries; at most 10000",
  ],
  ["with a deep context", { context: nested(33) }, "INVALID_REQUEST", "context is nested deeper"],
  ["with a huge context", { context: { a: "x".repeat(65_536) } }, "INVALID_REQUEST", "context has 65544 bytes"],
  ["with a contextual tuple that is none", { contextualTuples: [{}] }, "INVALID_OBJECT", "contextual_tuples[0].object"],
  ["with a made-up cursor", { cursor: "made up" }, "INVALID_CURSOR", "not issued here"],
  ["with a cursor of 1 MB", { cursor: "A".repeat(1_000_000) }, "INVALID_CURSOR", "not issued here"],
  [
    "with a made-up token",
    { consistency: { requirement: { case: "atExactSnapshot", value: "abc" } } },
    "INVALID_TOKEN",
    "not issued here",
  ],
];

const CASES: readonly Case[] = [
  ...(["lookupResources", "lookupSubjects"] as const).flatMap((method) =>
    SHARED.map(([what, ...rest]): Case => [what, method, ...rest]),
  ),
  ["without a type", "lookupResources", { objectType: "" }, "INVALID_REQUEST", "object_type is empty"],
  ["of an unknown type", "lookupResources", { objectType: "dokument" }, "UNKNOWN_DEFINITION", "dokument"],
  ["without a subject", "lookupResources", { subject: undefined }, "INVALID_SUBJECT", "subject is missing"],
  [
    "of everybody",
    "lookupResources",
    { subject: { object: { type: "user", id: "*" } } },
    "INVALID_SUBJECT",
    'subject.object.id is "*"',
  ],
  [
    "of an unknown subject type",
    "lookupResources",
    { subject: { object: { type: "robot", id: "1" } } },
    "UNKNOWN_DEFINITION",
    "robot",
  ],
  ["without an object", "lookupSubjects", { object: undefined }, "INVALID_OBJECT", "object is missing"],
  ["without a subject type", "lookupSubjects", { subjectType: "" }, "INVALID_REQUEST", "subject_type is empty"],
  ["of an unknown subject type", "lookupSubjects", { subjectType: "robot" }, "UNKNOWN_DEFINITION", "robot"],
  [
    "of an unknown subject relation",
    "lookupSubjects",
    { subjectType: "group", subjectRelation: "boss" },
    "UNKNOWN_RELATION_OR_PERMISSION",
    "boss",
  ],
  [
    "of a relation that is no name",
    "lookupSubjects",
    { subjectRelation: "..." },
    "INVALID_REQUEST",
    "subject_relation is",
  ],
  ["without an object", "expand", { object: undefined }, "INVALID_OBJECT", "object is missing"],
  ["of an unknown permission", "expand", { permission: "vieuw" }, "UNKNOWN_RELATION_OR_PERMISSION", "vieuw"],
  ["of an unknown type", "expand", { object: { type: "dokument", id: "1" } }, "UNKNOWN_DEFINITION", "dokument"],
  ["of a depth that is none", "expand", { depth: 7 }, "INVALID_REQUEST", "depth must be DEPTH_ONE_LEVEL"],
  ["with a made-up cursor", "expand", { cursor: "made up" }, "INVALID_CURSOR", "not issued here"],
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
});
afterAll(() => server.close());
afterEach(() => expectStillServing(server));

async function call(name: Lookup, more: object) {
  const method: DescMethod = METHODS[name];
  const bytes = toBinary(method.input, create(method.input, { ...RIGHT[name], ...more }));
  const headers = { authorization: server.issuer.bearer() };
  return callRaw(server.grpcAddress, `${method.parent.typeName}/${method.name}`, bytes, headers);
}

test.each(CASES.map(([what, method, ...rest]) => [`${method} ${what}`, method, ...rest] as const))(
  "%s",
  async (_what, method, more, reason, message) => {
    const { error } = await call(method, more);
    expect(error).toMatchObject({
      code: String(GRPC_CODES[REASONS[reason]]),
      reason,
      domain: "relata.dev",
      message: expect.stringContaining(message),
    });
    expect(error?.message.length).toBeLessThan(2001);
  },
);

test("the largest numbers are fine", async () => {
  // One message each: the call is made as if it had one answer.
  const limit = 2 ** 32 - 1;
  for (const name of ["lookupResources", "lookupSubjects"] as const)
    expect((await call(name, { limit, countOnly: true })).error).toBeUndefined();
  expect((await call("expand", { limit })).error).toBeUndefined();
});
