import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const BATCH = "relata.v1.AuthorizationService/BatchCheck";
const WRITE = "relata.v1.TupleService/Write";
const DELETE = "relata.v1.TupleService/Delete";
const READ_SCHEMA = "relata.v1.SchemaService/Read";
const WRITE_SCHEMA = "relata.v1.SchemaService/Write";
const CREATE_TENANT = "relata.v1.TenantService/Create";
const GET_TENANT = "relata.v1.TenantService/Get";
const LIST_TENANTS = "relata.v1.TenantService/List";

const MIB = 1024 * 1024;
const DOC = { type: "document", id: "1" };
const ANNE = { object: { type: "user", id: "anne" } };
const QUESTION = { object: DOC, permission: "view", subject: ANNE };
const TUPLE = { object: DOC, relation: "viewer", subject: ANNE };

const write = (tuple: object) => ({ updates: [{ operation: "OPERATION_TOUCH", tuple }] });
const filtered = (filter: object) => ({ filter });

/** Ids and names that are none, and what the message must say. */
const BAD_IDS: readonly (readonly [what: string, id: unknown, message: string])[] = [
  ["empty", "", "is empty"],
  ["missing", undefined, "is empty"],
  ["a blank", "a b", '"a b"'],
  ["a NUL", "a\u0000b", '"a\\u0000b"'],
  ["not ASCII", "zoë", '"zoë"'],
  ["an emoji", "🙂", '"🙂"'],
  ["right to left", "\u202eabc", "object id"],
  ["a wildcard", "*", '"*"'],
  ["1,025 bytes", "x".repeat(1025), "(1025 characters)"],
  ["a million bytes", "x".repeat(1_000_000), "(1000000 characters)"],
  ["SQL", "1'; drop table tuple; --", "object id"],
];
const BAD_NAMES: readonly (readonly [what: string, name: unknown, message: string])[] = [
  ["empty", "", "is empty"],
  ["upper case", "View", '"View"'],
  ["a leading digit", "1view", '"1view"'],
  ["a trailing underscore", "view_", '"view_"'],
  ["65 bytes", "v".repeat(65), "at most 64"],
  ["a NUL", "view\u0000", '"view\\u0000"'],
];

type Case = readonly [what: string, procedure: string, body: unknown, code: string, reason: string, message: string];

