import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { CheckRequestSchema } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type BadField, expectRefusal, expectStillServing } from "../support/server-bad-fields.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion } from "../support/server-seed.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const BATCH = "relata.v1.AuthorizationService/BatchCheck";
const WRITE = "relata.v1.TupleService/Write";

const QUESTION = wireQuestion("document:1#view@user:anne");
const ANNE = { object: { type: "user", id: "anne" } };
const TUPLE = { object: { type: "document", id: "1" }, relation: "viewer", subject: ANNE };
const OF_OTHERS = { ...TUPLE, object: { type: "document", id: "2" } };

const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) });
const check = (more: object) => ({ ...QUESTION, ...more });
const own = (...contextualTuples: readonly object[]) => check({ contextualTuples });

const CASES: readonly BadField[] = [
  [
    "a context of 33 levels",
    CHECK,
    check({ context: nested(33) }),
    "INVALID_REQUEST",
    "context is nested deeper than 32",
  ],
  [
    "a context of 64 KiB",
    CHECK,
    check({ context: { a: "x".repeat(65_536) } }),
    "INVALID_REQUEST",
    "context has 65544 bytes",
  ],
  ["a context that is a list", CHECK, check({ context: [] }), "INVALID_REQUEST", "google.protobuf.Struct"],
  [
    "101 contextual tuples",
    CHECK,
    own(...Array.from({ length: 101 }, (_, i) => ({ ...TUPLE, object: { type: "document", id: String(i) } }))),
    "TOO_MANY_ITEMS",
    "contextual_tuples has 101 entries; at most 100",
  ],
  [
    "a contextual tuple twice",
    CHECK,
    own(TUPLE, OF_OTHERS, TUPLE),
    "INVALID_REQUEST",
    "contextual_tuples[2] is the same tuple as contextual_tuples[0]: document:1#viewer@user:anne",
  ],
  [
    "a contextual tuple of a permission",
    CHECK,
    own(OF_OTHERS, { ...TUPLE, relation: "view" }),
    "CANNOT_WRITE_PERMISSION",
    "contextual_tuples[1]: ",
  ],
  [
    "a contextual tuple of a subject type that is not allowed",
    CHECK,
    own({ ...TUPLE, subject: { object: { type: "folder", id: "f" } } }),
    "INVALID_SUBJECT_TYPE",
    "contextual_tuples[0]: ",
  ],
  [
    "a contextual tuple with a wildcard where none is allowed",
    CHECK,
    own({ ...TUPLE, subject: { object: { type: "user", id: "*" } } }),
    "WILDCARD_NOT_ALLOWED",
    "contextual_tuples[0]: ",
  ],
  [
    "a contextual tuple with a caveat where none is allowed",
    CHECK,
    own({ ...TUPLE, caveat: { name: "on_network", context: {} } }),
    "INVALID_SUBJECT_TYPE",
    "contextual_tuples[0]: ",
  ],
  [
    "a contextual tuple without a subject",
    CHECK,
    own({ object: TUPLE.object, relation: "viewer" }),
    "INVALID_SUBJECT",
    "contextual_tuples[0].subject is missing",
  ],
  [
    "a contextual tuple with an id that is none",
    BATCH,
    { items: [QUESTION], contextualTuples: [{ ...TUPLE, object: { type: "document", id: "a b" } }] },
    "INVALID_OBJECT",
    'contextual_tuples[0].object.id is "a b"',
  ],
  [
    "a contextual tuple with a long context",
    CHECK,
    own({ ...TUPLE, caveat: { name: "on_network", context: { a: "x".repeat(25_000) } } }),
    "INVALID_REQUEST",
    "contextual_tuples[0].caveat.context has 25008 bytes as JSON; at most 25000",
  ],
  [
    "a written tuple with a long context",
    WRITE,
    {
      updates: [
        {
          operation: "OPERATION_TOUCH",
          tuple: { ...TUPLE, caveat: { name: "c", context: { a: "x".repeat(25_000) } } },
        },
      ],
    },
    "INVALID_REQUEST",
    "updates[0].tuple.caveat.context has 25008 bytes as JSON; at most 25000",
  ],
  [
    "a written tuple with a deep context",
    WRITE,
    { updates: [{ operation: "OPERATION_TOUCH", tuple: { ...TUPLE, caveat: { name: "c", context: nested(33) } } }] },
    "INVALID_REQUEST",
    "updates[0].tuple.caveat.context is nested deeper than 32",
  ],
  [
    "an expiry in the year 10,000",
    WRITE,
    { updates: [{ operation: "OPERATION_TOUCH", tuple: { ...TUPLE, expiresAt: "10000-01-01T00:00:00Z" } }] },
    "INVALID_REQUEST",
    "google.protobuf.Timestamp",
  ],
  [
    "metadata of 33 levels",
    WRITE,
    { updates: [], metadata: nested(33) },
    "INVALID_REQUEST",
    "metadata is nested deeper",
  ],
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
});
afterAll(() => server.close());
afterEach(() => expectStillServing(server));

