import { create, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckRequestSchema, CheckResponseSchema, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { readCheckJson, writeCheckJson } from "../../src/rpc/plain-check-json.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, writeTuples } from "../support/server-seed.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
});
afterAll(() => server.close());

const QUESTION = {
  object: { type: "document", id: "1" },
  permission: "view",
  subject: { object: { type: "user", id: "anne" } },
};
type Headers = Readonly<Record<string, string>>;

async function post(text: string, headers: Headers, whole: boolean) {
  const body = whole ? text : new Blob([text]).stream();
  const answer = await fetch(`${server.httpUrl}/relata.v1.AuthorizationService/Check`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: server.issuer.bearer({ tenant: "acme" }),
      "x-request-id": "one",
      ...headers,
    },
    body,
    ...(!whole && { duplex: "half" }),
  } as RequestInit);
  const { status } = answer;
  const kept = ["content-type", "content-length", "x-request-id", "retry-after", "content-encoding"];
  return { status, headers: kept.map((name) => answer.headers.get(name)), body: await answer.text() };
}

describe("a Check as JSON is answered the same past connect and by it", () => {
  test.each<[string, string | object, Headers, status: number]>([
    ["allowed", QUESTION, {}, 200],
    ["denied", { ...QUESTION, object: { type: "document", id: "2" } }, {}, 200],
    ["with a consistency", { ...QUESTION, consistency: { fullyConsistent: true } }, {}, 200],
    ["with reasons asked for", { ...QUESTION, withDebug: true }, {}, 200],
    ["with time enough", QUESTION, { "connect-timeout-ms": "20000" }, 200],
    ["a type that the schema does not know", { ...QUESTION, object: { type: "planet", id: "1" } }, {}, 400],
    ["an id that is none", { ...QUESTION, object: { type: "document", id: "" } }, {}, 400],
    ["a field that is none", { ...QUESTION, permision: "view" }, {}, 400],
    ["a number for a text", { ...QUESTION, permission: 7 }, {}, 400],
    ["no JSON", '{"object"', {}, 400],
    ["nothing", "", {}, 400],
    ["no credential", QUESTION, { authorization: "" }, 401],
    ["a tenant that is not the caller's", QUESTION, { "relata-tenant": "other" }, 403],
  ])("%s", async (_what, question, headers, status) => {
    const text = typeof question === "string" ? question : JSON.stringify(question);
    // A body without a length is connect's.
    const [direct, byConnect] = [await post(text, headers, true), await post(text, headers, false)];
    expect(direct).toEqual(byConnect);
    expect(direct.status).toBe(status);
  });
});

const TEXT = fc.oneof(fc.stringMatching(/^[a-z0-9_]{0,9}$/), fc.string({ unit: "binary", maxLength: 5 }));
const OBJECT = fc.oneof(
  { weight: 9, arbitrary: fc.record({ type: TEXT, id: TEXT }) },
  fc.record({ type: TEXT, id: fc.oneof(TEXT, fc.integer(), fc.constant(null)), more: TEXT }, { requiredKeys: [] }),
);
const SUBJECT = fc.record({ object: OBJECT, relation: TEXT }, { requiredKeys: ["object"] });
const ASKED = fc.oneof(
  fc.record({ object: OBJECT, permission: TEXT, subject: SUBJECT }),
  fc.record(
    { object: OBJECT, permission: TEXT, subject: SUBJECT, withDebug: fc.boolean(), context: fc.object(), more: TEXT },
    { requiredKeys: [] },
  ),
);

test("what is read of a question is what protobuf-es reads, or left to it", () => {
  const judged = (text: string) => {
    try {
      return fromJsonString(CheckRequestSchema, text, { ignoreUnknownFields: false });
    } catch {
      return undefined;
    }
  };
  let plain = 0;
  fc.assert(
    fc.property(ASKED, (asked) => {
      const text = JSON.stringify(asked);
      const read = readCheckJson(Buffer.from(text));
      if (read === undefined) return;
      plain += 1;
      expect(create(CheckRequestSchema, read)).toEqual(judged(text));
    }),
    { numRuns: 500 },
  );
  expect(plain).toBeGreaterThan(50);
});

test("a name that comes twice is refused, wherever it stands", async () => {
  const twice = [
    '{"object":{"type":"document","id":"2"},"object":{"type":"document","id":"1"},"permission":"view","subject":{"object":{"type":"user","id":"anne"}}}',
    '{"object":{"type":"document","id":"2","id":"1"},"permission":"view","subject":{"object":{"type":"user","id":"anne"}}}',
    '{"object":{"type":"document","id":"1"},"permission":"edit","permission":"view","subject":{"object":{"type":"user","id":"anne"}}}',
  ];
  for (const text of twice) {
    expect(readCheckJson(Buffer.from(text))).toBeUndefined();
    expect((await post(text, {}, true)).status).toBe(400);
  }
});

test("what is written of an answer is what protobuf-es writes", () => {
  const answer = fc.record({
    decision: fc.constantFrom(
      Decision.UNSPECIFIED,
      Decision.ALLOWED,
      Decision.DENIED,
      Decision.CONDITIONAL,
      77 as Decision,
    ),
    missingContext: fc.array(
      TEXT.filter((text) => text.isWellFormed()),
      { maxLength: 1 },
    ),
    consistencyToken: TEXT.filter((text) => text.isWellFormed()),
    more: fc.constantFrom({}, { debug: { rounds: 1 } }),
  });
  fc.assert(
    fc.property(answer, ({ more, ...init }) => {
      const message = create(CheckResponseSchema, { ...init, ...more });
      expect(writeCheckJson(message)).toBe(toJsonString(CheckResponseSchema, message));
    }),
  );
});