const CASES: readonly Case[] = [
  ...BAD_IDS.flatMap(([what, id, message]): Case[] => [
    [
      `Check object.id ${what}`,
      CHECK,
      { ...QUESTION, object: { type: "document", id } },
      "invalid_argument",
      "INVALID_OBJECT",
      `object.id ${message}`.slice(0, message.startsWith("is") ? undefined : 9),
    ],
    [
      `Check subject id ${what}`,
      CHECK,
      { ...QUESTION, subject: { object: { type: "user", id } } },
      "invalid_argument",
      "INVALID_SUBJECT",
      message,
    ],
    [
      `Write object.id ${what}`,
      WRITE,
      write({ ...TUPLE, object: { type: "document", id } }),
      "invalid_argument",
      "INVALID_OBJECT",
      message,
    ],
  ]),
  ...BAD_NAMES.flatMap(([what, name, message]): Case[] => [
    [
      `Check permission ${what}`,
      CHECK,
      { ...QUESTION, permission: name },
      "invalid_argument",
      "INVALID_REQUEST",
      message,
    ],
    [
      `Check object.type ${what === "65 bytes" ? "129 bytes" : what}`,
      CHECK,
      { ...QUESTION, object: { type: what === "65 bytes" ? "v".repeat(129) : name, id: "1" } },
      "invalid_argument",
      "INVALID_OBJECT",
      what === "65 bytes" ? "at most 128" : message,
    ],
    [
      `Write relation ${what}`,
      WRITE,
      write({ ...TUPLE, relation: name }),
      "invalid_argument",
      "INVALID_TUPLE",
      `updates[0].tuple.relation ${message.startsWith("is") ? message : ""}`,
    ],
  ]),
  [
    "Check without an object",
    CHECK,
    { ...QUESTION, object: undefined },
    "invalid_argument",
    "INVALID_OBJECT",
    "object is missing",
  ],
  [
    "Check without a subject",
    CHECK,
    { ...QUESTION, subject: undefined },
    "invalid_argument",
    "INVALID_SUBJECT",
    "subject is missing",
  ],
  [
    "Check with a subject without object",
    CHECK,
    { ...QUESTION, subject: { relation: "member" } },
    "invalid_argument",
    "INVALID_SUBJECT",
    "subject is missing",
  ],
  [
    "Check of an unknown type",
    CHECK,
    { ...QUESTION, object: { type: "dokument", id: "1" } },
    "failed_precondition",
    "UNKNOWN_DEFINITION",
    "dokument",
  ],
  [
    "Check of an unknown permission",
    CHECK,
    { ...QUESTION, permission: "vieuw" },
    "failed_precondition",
    "UNKNOWN_RELATION_OR_PERMISSION",
    "vieuw",
  ],
  [
    "Check with consistency false",
    CHECK,
    { ...QUESTION, consistency: { fullyConsistent: false } },
    "invalid_argument",
    "INVALID_REQUEST",
    "consistency.fully_consistent must be true",
  ],
  [
    "Check with a made-up token",
    CHECK,
    { ...QUESTION, consistency: { atLeastAsFresh: "abc" } },
    "invalid_argument",
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "Check with an empty token",
    CHECK,
    { ...QUESTION, consistency: { atExactSnapshot: "" } },
    "invalid_argument",
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "Check with a token of 1 MB",
    CHECK,
    { ...QUESTION, consistency: { atLeastAsFresh: "A".repeat(MIB) } },
    "invalid_argument",
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "BatchCheck of too many",
    BATCH,
    { items: Array.from({ length: 1001 }, () => QUESTION) },
    "invalid_argument",
    "TOO_MANY_ITEMS",
    "items has 1001 entries; at most 1000",
  ],
  ["Write of nothing", WRITE, {}, "invalid_argument", "INVALID_REQUEST", "updates is empty"],
  [
    "Write of too many",
    WRITE,
    {
      updates: Array.from({ length: 1001 }, (_, i) => ({
        operation: 1,
        tuple: { ...TUPLE, object: { type: "document", id: String(i) } },
      })),
    },
    "invalid_argument",
    "TOO_MANY_ITEMS",
    "updates has 1001",
  ],
  [
    "Write without an operation",
    WRITE,
    { updates: [{ tuple: TUPLE }] },
    "invalid_argument",
    "INVALID_REQUEST",
    "updates[0].operation must be",
  ],
  [
    "Write without a tuple",
    WRITE,
    { updates: [{ operation: 1 }] },
    "invalid_argument",
    "INVALID_TUPLE",
    "updates[0].tuple is missing",
  ],
  [
    "Write of the same tuple twice",
    WRITE,
    {
      updates: [
        { operation: 1, tuple: TUPLE },
        { operation: 3, tuple: TUPLE },
      ],
    },
    "invalid_argument",
    "DUPLICATE_UPDATE",
    "updates[1] is about the same tuple as updates[0]",
  ],
  [
    "Write of a permission",
    WRITE,
    write({ ...TUPLE, relation: "view" }),
    "invalid_argument",
    "CANNOT_WRITE_PERMISSION",
    "updates[0].tuple",
  ],
  [
    "Write of a subject type that is not allowed",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "folder", id: "1" } } }),
    "invalid_argument",
    "INVALID_SUBJECT_TYPE",
    "updates[0].tuple",
  ],
  [
    "Write of a wildcard where none is allowed",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "user", id: "*" } } }),
    "invalid_argument",
    "WILDCARD_NOT_ALLOWED",
    "updates[0].tuple",
  ],
  [
    "Write of a wildcard with a relation",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "group", id: "*" }, relation: "member" } }),
    "invalid_argument",
    "INVALID_SUBJECT",
    "relation must be empty",
  ],
  [
    "Write with a caveat",
    WRITE,
    write({ ...TUPLE, caveat: { name: "on_network" } }),
    "failed_precondition",
    "SCHEMA_UNSUPPORTED_FEATURE",
    "caveat is not supported",
  ],
  [
    "Write with an expiry",
    WRITE,
    write({ ...TUPLE, expiresAt: "2030-01-01T00:00:00Z" }),
    "failed_precondition",
    "SCHEMA_UNSUPPORTED_FEATURE",
    "expires_at is not supported",
  ],
  [
    "Write with a long idempotency key",
    WRITE,
    { ...write(TUPLE), idempotencyKey: "k".repeat(129) },
    "invalid_argument",
    "INVALID_REQUEST",
    "idempotency_key has 129 bytes",
  ],
  [
    "Write with NUL in the idempotency key",
    WRITE,
    { ...write(TUPLE), idempotencyKey: "k\u0000" },
    "invalid_argument",
    "INVALID_REQUEST",
    "idempotency_key must not hold",
  ],
  [
    "Write with metadata of 100 kB",
    WRITE,
    { ...write(TUPLE), metadata: { note: "x".repeat(100_000) } },
    "invalid_argument",
    "INVALID_REQUEST",
    "metadata has",
  ],
  [
    "Write with a precondition without expectation",
    WRITE,
    { ...write(TUPLE), preconditions: [filtered({ objectType: "document" })] },
    "invalid_argument",
    "INVALID_REQUEST",
    "preconditions[0].expect must be",
  ],
  [
    "Write with an empty precondition",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1 }] },
    "invalid_argument",
    "INVALID_REQUEST",
    "preconditions[0].filter is empty",
  ],
  [
    "Write with a precondition on an unknown type",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1, ...filtered({ objectType: "nope" }) }] },
    "failed_precondition",
    "UNKNOWN_DEFINITION",
    "preconditions[0].filter.object_type",
  ],
  [
    "Write with a precondition that does not hold",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1, ...filtered({ objectType: "document", objectId: "nope" }) }] },
    "failed_precondition",
    "PRECONDITION_FAILED",
    "Precondition 1 failed",
  ],
  ["Delete without a filter", DELETE, {}, "invalid_argument", "INVALID_REQUEST", "filter is empty"],
  [
    "Delete of a permission",
    DELETE,
    filtered({ objectType: "document", relation: "view" }),
    "invalid_argument",
    "INVALID_REQUEST",
    "filter.relation",
  ],
  [
    "Delete with a bad id",
    DELETE,
    filtered({ objectType: "document", objectId: "a b" }),
    "invalid_argument",
    "INVALID_REQUEST",
    "filter.object_id",
  ],
  [
    "Delete with too large a limit",
    DELETE,
    { ...filtered({ objectType: "document" }), limit: 5000 },
    "invalid_argument",
    "TOO_MANY_ITEMS",
    "limit",
  ],
  [
    "Write of a schema that does not parse",
    WRITE_SCHEMA,
    { text: "definition a {\n  relation x user\n}" },
    "invalid_argument",
    "SCHEMA_PARSE_ERROR",
    "schema:2:",
  ],
  [
    "Write of a schema with an unknown type",
    WRITE_SCHEMA,
    { text: "definition a { relation x: b }" },
    "failed_precondition",
    "SCHEMA_TYPE_ERROR",
    "schema:1:",
  ],
  [
    "Write of a schema with a caveat",
    WRITE_SCHEMA,
    { text: "caveat c(x int) { x > 1 }\ndefinition user {}\ndefinition a { relation r: user with c }" },
    "failed_precondition",
    "SCHEMA_UNSUPPORTED_FEATURE",
    "schema:",
  ],
  [
    "Write of a schema with expiration",
    WRITE_SCHEMA,
    { text: "use expiration\ndefinition user {}\ndefinition a { relation r: user with expiration }" },
    "failed_precondition",
    "SCHEMA_UNSUPPORTED_FEATURE",
    "schema:",
  ],
  [
    "Write of a schema with NUL",
    WRITE_SCHEMA,
    { text: "definition a {}\u0000" },
    "invalid_argument",
    "SCHEMA_PARSE_ERROR",
    "schema:1:",
  ],
  [
    "Write of a schema for another version",
    WRITE_SCHEMA,
    { text: DOCUMENTS_SCHEMA, expectedVersion: 7 },
    "failed_precondition",
    "SCHEMA_CHANGED",
    "at version 1, not at 7",
  ],
  [
    "Read of a schema version that is not there",
    READ_SCHEMA,
    { version: 99 },
    "not_found",
    "SCHEMA_NOT_FOUND",
    "no version 99",
  ],
];