test.each(CASES)("%s", (...bad) => expectRefusal(server, server.issuer.bearer(), bad));

test.each([
  ["an infinite number", '{"a": [1, {"b": 1e999}]}', "context holds a number that is infinite"],
  ["half a surrogate pair", '{"a": "\\ud800"}', "context holds text that is not Unicode"],
  ["the same in a key", '{"\\udc00": 1}', "context holds text that is not Unicode"],
])("a context with %s, in JSON", async (_what, context, message) => {
  const body = `${JSON.stringify(QUESTION).slice(0, -1)}, "context": ${context}}`;
  const { error } = await postJson(server.httpUrl, CHECK, body, { authorization: server.issuer.bearer() });
  expect(error).toMatchObject({ reason: "INVALID_REQUEST", message: expect.stringContaining(message) });
});

test("an item's context that is none is that item's error, named by its place", async () => {
  const items = [QUESTION, check({ context: nested(33) }), check({ context: { a: "x".repeat(65_536) } }), QUESTION];
  const { body } = await postJson(server.httpUrl, BATCH, { items }, { authorization: server.issuer.bearer() });
  expect(body).toMatchObject({
    results: [
      { answer: { decision: "DECISION_DENIED" } },
      { error: { code: 3, message: expect.stringContaining("items[1].context is nested deeper") } },
      { error: { code: 3, message: expect.stringContaining("items[2].context has 65544 bytes") } },
      { answer: { decision: "DECISION_DENIED" } },
    ],
  });
});

test("what an object calls __proto__ is a key like any other", async () => {
  const body = `${JSON.stringify(QUESTION).slice(0, -1)}, "context": {"__proto__": {"polluted": true}}}`;
  const { status } = await postJson(server.httpUrl, CHECK, body, { authorization: server.issuer.bearer() });
  expect([status, ({} as { polluted?: boolean }).polluted]).toEqual([200, undefined]);
});

describe("protobuf", () => {
  const headers = () => ({ authorization: server.issuer.bearer() });
  /** A field with a length before it; numbers of fields and lengths as varints. */
  const field = (number: number, ...parts: readonly Uint8Array[]) => {
    const bytes = Buffer.concat(parts);
    return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
  };
  const varint = (value: number): Buffer => {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>>= 7) {
      if (rest < 0x80) return Buffer.from([...bytes, rest]);
      bytes.push((rest & 0x7f) | 0x80);
    }
  };
  const struct = (value: Uint8Array) => field(1, field(1, Buffer.from("a")), field(2, value));
  const withContext = (bytes: Uint8Array) =>
    Buffer.concat([toBinary(CheckRequestSchema, create(CheckRequestSchema, QUESTION)), field(4, bytes)]);
  const number = (value: number) => {
    const bytes = Buffer.alloc(9, 0x11);
    bytes.writeDoubleLE(value, 1);
    return bytes;
  };

  test.each([
    ["NaN", Number.NaN],
    ["minus infinity", Number.NEGATIVE_INFINITY],
  ])("a context with %s", async (_what, value) => {
    const { error } = await callRaw(server.grpcAddress, CHECK, withContext(struct(number(value))), headers());
    expect(error).toMatchObject({ code: "3", reason: "INVALID_REQUEST", metadata: { field: "context" } });
    // And the bytes are right otherwise.
    expect((await callRaw(server.grpcAddress, CHECK, withContext(struct(number(1))), headers())).error).toBeUndefined();
  });

  test("a context 10,000 levels deep", async () => {
    // From the inside out, so that what is inside is not copied at every level.
    const prefixes: Buffer[] = [];
    let length = 0;
    for (let depth = 0; depth < 10_000; depth++) {
      const value = Buffer.concat([varint((5 << 3) | 2), varint(length)]);
      const key = field(1, Buffer.from("a"));
      const member = Buffer.concat([key, varint((2 << 3) | 2), varint(value.length + length), value]);
      const prefix = Buffer.concat([varint((1 << 3) | 2), varint(member.length + length), member]);
      prefixes.push(prefix);
      length += prefix.length;
    }
    const bytes = Buffer.concat(prefixes.toReversed());
    const { error } = await callRaw(server.grpcAddress, CHECK, withContext(bytes), headers());
    expect(error).toMatchObject({ code: "3", reason: "INVALID_REQUEST", message: expect.stringContaining("depth") });
  });
});
