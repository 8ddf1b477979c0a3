import { afterAll, afterEach, beforeAll, describe, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type BadField, expectRefusal, expectStillServing } from "../support/server-bad-fields.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";

const WRITE = "relata.v1.TupleService/Write";
const DELETE = "relata.v1.TupleService/Delete";
const READ_SCHEMA = "relata.v1.SchemaService/Read";
const WRITE_SCHEMA = "relata.v1.SchemaService/Write";
const CREATE_TENANT = "relata.v1.TenantService/Create";
const GET_TENANT = "relata.v1.TenantService/Get";
const LIST_TENANTS = "relata.v1.TenantService/List";

const DOC = { type: "document", id: "1" };
const ANNE = { object: { type: "user", id: "anne" } };
const TUPLE = { object: DOC, relation: "viewer", subject: ANNE };

const write = (tuple: object) => ({ updates: [{ operation: "OPERATION_TOUCH", tuple }] });
const filtered = (filter: object) => ({ filter });

const TENANT_CASES: readonly BadField[] = [
  ["Write of nothing", WRITE, {}, "INVALID_REQUEST", "updates is empty"],
  [
    "Write of too many",
    WRITE,
    {
      updates: Array.from({ length: 1001 }, (_, i) => ({
        operation: 1,
        tuple: { ...TUPLE, object: { type: "document", id: String(i) } },
      })),
    },
    "TOO_MANY_ITEMS",
    "updates has 1001",
  ],
  [
    "Write without an operation",
    WRITE,
    { updates: [{ tuple: TUPLE }] },
    "INVALID_REQUEST",
    "updates[0].operation must be",
  ],
  ["Write without a tuple", WRITE, { updates: [{ operation: 1 }] }, "INVALID_TUPLE", "updates[0].tuple is missing"],
  [
    "Write of the same tuple twice",
    WRITE,
    {
      updates: [
        { operation: 1, tuple: TUPLE },
        { operation: 3, tuple: TUPLE },
      ],
    },
    "DUPLICATE_UPDATE",
    "updates[1] is about the same tuple as updates[0]",
  ],
  [
    "Write of a permission",
    WRITE,
    write({ ...TUPLE, relation: "view" }),
    "CANNOT_WRITE_PERMISSION",
    "updates[0].tuple",
  ],
  [
    "Write of a subject type that is not allowed",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "folder", id: "1" } } }),
    "INVALID_SUBJECT_TYPE",
    "updates[0].tuple",
  ],
  [
    "Write of a wildcard where none is allowed",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "user", id: "*" } } }),
    "WILDCARD_NOT_ALLOWED",
    "updates[0].tuple",
  ],
  [
    "Write of a wildcard with a relation",
    WRITE,
    write({ ...TUPLE, subject: { object: { type: "group", id: "*" }, relation: "member" } }),
    "INVALID_SUBJECT",
    "relation must be empty",
  ],
  [
    "Write with a caveat where none is allowed",
    WRITE,
    write({ ...TUPLE, caveat: { name: "on_network" } }),
    "INVALID_SUBJECT_TYPE",
    "does not allow user with on_network",
  ],
  [
    "Write with an expiry where none is allowed",
    WRITE,
    write({ ...TUPLE, expiresAt: "2030-01-01T00:00:00Z" }),
    "INVALID_SUBJECT_TYPE",
    "does not allow user with expiration",
  ],
  [
    "Write with a long idempotency key",
    WRITE,
    { ...write(TUPLE), idempotencyKey: "k".repeat(129) },
    "INVALID_REQUEST",
    "idempotency_key has 129 bytes",
  ],
  [
    "Write with NUL in the idempotency key",
    WRITE,
    { ...write(TUPLE), idempotencyKey: "k\u0000" },
    "INVALID_REQUEST",
    "idempotency_key must not hold",
  ],
  [
    "Write with metadata of 100 kB",
    WRITE,
    { ...write(TUPLE), metadata: { note: "x".repeat(100_000) } },
    "INVALID_REQUEST",
    "metadata has",
  ],
  [
    "Write with a precondition without expectation",
    WRITE,
    { ...write(TUPLE), preconditions: [filtered({ objectType: "document" })] },
    "INVALID_REQUEST",
    "preconditions[0].expect must be",
  ],
  [
    "Write with an empty precondition",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1 }] },
    "INVALID_REQUEST",
    "preconditions[0].filter is empty",
  ],
  [
    "Write with a precondition on an unknown type",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1, ...filtered({ objectType: "nope" }) }] },
    "UNKNOWN_DEFINITION",
    "preconditions[0].filter.object_type",
  ],
  [
    "Write with a precondition that does not hold",
    WRITE,
    { ...write(TUPLE), preconditions: [{ expect: 1, ...filtered({ objectType: "document", objectId: "nope" }) }] },
    "PRECONDITION_FAILED",
    "Precondition 1 failed",
  ],
  ["Delete without a filter", DELETE, {}, "INVALID_REQUEST", "filter is empty"],
  [
    "Delete of a permission",
    DELETE,
    filtered({ objectType: "document", relation: "view" }),
    "INVALID_REQUEST",
    "filter.relation",
  ],
  [
    "Delete with a bad id",
    DELETE,
    filtered({ objectType: "document", objectId: "a b" }),
    "INVALID_REQUEST",
    "filter.object_id",
  ],
  [
    "Delete with too large a limit",
    DELETE,
    { ...filtered({ objectType: "document" }), limit: 5000 },
    "TOO_MANY_ITEMS",
    "limit",
  ],
  [
    "Write of a schema that does not parse",
    WRITE_SCHEMA,
    { text: "definition a {\n  relation x user\n}" },
    "SCHEMA_PARSE_ERROR",
    "schema:2:",
  ],
  [
    "Write of a schema with an unknown type",
    WRITE_SCHEMA,
    { text: "definition a { relation x: b }" },
    "SCHEMA_TYPE_ERROR",
    "schema:1:",
  ],
  [
    "Write of a schema with a caveat that is no condition",
    WRITE_SCHEMA,
    { text: "caveat c(x int) { x + 1 }\ndefinition user {}\ndefinition a { relation r: user with c }" },
    "SCHEMA_TYPE_ERROR",
    "schema:1:19: error: a caveat's expression must be a condition (bool), this is int",
  ],
  ["Write of a schema with NUL", WRITE_SCHEMA, { text: "definition a {}\u0000" }, "SCHEMA_PARSE_ERROR", "schema:1:"],
  [
    "Write of a schema for another version",
    WRITE_SCHEMA,
    { text: DOCUMENTS_SCHEMA, expectedVersion: 7 },
    "SCHEMA_CHANGED",
    "at version 1, not at 7",
  ],
  ["Read of a schema version that is not there", READ_SCHEMA, { version: 99 }, "SCHEMA_NOT_FOUND", "no version 99"],
];

