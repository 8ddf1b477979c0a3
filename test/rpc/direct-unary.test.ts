import { once } from "node:events";
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckRequestSchema } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { TupleUpdate_Operation } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { grpcFrame, grpcHeaders, type Http2Answer, sendHttp2 } from "../attacks/raw-http.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: { maxMessageBytes: 4_096 } });
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
});
afterAll(() => server.close());

const bytesOf = (question: string) => toBinary(CheckRequestSchema, create(CheckRequestSchema, wireQuestion(question)));
const QUESTION = grpcFrame(bytesOf("document:1#view@user:anne"));

interface Asked {
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

function send({ body = QUESTION, headers = {} }: Asked): Promise<Http2Answer> {
  const own = { authorization: server.issuer.bearer({ tenant: "acme" }), "x-request-id": "one" };
  return sendHttp2(server.grpcPort, { headers: grpcHeaders(CHECK, { ...own, ...headers }), body });
}

/** What the caller's library makes of an answer. */
function seen({ headers, trailers, body, error }: Http2Answer) {
  return {
    status: headers[":status"],
    type: headers["content-type"],
    requestId: headers["x-request-id"],
    code: trailers["grpc-status"],
    // grpc-js says OK where there is nothing to say.
    message: trailers["grpc-status"] === "0" ? "" : trailers["grpc-message"],
    details: trailers["grpc-status-details-bin"],
    body,
    error,
  };
}

describe("a unary call is answered the same past grpc-js and by it", () => {
  test.each<[string, Asked, code: string]>([
    ["allowed", {}, "0"],
    ["denied", { body: grpcFrame(bytesOf("document:2#view@user:anne")) }, "0"],
    ["a type that the schema does not know", { body: grpcFrame(bytesOf("planet:1#view@user:anne")) }, "9"],
    ["bytes that are no message", { body: grpcFrame(Buffer.from([0xff, 0xff])) }, "3"],
    ["an empty message", { body: grpcFrame(Buffer.alloc(0)) }, "3"],
    ["no credential", { headers: { authorization: "" } }, "16"],
    ["a credential with a letter that no header may have", { headers: { authorization: "Bearer caf\u00e9" } }, "16"],
    ["a tenant that is not the caller's", { headers: { "relata-tenant": "other" } }, "7"],
    ["a request id that is none", { headers: { "x-request-id": "a b" } }, "0"],
    ["time enough", { headers: { "grpc-timeout": "20S" } }, "0"],
  ])("%s", async (_what, asked, code) => {
    const direct = await send(asked);
    // A packing that the message makes no use of.
    const byGrpcJs = await send({ ...asked, headers: { ...asked.headers, "grpc-encoding": "gzip" } });
    expect([direct.headers["grpc-encoding"], byGrpcJs.headers["grpc-encoding"]]).toEqual([undefined, "identity"]);
    const given = (answer: Http2Answer) => ({
      ...seen(answer),
      ...(asked.headers?.["x-request-id"] && { requestId: "" }),
    });
    expect(given(direct)).toEqual(given(byGrpcJs));
    expect(seen(direct).code).toBe(code);
  });

  test.each([
    ["no message", Buffer.alloc(0)],
    ["half a prefix", QUESTION.subarray(0, 3)],
    ["half a message", QUESTION.subarray(0, 9)],
    ["two messages", Buffer.concat([QUESTION, QUESTION])],
    ["a message said to be compressed by nothing", grpcFrame(bytesOf("document:1#view@user:anne"), 1)],
  ])("%s is no request", async (_what, body) => {
    const { code, message } = seen(await send({ body }));
    expect(code).toBe("3");
    expect(decodeURI(String(message))).toMatch(/one message of gRPC, whole|no grpc-encoding says how/);
  });

  test("whoever is not proved is told so whatever was sent", async () => {
    for (const body of [Buffer.alloc(0), Buffer.concat([QUESTION, QUESTION]), grpcFrame(Buffer.alloc(9_000))])
      expect(seen(await send({ body, headers: { authorization: "" } })).code).toBe("16");
  });

  test("a message of more than is taken is refused as soon as it says so", async () => {
    const { code, message } = seen(await send({ body: grpcFrame(Buffer.alloc(9_000)) }));
    expect([code, decodeURI(String(message))]).toEqual(["8", "received message larger than max (9000 vs 4096)"]);
  });

  test("what comes behind a whole message is not collected: the call is answered, and its stream closed", async () => {
    const { settled, sent } = await flood(server.grpcPort, QUESTION, 64 * 1024 * 1024);
    expect(settled).toBe("3");
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test("a message in crumbs is one message", async () => {
    const connection = connectHttp2(`http://127.0.0.1:${server.grpcPort}`);
    const own = { authorization: server.issuer.bearer({ tenant: "acme" }) };
    const stream = connection.request({ ...grpcHeaders(CHECK, own) }, { endStream: false });
    const [trailers] = await Promise.all([once(stream, "trailers"), crumble(stream, QUESTION), stream.resume()]);
    expect((trailers as [Record<string, string>])[0]["grpc-status"]).toBe("0");
    connection.close();
  });
});

test("an error that quotes half a character of its caller's reaches them, and the process lives", async () => {
  await server.createTenant("bank");
  const client = server.client("bank");
  await client.schemas.write({
    text: "caveat rich(n int) { n > 0 }\ndefinition user {}\ndefinition vault { relation opener: user with rich }",
  });
  const context = { [`${"a".repeat(59)}\u{1F600}`]: 1 };
  const tuple = {
    object: { type: "vault", id: "1" },
    relation: "opener",
    subject: { object: { type: "user", id: "anne" } },
    caveat: { name: "rich", context },
  };
  const refused = client.tuples.write({ updates: [{ operation: TupleUpdate_Operation.TOUCH, tuple }] });
  await expect(refused).rejects.toMatchObject({ reason: "INVALID_CAVEAT_CONTEXT" });
  expect(seen(await send({})).code).toBe("0");
});

async function crumble(stream: ClientHttp2Stream, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    stream.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  stream.end();
}

/** Sends a request and then goes on sending, at most so many bytes. @returns the status, and how many bytes were taken off its hands */
async function flood(port: number, first: Buffer, most: number) {
  const connection = connectHttp2(`http://127.0.0.1:${port}`);
  connection.on("error", () => undefined);
  const own = { authorization: server.issuer.bearer({ tenant: "acme" }) };
  const stream = connection.request({ ...grpcHeaders(CHECK, own) }, { endStream: false });
  stream.on("error", () => undefined);
  let settled: unknown;
  stream.on("trailers", (trailers) => {
    settled = trailers["grpc-status"];
  });
  stream.resume();
  stream.write(first);
  const junk = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (sent < most && !stream.closed && !stream.destroyed) {
    sent += junk.length;
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      stream.write(junk, () => resolve());
    });
  }
  connection.destroy();
  return { settled, sent };
}
