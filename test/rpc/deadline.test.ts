import { createClient } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createGate, gateReads } from "../support/server-gate.ts";
import { postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const gate = createGate();
let server: TestServer;
let authorization: string;

beforeAll(async () => {
  server = await startTestServer({
    config: { defaultDeadlineMs: 80, maxDeadlineMs: 400 },
    wrapStore: (store) => gateReads(store, gate),
  });
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
  authorization = server.issuer.bearer();
});
afterAll(() => server.close());
afterEach(() => gate.open());

const QUESTION = wireQuestion("document:1#view@user:anne");

/** The log's line of one call. */
function lineOf(requestId: string) {
  return waitFor(`the log line of ${requestId}`, () =>
    server.logLines().find((line) => line["requestId"] === requestId),
  );
}

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  const id = (what: string) => `${what}-${TRANSPORT_NAMES.indexOf(name)}`;
  const client = (requestId: string) =>
    createClient(AuthorizationService, TRANSPORTS[name](server, { authorization, "x-request-id": requestId }));

  test("a call without a deadline ends at the server's, with the reason", async () => {
    gate.close();
    await expect(client(id("default")).check(QUESTION)).rejects.toMatchObject({
      code: 4,
      rawMessage: expect.stringContaining("80 ms"),
    });
    expect(await lineOf(id("default"))).toMatchObject({
      code: "deadline_exceeded",
      reason: "DEADLINE_EXCEEDED",
      tenant: "acme",
    });
  });

  test("the caller's own deadline is kept", async () => {
    gate.close();
    await expect(client(id("own")).check(QUESTION, { timeoutMs: 40 })).rejects.toMatchObject({ code: 4 });
    expect(await lineOf(id("own"))).toMatchObject({ code: "deadline_exceeded" });
  });

  test("a caller who leaves ends the reads that were made for it", async () => {
    gate.close();
    const leave = new AbortController();
    const calling = client(id("leave")).check(QUESTION, { signal: leave.signal, timeoutMs: 300 });
    await waitFor("the read", () => gate.waiting > 0);
    leave.abort();
    await expect(calling).rejects.toMatchObject({ code: 1 });
    await waitFor("the end of the read", () => gate.waiting === 0, 150);
    expect(await lineOf(id("leave"))).toMatchObject({ code: "cancelled" });
  });
});

test("more than the server's most is cut to it", async () => {
  gate.close();
  const startedMs = performance.now();
  const headers = { authorization, "connect-timeout-ms": "30000" };
  const { error, status } = await postJson(server.httpUrl, CHECK, QUESTION, headers);
  expect(error).toMatchObject({
    code: "deadline_exceeded",
    reason: "DEADLINE_EXCEEDED",
    metadata: { deadlineMs: "400" },
  });
  expect(status).toBe(504);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test("a deadline that is none is told so", async () => {
  const { error } = await postJson(server.httpUrl, CHECK, QUESTION, { authorization, "connect-timeout-ms": "soon" });
  expect(error).toMatchObject({ code: "invalid_argument", reason: "INVALID_REQUEST" });
});