const PLATFORM_CASES: readonly BadField[] = [
  ["an empty slug", CREATE_TENANT, {}, "INVALID_REQUEST", "slug must be"],
  ["a slug in upper case", CREATE_TENANT, { slug: "Acme" }, "INVALID_REQUEST", "slug must be"],
  ["a slug of 64 bytes", CREATE_TENANT, { slug: "a".repeat(64) }, "INVALID_REQUEST", "slug must be"],
  [
    "a bad schema name",
    CREATE_TENANT,
    { slug: "fine", schemaName: "Not Fine" },
    "INVALID_REQUEST",
    "schema_name must be",
  ],
  ["a slug that is taken", CREATE_TENANT, { slug: "acme" }, "TENANT_ALREADY_EXISTS", "acme"],
  ["Get of nothing", GET_TENANT, {}, "INVALID_REQUEST", "by is missing"],
  ["Get by an id that is no UUID", GET_TENANT, { id: "7" }, "INVALID_REQUEST", "id must be a UUID"],
  [
    "Get by an id nobody has",
    GET_TENANT,
    { id: "00000000-0000-4000-8000-000000000000" },
    "TENANT_NOT_FOUND",
    "no tenant",
  ],
  ["Get by a slug that is none", GET_TENANT, { slug: "No\u0000Slug" }, "INVALID_REQUEST", "slug must be"],
  ["List of a huge page", LIST_TENANTS, { pageSize: 4_000_000_000 }, "TOO_MANY_ITEMS", "page_size"],
  ["List from a made-up page", LIST_TENANTS, { pageToken: "zzz" }, "INVALID_CURSOR", "page_token"],
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
});
afterAll(() => server.close());
afterEach(() => expectStillServing(server));

describe("in a tenant", () => {
  test.each(TENANT_CASES)("%s", (...bad) => expectRefusal(server, server.issuer.bearer(), bad));
});

describe("on the platform", () => {
  test.each(PLATFORM_CASES)("%s", (...bad) =>
    expectRefusal(server, server.issuer.bearer({ sub: "operator", tenant: undefined }), bad),
  );
});