const PLATFORM_CASES: readonly Case[] = [
  ["an empty slug", CREATE_TENANT, {}, "invalid_argument", "INVALID_REQUEST", "slug must be"],
  ["a slug in upper case", CREATE_TENANT, { slug: "Acme" }, "invalid_argument", "INVALID_REQUEST", "slug must be"],
  [
    "a slug of 64 bytes",
    CREATE_TENANT,
    { slug: "a".repeat(64) },
    "invalid_argument",
    "INVALID_REQUEST",
    "slug must be",
  ],
  [
    "a bad schema name",
    CREATE_TENANT,
    { slug: "fine", schemaName: "Not Fine" },
    "invalid_argument",
    "INVALID_REQUEST",
    "schema_name must be",
  ],
  ["a slug that is taken", CREATE_TENANT, { slug: "acme" }, "already_exists", "TENANT_ALREADY_EXISTS", "acme"],
  ["Get of nothing", GET_TENANT, {}, "invalid_argument", "INVALID_REQUEST", "by is missing"],
  ["Get by an id that is no UUID", GET_TENANT, { id: "7" }, "invalid_argument", "INVALID_REQUEST", "id must be a UUID"],
  [
    "Get by an id nobody has",
    GET_TENANT,
    { id: "00000000-0000-4000-8000-000000000000" },
    "not_found",
    "TENANT_NOT_FOUND",
    "no tenant",
  ],
  [
    "Get by a slug that is none",
    GET_TENANT,
    { slug: "No\u0000Slug" },
    "invalid_argument",
    "INVALID_REQUEST",
    "slug must be",
  ],
  ["List of a huge page", LIST_TENANTS, { pageSize: 4_000_000_000 }, "invalid_argument", "TOO_MANY_ITEMS", "page_size"],
  ["List from a made-up page", LIST_TENANTS, { pageToken: "zzz" }, "invalid_argument", "INVALID_CURSOR", "page_token"],
];

