import { once } from "node:events";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORTS } from "../support/server-transports.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
let server: TestServer;
let authorization: string;

beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
  authorization = server.issuer.bearer();
});
afterAll(() => server.close());

const QUESTION = wireQuestion("document:1#view@user:anne");

/** Sends each part when the one before has arrived, and gives what came back until the connection closed. */
async function speak(parts: readonly string[]): Promise<string> {
  const socket = connect({ port: server.httpPort, host: "127.0.0.1", noDelay: true });
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString("latin1");
  });
  await once(socket, "connect");
  for (const part of parts) {
    socket.write(part);
    // Another request, answered behind it: the server has been through its event loop, and the part is not joined to the next.
    await fetch(`${server.httpUrl}/healthz`);
  }
  await once(socket, "close");
  return answer;
}

test.each([1, 2, 3, 4])("a request whose first packet holds %i bytes is still HTTP/1.1", async (length) => {
  const body = JSON.stringify(QUESTION);
  const request =
    `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\nconnection: close\r\ncontent-type: application/json\r\n` +
    `authorization: ${authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  expect(await speak([request.slice(0, length), request.slice(length)])).toContain("DECISION_ALLOWED");
});

test("the preface of HTTP/2 may come byte by byte", async () => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  // An empty SETTINGS frame, and GOAWAY, which makes the server close once it has answered.
  const frames = "\0\0\0\x04\0\0\0\0\0" + "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
  const answer = await speak([...preface.slice(0, 4), preface.slice(4) + frames]);
  expect(answer).not.toContain("HTTP/1.1");
  expect(answer.charCodeAt(3), "the type of the first frame is SETTINGS").toBe(4);
});

test("a connection that ends before it said anything, or in the middle of a word, is closed", async () => {
  for (const part of ["", "P", "PR"]) {
    const socket = connect({ port: server.httpPort, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    socket.end(part);
    socket.resume();
    await once(socket, "close");
  }
});

test.each(["2147483648", "9999999999"])(
  "a Connect timeout of %s ms, longer than any timer, is no hurry",
  async (ms) => {
    const answer = await postJson(server.httpUrl, CHECK, QUESTION, { authorization, "connect-timeout-ms": ms });
    expect(answer.body).toMatchObject({ decision: "DECISION_ALLOWED" });
  },
);

test.each(["597H", "35792M", "2147484S", "99999999H"])(
  "a gRPC timeout of %s on the HTTP port is no hurry",
  async (timeout) => {
    const transport = TRANSPORTS["gRPC on the HTTP port"](server, { authorization, "grpc-timeout": timeout });
    expect(await createClient(AuthorizationService, transport).check(QUESTION)).toMatchObject({ decision: 1 });
  },
);
