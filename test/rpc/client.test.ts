import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { collect } from "../support/collect.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";

const QUESTION = wireQuestion("document:1#view@user:anne");
let server: TestServer;
let client: RelataClient;
let silent: Server;

beforeAll(async () => {
  server = await startTestServer({ config: { maxExpandNodes: 3 } });
  await server.createTenant("acme");
  client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  // Accepts connections and never says a word.
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  silent.close();
  await server.close();
});

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a refusal is a CallError with code, reason and metadata", async () => {
  const error = await failureOf(client.authorization.check({ ...QUESTION, permission: "nothing" }));
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({ codeName: "FAILED_PRECONDITION", reason: "UNKNOWN_RELATION_OR_PERMISSION", code: 9 });
});

test("a refusal names the request id that the server logs it under", async () => {
  const refused = { ...QUESTION, permission: "nothing" };
  expect(await failureOf(client.authorization.check(refused, { requestId: "order-7" }))).toMatchObject({
    requestId: "order-7",
  });
  const error = await failureOf(client.authorization.check(refused));
  expect(error).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(server.logText()).toContain((error as CallError).requestId);
});

test("a stream's refusal as well", async () => {
  const reading = (async () => {
    for await (const _ of client.tuples.read({ cursor: "made up" })) throw new Error("a tuple");
  })();
  expect(await failureOf(reading)).toMatchObject({ name: "CallError", reason: "INVALID_CURSOR" });
});

test("a token is asked for at each call", async () => {
  let asked = 0;
  const renewing = createRelataClient({
    address: server.grpcAddress,
    token: async () => {
      asked += 1;
      return server.issuer.mint();
    },
  });
  await renewing.authorization.check(QUESTION);
  await renewing.authorization.check(QUESTION);
  renewing.close();
  expect(asked).toBe(2);
});

test("a token that cannot be had fails the call", async () => {
  const token = () => Promise.reject(new Error("no token today"));
  const without = createRelataClient({ address: server.grpcAddress, token });
  await expect(without.authorization.check(QUESTION)).rejects.toThrow("no token today");
  without.close();
});

test("nobody there, and nobody who answers, end by the deadline", async () => {
  const { port } = silent.address() as AddressInfo;
  for (const address of ["127.0.0.1:1", `127.0.0.1:${port}`]) {
    const lonely = createRelataClient({ address, token: "t", timeoutMs: 200 });
    const error = await failureOf(lonely.authorization.check(QUESTION));
    expect(error).toMatchObject({ name: "CallError", reason: "" });
    expect(["UNAVAILABLE", "DEADLINE_EXCEEDED"]).toContain((error as CallError).codeName);
    lonely.close();
  }
});

test("a signal cancels, before and during the call", async () => {
  await expect(client.authorization.check(QUESTION, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    codeName: "CANCELLED",
  });
});

test("leaving a stream early ends it on the server", async () => {
  await writeTuples(client, "~document:1#viewer@user:anne", "~document:2#viewer@user:anne");
  for await (const { tuple } of client.tuples.read({}, { requestId: "left-early" })) {
    expect(tuple?.object?.id).toBe("1");
    break;
  }
  // The connection goes on.
  expect((await client.schemas.read({}, { requestId: "after" })).version).toBe(1);
});

test("the request id is the caller's", async () => {
  await client.authorization.check(QUESTION, { requestId: "mine-1" });
  expect(server.logLines().some(({ requestId }) => requestId === "mine-1")).toBe(true);
});

test("lookups are iterated over, and left early without harm", async () => {
  const consistency = await seedShelf();
  const anne = { object: { type: "user", id: "anne" } };
  const ids: string[] = [];
  for await (const { objectId, decision } of client.authorization.lookupResources({
    objectType: "document",
    permission: "view",
    subject: anne,
    consistency,
  })) {
    expect(decision).toBe(Decision.ALLOWED);
    ids.push(objectId);
    if (objectId === "shelf-2") break;
  }
  expect(ids.slice(-2)).toEqual(["shelf-1", "shelf-2"]);
  const viewers = client.authorization.lookupSubjects({
    object: { type: "document", id: "shelf-1" },
    permission: "view",
    subjectType: "user",
    consistency,
  });
  expect((await collect(viewers)).map(({ subjectId }) => subjectId)).toEqual(["anne", "ben"]);
});

test("a tree comes page after page, as one", async () => {
  const consistency = await seedShelf();
  const question = { object: { type: "document", id: "shelf-1" }, permission: "view", consistency };
  const nodes = await collect(client.expandNodes(question));
  const users = nodes.flatMap(({ tuple }) => tuple?.subject?.object?.id ?? []);
  expect(users.toSorted()).toEqual(["anne", "ben", "carl", "carl", "staff"]);
  // An index counts from page to page.
  for (const [index, { parent }] of nodes.entries()) expect(parent <= index).toBe(true);
  const requestIds = { requestId: "pages" };
  for await (const _ of client.expandNodes(question, requestIds)) break;
  const pages = server.logLines().filter(({ requestId }) => requestId === "pages");
  expect(pages).toHaveLength(1);
  await expect(collect(client.expandNodes({ ...question, permission: "none" }))).rejects.toMatchObject({
    name: "CallError",
    reason: "UNKNOWN_RELATION_OR_PERMISSION",
  });
});

async function seedShelf() {
  const token = await writeTuples(
    client,
    ...["1", "2", "3"].map((id) => `~document:shelf-${id}#viewer@user:anne`),
    "~document:shelf-1#viewer@group:staff#member",
    "~group:staff#member@user:ben",
    "~group:staff#member@user:carl",
    "~document:shelf-1#banned@user:carl",
  );
  return { requirement: { case: "atLeastAsFresh" as const, value: token } };
}