let server: TestServer;
let tenant: Readonly<Record<string, string>>;
let platform: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
  tenant = { authorization: server.issuer.bearer() };
  platform = { authorization: server.issuer.bearer({ sub: "operator", tenant: undefined }) };
});
afterAll(() => server.close());

/** Nothing here may take the server down, or leave a fault in its log. */
afterEach(async () => {
  const response = await fetch(`${server.httpUrl}/healthz`);
  expect(await response.json()).toEqual({ status: "SERVING" });
  expect(server.logLines().filter((line) => line["level"] === "error")).toEqual([]);
});

describe("a bad field gets its code, its reason, and a message that says what and where", () => {
  test.each(CASES)("%s", async (_what, procedure, body, code, reason, message) => {
    const { error } = await postJson(server.httpUrl, procedure, body, tenant);
    expect(error).toMatchObject({ code, reason, domain: "relata.dev", message: expect.stringContaining(message) });
    expect(error?.message.length).toBeLessThan(4000);
  });

  test.each(PLATFORM_CASES)("%s", async (_what, procedure, body, code, reason, message) => {
    const { error } = await postJson(server.httpUrl, procedure, body, platform);
    expect(error).toMatchObject({ code, reason, domain: "relata.dev", message: expect.stringContaining(message) });
  });

  test("an item of a batch gets its own error, with the item's place", async () => {
    const items = [
      QUESTION,
      { ...QUESTION, object: { type: "document", id: "" } },
      { ...QUESTION, permission: "no" },
      {},
    ];
    const { body } = await postJson(server.httpUrl, BATCH, { items }, tenant);
    expect(body).toMatchObject({
      results: [
        { answer: {} },
        { error: { code: 3, reason: "INVALID_OBJECT", message: expect.stringContaining("items[1].object.id") } },
        { error: { code: 9, reason: "UNKNOWN_RELATION_OR_PERMISSION" } },
        {
          error: { code: 3, reason: "INVALID_OBJECT", message: expect.stringContaining("items[3].object is missing") },
        },
      ],
    });
  });
});

