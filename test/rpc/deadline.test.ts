import { createClient } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { NOTHING_IN_MEMORY, startTestServer, type TestServer } from "../support/server.ts";
import { createGate, gateReads } from "../support/server-gate.ts";
import { postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const gate = createGate();
let server: TestServer;
/** Without the short deadlines, which its own set-up could miss on a busy machine. */
let patient: TestServer;
let authorization: string;

beforeAll(async () => {
  patient = await startTestServer();
  await patient.createTenant("acme");
  const client = patient.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
  const { database, issuer } = patient;
  const config = { defaultDeadlineMs: 200, maxDeadlineMs: 900, ...NOTHING_IN_MEMORY };
  server = await startTestServer({ database, issuer, config, wrapStore: (store) => gateReads(store, gate) });
  authorization = issuer.bearer();
});
afterAll(async () => {
  await server.close();
  await patient.close();
});
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
      rawMessage: expect.stringContaining("200 ms"),
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
    // The caller's clock started earlier: it may hang up before the server's own timer has ended.
    expect(["deadline_exceeded", "cancelled"]).toContain((await lineOf(id("own")))["code"]);
  });

  test("a caller who leaves ends the reads that were made for it", async () => {
    gate.close();
    const leave = new AbortController();
    const calling = client(id("leave")).check(QUESTION, { signal: leave.signal, timeoutMs: 20_000 });
    await waitFor("the read", () => gate.waiting > 0);
    leave.abort();
    await expect(calling).rejects.toMatchObject({ code: 1 });
    await waitFor("the end of the read", () => gate.waiting === 0);
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
    metadata: { deadlineMs: "900" },
  });
  expect(status).toBe(504);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test("a deadline that is none is told so", async () => {
  const { error } = await postJson(server.httpUrl, CHECK, QUESTION, { authorization, "connect-timeout-ms": "soon" });
  expect(error).toMatchObject({ code: "invalid_argument", reason: "INVALID_REQUEST" });
});
