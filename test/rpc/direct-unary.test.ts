import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckRequestSchema } from "../../src/gen/relata/v1/authorization_service_pb.ts";
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
});