describe("JSON that is none", () => {
  test.each([
    ["cut off", '{"object":', "decode"],
    ["an array", "[]", "decode"],
    ["a number for a message", '{"object": 7}', "relata.v1.ObjectReference from JSON: 7"],
    ["a number for a text", '{"permission": 7}', "permission"],
    ["a misspelt field", '{"permision": "view"}', "permision"],
    [
      "an enum that is none",
      '{"updates":[{"operation":"OPERATION_EXPLODE"}]}',
      'relata.v1.TupleUpdate.Operation from JSON: "OPERATION_EXPLODE"',
    ],
    ["half a surrogate pair", '{"permission": "\\ud800"}', "permission"],
    ["nested 50,000 deep", `{"context":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`, ""],
  ])("%s", async (_what, body, message) => {
    const procedure = body.includes("updates") ? WRITE : CHECK;
    const { status, error } = await postJson(server.httpUrl, procedure, body, tenant);
    expect(status).toBe(400);
    expect(error).toMatchObject({
      code: "invalid_argument",
      reason: "INVALID_REQUEST",
      message: expect.stringContaining(message),
    });
    expect(error?.message.length).toBeLessThanOrEqual(1000);
  });

  test("another content type, method or path is told what is right", async () => {
    const post = (path: string, init: RequestInit) => fetch(`${server.httpUrl}/${path}`, { method: "POST", ...init });
    const form = await post(CHECK, { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect([form.status, await form.text()]).toEqual([415, expect.stringContaining("content-type: application/json")]);
    const get = await post(CHECK, { method: "GET" });
    expect([get.status, get.headers.get("allow"), await get.text()]).toEqual([
      405,
      "POST",
      expect.stringContaining("POST"),
    ]);
    const nowhere = await post("relata.v1.AuthorizationService/Chek", { body: "{}" });
    expect([nowhere.status, await nowhere.text()]).toEqual([404, expect.stringContaining("Chek")]);
  });
});

describe("protobuf that is none", () => {
  const GARBAGE: readonly (readonly [string, Uint8Array])[] = [
    ["random bytes", Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 255) % 256)],
    ["a length beyond the end", Uint8Array.of(0x0a, 0xff, 0xff, 0x03, 0x01)],
    ["an endless varint", new Uint8Array(32).fill(0xff)],
    ["text that is not UTF-8", Uint8Array.of(0x12, 0x02, 0xc3, 0x28)],
  ];
  test.each(GARBAGE)("%s over gRPC", async (_what, bytes) => {
    const { error } = await callRaw(server.grpcAddress, CHECK, bytes, tenant);
    expect(error).toMatchObject({
      code: "3",
      reason: "INVALID_REQUEST",
      message: expect.stringContaining("relata.v1.CheckRequest"),
    });
  });

  test.each(GARBAGE)("%s over Connect", async (_what, bytes) => {
    const headers = { ...tenant, "content-type": "application/proto" };
    const { status, error } = await postJson(server.httpUrl, CHECK, bytes, headers);
    expect([status, error?.code, error?.reason]).toEqual([400, "invalid_argument", "INVALID_REQUEST"]);
  });

  test("an unknown method over gRPC", async () => {
    const { error } = await callRaw(
      server.grpcAddress,
      "relata.v1.AuthorizationService/Chek",
      new Uint8Array(),
      tenant,
    );
    expect(error).toMatchObject({ code: "12", message: expect.stringContaining("Chek") });
  });

  test("every method refuses garbage over gRPC", async () => {
    for (const service of API_SERVICES) {
      for (const method of service.methods) {
        const headers = service.typeName === "relata.v1.TenantService" ? platform : tenant;
        const { error } = await callRaw(
          server.grpcAddress,
          `${service.typeName}/${method.name}`,
          new Uint8Array(32).fill(0xff),
          headers,
        );
        expect([method.name, error?.code, error?.reason]).toEqual([method.name, "3", "INVALID_REQUEST"]);
      }
    }
  });
});

