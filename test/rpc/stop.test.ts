import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuthorizationService, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { NOTHING_IN_MEMORY, startTestServer, type TestServer } from "../support/server.ts";
import { createGate, gateReads } from "../support/server-gate.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS, type TransportName } from "../support/server-transports.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { waitFor } from "../support/wait.ts";

/** Nobody listened any more, or the server said, in the words of HTTP/2, that it had not begun. */
const NOT_TAKEN_UP = /ECONNREFUSED|GOAWAY|REFUSED_STREAM/;

const EACH = 5;
/** No two the same: equal reads of concurrent calls are one read, and the gate would see less of them. */
const DOCUMENTS = Array.from({ length: EACH * TRANSPORT_NAMES.length }, (_, index) => `document:${index}`);
const QUESTIONS = DOCUMENTS.map((document) => wireQuestion(`${document}#view@user:anne`));
const [QUESTION] = QUESTIONS as [(typeof QUESTIONS)[number]];
const gate = createGate();
let database: TestDatabase;
let issuer: TestIssuer;

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = await startTestIssuer();
  const server = await start();
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, ...DOCUMENTS.map((document) => `+${document}#viewer@user:anne`));
  await server.close();
});
afterAll(async () => {
  await issuer.close();
  await database.drop();
});

const start = (shutdownGraceMs = 5_000) =>
  startTestServer({
    database,
    issuer,
    config: { shutdownGraceMs, ...NOTHING_IN_MEMORY },
    wrapStore: (store) => gateReads(store, gate),
  });

function clientOf(server: TestServer, name: TransportName) {
  return createClient(AuthorizationService, TRANSPORTS[name](server, { authorization: issuer.bearer() }));
}

test("calls under way when the stop begins are answered", async () => {
  const server = await start();
  gate.close();
  const calls = TRANSPORT_NAMES.flatMap((name, index) => {
    const client = clientOf(server, name);
    return QUESTIONS.slice(EACH * index, EACH * (index + 1)).map((question) => client.check(question));
  });
  await waitFor("all reads", () => gate.waiting === calls.length);
  const stopped = server.close();
  await waitFor("the ports to be closed", () =>
    fetch(`${server.httpUrl}/healthz`).then(
      () => false,
      () => true,
    ),
  );
  gate.open();
  const answers = await Promise.all(calls);
  expect(answers.map(({ decision }) => decision)).toEqual(calls.map(() => Decision.ALLOWED));
  await stopped;
});

test("who connected and has not begun to speak when the stop begins is told at once", async () => {
  const server = await start(60_000);
  const socket = connect(server.grpcPort, "127.0.0.1");
  await once(socket, "connect");
  // Taken in, in its turn, before one that is answered.
  const answered = connectHttp2(`http://127.0.0.1:${server.grpcPort}`);
  await new Promise<void>((resolve) => answered.ping(() => resolve()));
  const stopped = server.close();
  const late = connectHttp2("http://nobody", { createConnection: () => socket });
  // After the farewell the connection may go as it likes.
  for (const session of [answered, late]) session.on("error", () => undefined);
  const [code, lastStream] = await once(late, "goaway");
  expect([code, lastStream]).toEqual([0, 0]);
  await stopped;
});

test("a call that does not end is cut off after the grace", async () => {
  const server = await start(50);
  gate.close();
  const calls = TRANSPORT_NAMES.map((name, index) =>
    clientOf(server, name)
      .check(QUESTIONS[index] ?? QUESTION)
      .then(
        () => "answered",
        () => "cut",
      ),
  );
  await waitFor("all reads", () => gate.waiting === calls.length);
  const startedMs = performance.now();
  await server.close();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  expect(await Promise.all(calls)).toEqual(TRANSPORT_NAMES.map(() => "cut"));
  gate.open();
});

test("under load, every call is either answered or was never taken up", async () => {
  const server = await start();
  let answered = 0;
  const refused: unknown[] = [];
  const callUntilRefused = async (name: TransportName) => {
    const client = clientOf(server, name);
    for (;;) {
      try {
        const { decision } = await client.check(QUESTION);
        expect(decision).toBe(Decision.ALLOWED);
        answered += 1;
      } catch (error) {
        refused.push(error);
        return;
      }
    }
  };
  const callers = TRANSPORT_NAMES.flatMap((name) => [callUntilRefused(name), callUntilRefused(name)]);
  await waitFor("some answers", () => answered > 100);
  await server.close();
  await Promise.all(callers);
  const calls = server
    .logLines()
    .filter(({ method, actor }) => method === "relata.v1.AuthorizationService/Check" && actor !== undefined);
  expect(calls.filter(({ code }) => code !== "ok")).toEqual([]);
  expect(calls.length).toBe(answered);
  const taken = refused.map(String).filter((error) => !NOT_TAKEN_UP.test(error));
  expect(taken).toEqual([]);
});
