import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type BadField, expectRefusal, expectStillServing } from "../support/server-bad-fields.ts";
import { postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const BATCH = "relata.v1.AuthorizationService/BatchCheck";
const WRITE = "relata.v1.TupleService/Write";

const MIB = 1024 * 1024;
const DOC = { type: "document", id: "1" };
const ANNE = { object: { type: "user", id: "anne" } };
const QUESTION = { object: DOC, permission: "view", subject: ANNE };
const TUPLE = { object: DOC, relation: "viewer", subject: ANNE };

const write = (tuple: object) => ({ updates: [{ operation: "OPERATION_TOUCH", tuple }] });

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

const CASES: readonly BadField[] = [
  ...BAD_IDS.flatMap(([what, id, message]): BadField[] => [
    [
      `Check object.id ${what}`,
      CHECK,
      { ...QUESTION, object: { type: "document", id } },
      "INVALID_OBJECT",
      `object.id ${message}`.slice(0, message.startsWith("is") ? undefined : 9),
    ],
    [
      `Check subject id ${what}`,
      CHECK,
      { ...QUESTION, subject: { object: { type: "user", id } } },
      "INVALID_SUBJECT",
      message,
    ],
    [
      `Write object.id ${what}`,
      WRITE,
      write({ ...TUPLE, object: { type: "document", id } }),
      "INVALID_OBJECT",
      message,
    ],
  ]),
  ...BAD_NAMES.flatMap(([what, name, message]): BadField[] => [
    [`Check permission ${what}`, CHECK, { ...QUESTION, permission: name }, "INVALID_REQUEST", message],
    [
      `Check object.type ${what === "65 bytes" ? "129 bytes" : what}`,
      CHECK,
      { ...QUESTION, object: { type: what === "65 bytes" ? "v".repeat(129) : name, id: "1" } },
      "INVALID_OBJECT",
      what === "65 bytes" ? "at most 128" : message,
    ],
    [
      `Write relation ${what}`,
      WRITE,
      write({ ...TUPLE, relation: name }),
      "INVALID_TUPLE",
      `updates[0].tuple.relation ${message.startsWith("is") ? message : ""}`,
    ],
  ]),
  ["Check without an object", CHECK, { ...QUESTION, object: undefined }, "INVALID_OBJECT", "object is missing"],
  ["Check without a subject", CHECK, { ...QUESTION, subject: undefined }, "INVALID_SUBJECT", "subject is missing"],
  [
    "Check with a subject without object",
    CHECK,
    { ...QUESTION, subject: { relation: "member" } },
    "INVALID_SUBJECT",
    "subject is missing",
  ],
  [
    "Check of an unknown type",
    CHECK,
    { ...QUESTION, object: { type: "dokument", id: "1" } },
    "UNKNOWN_DEFINITION",
    "dokument",
  ],
  [
    "Check of an unknown permission",
    CHECK,
    { ...QUESTION, permission: "vieuw" },
    "UNKNOWN_RELATION_OR_PERMISSION",
    "vieuw",
  ],
  [
    "Check with consistency false",
    CHECK,
    { ...QUESTION, consistency: { fullyConsistent: false } },
    "INVALID_REQUEST",
    "consistency.fully_consistent must be true",
  ],
  [
    "Check with a made-up token",
    CHECK,
    { ...QUESTION, consistency: { atLeastAsFresh: "abc" } },
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "Check with an empty token",
    CHECK,
    { ...QUESTION, consistency: { atExactSnapshot: "" } },
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "Check with a token of 1 MB",
    CHECK,
    { ...QUESTION, consistency: { atLeastAsFresh: "A".repeat(MIB) } },
    "INVALID_TOKEN",
    "not issued here",
  ],
  [
    "BatchCheck of too many",
    BATCH,
    { items: Array.from({ length: 1001 }, () => QUESTION) },
    "TOO_MANY_ITEMS",
    "items has 1001 entries; at most 1000",
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

test("an item of a batch gets its own error, with the item's place", async () => {
  const items = [
    QUESTION,
    { ...QUESTION, object: { type: "document", id: "" } },
    { ...QUESTION, permission: "no" },
    {},
  ];
  const { body } = await postJson(server.httpUrl, BATCH, { items }, { authorization: server.issuer.bearer() });
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