describe("too much", () => {
  const huge = Buffer.alloc(100 * MIB, "x");

  test("100 MB over gRPC", async () => {
    const { error } = await callRaw(server.grpcAddress, CHECK, huge, tenant);
    expect(error).toMatchObject({ code: "8", message: expect.stringContaining("larger than max") });
  });

  test("100 MB over HTTP", async () => {
    // The server answers and hangs up long before the body is through, which some clients see as a broken pipe.
    const answer = await postJson(server.httpUrl, CHECK, huge, tenant).catch(() => undefined);
    if (answer !== undefined) expect(answer).toMatchObject({ status: 429, error: { code: "resource_exhausted" } });
  });

  test("5 MB over HTTP", async () => {
    const { error } = await postJson(server.httpUrl, CHECK, { permission: "v".repeat(5 * MIB) }, tenant);
    expect(error).toMatchObject({ code: "resource_exhausted", message: expect.stringContaining("4194304") });
  });

  test("a gzip bomb over HTTP is refused by its unpacked size", async () => {
    const { gzipSync } = await import("node:zlib");
    const headers = { ...tenant, "content-encoding": "gzip" };
    const { error } = await postJson(server.httpUrl, CHECK, gzipSync(Buffer.alloc(20 * MIB, " ")), headers);
    expect(error).toMatchObject({ code: "resource_exhausted" });
  });

  test("megabytes of an unproved caller are not read", async () => {
    const { error } = await postJson(server.httpUrl, CHECK, { permission: "v".repeat(3 * MIB) });
    expect(error).toMatchObject({ code: "unauthenticated", reason: "UNAUTHENTICATED" });
  });

  test("headers of 100 kB", async () => {
    const headers = { ...tenant, "x-big": "h".repeat(100_000) };
    const response = await fetch(`${server.httpUrl}/${CHECK}`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(431);
  });

  test.each([
    ["no HTTP at all", "\u0016\u0003\u0001hello, is this TLS?\r\n\r\n"],
    [
      "HTTP/1.0 without a host",
      `POST /${CHECK} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    [
      "a host that is none",
      `POST /${CHECK} HTTP/1.1\r\nHost: [\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    [
      "the beginning of HTTP/2 and then nonsense",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense nonsense nonsense nonsense",
    ],
  ])("bytes that are %s", async (_what, bytes) => {
    const answer = await sendBytes(bytes);
    if (bytes.startsWith("PRI")) expect(answer).not.toContain("HTTP/1.1");
    else expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  test("bytes that are no gRPC, on the gRPC port", async () => {
    await sendBytes("GET / HTTP/1.1\r\n\r\n", server.grpcPort);
    expect((await callRaw(server.grpcAddress, CHECK, new Uint8Array(), tenant)).error?.reason).toBe("INVALID_OBJECT");
  });
});

/** What comes back until the server hangs up. */
function sendBytes(bytes: string, port: number = server.httpPort): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", () => undefined);
    socket.write(bytes, "latin1");
  });
}
