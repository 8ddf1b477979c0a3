import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REASONS, RelataError } from "../../src/errors.ts";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { GRPC_CODES, toFailure } from "../../src/rpc/error-map.ts";
import { fitHeader } from "../../src/rpc/fit-header.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const QUESTION = wireQuestion("document:1#view@user:anne");

let broken: unknown;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: { maxStalenessMs: 0 },
    wrapStore: (store) => ({
      ...store,
      revisions: {
        ...store.revisions,
        head: (tenant) => (broken === undefined ? store.revisions.head(tenant) : Promise.reject(broken)),
      },
    }),
  });
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
});
afterAll(() => server.close());

describe("the map", () => {
  test("every kind has the gRPC code of its name", () => {
    for (const [kind, code] of Object.entries(GRPC_CODES))
      expect([kind, status[code]?.toLowerCase()]).toEqual([kind, kind]);
  });

  test("every reason is upper snake case of at most 63 characters, as ErrorInfo asks", () => {
    for (const reason of Object.keys(REASONS)) expect(reason).toMatch(/^[A-Z][A-Z0-9_]{2,62}$/);
  });

  test("what nobody foresaw says nothing but the request id", () => {
    const failure = toFailure(new TypeError("password hunter2 in row 7"), "req-1");
    expect(failure).toMatchObject({ kind: "internal", reason: "INTERNAL", metadata: {} });
    expect(failure.message).toContain("req-1");
    expect(failure.message).not.toContain("hunter2");
  });

  test("what a RelataError keeps for the log stays there", () => {
    const error = new RelataError("PERMISSION_DENIED", "no", {
      detail: "secret detail",
      cause: new Error("secret cause"),
    });
    const { message, metadata } = toFailure(error, "req-1");
    expect(JSON.stringify({ message, metadata })).not.toContain("secret");
  });
});

test("a long message is cut for gRPC, between characters", async () => {
  for (const character of ["a", "é", "漢", "🙂"]) {
    const cut = fitHeader(character.repeat(3000));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(2000);
    expect(cut).toMatch(new RegExp(`^(?:${character}){490,}…$`, "u"));
  }
  expect(fitHeader("short")).toBe("short");
  const text = Array.from({ length: 90 }, (_, i) => `definition d${i} { relation r: nowhere_${i} }`).join("\n");
  await expect(server.client("acme").schemas.write({ text })).rejects.toMatchObject({ reason: "SCHEMA_TYPE_ERROR" });
});

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  const client = (requestId: string, authorization = server.issuer.bearer()) =>
    createClient(AuthorizationService, TRANSPORTS[name](server, { authorization, "x-request-id": requestId }));
  const failing = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => ConnectError.from(reason),
    );
    if (error === undefined) throw new Error("the call went well");
    return { error, info: error.findDetails(ErrorInfoSchema)[0] };
  };

  test("an error carries code, message, ErrorInfo and the request id", async () => {
    const bad = { ...QUESTION, permission: "vieuw" };
    const { error, info } = await failing(client("er-1").check(bad));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("vieuw");
    expect(info).toMatchObject({ reason: "UNKNOWN_RELATION_OR_PERMISSION", domain: "relata.dev" });
    expect(error.metadata.get("x-request-id")).toBe("er-1");
    const line = server.logLines().findLast(({ requestId }) => requestId === "er-1");
    expect(line).toMatchObject({ reason: "UNKNOWN_RELATION_OR_PERMISSION", message: error.rawMessage });
  });

  test("a fault is an internal error that names the request, and only the log has the rest", async () => {
    broken = new Error("connection to 10.1.2.3 lost, password hunter2");
    try {
      const id = `fault-${TRANSPORT_NAMES.indexOf(name)}`;
      const { error, info } = await failing(client(id).check(QUESTION));
      expect([error.code, info?.reason]).toEqual([Code.Internal, "INTERNAL"]);
      expect(error.rawMessage).toContain(id);
      expect(error.rawMessage).not.toContain("hunter2");
      const line = server.logLines().find(({ requestId }) => requestId === id);
      expect(line).toMatchObject({ level: "error", code: "internal", error: expect.stringContaining("hunter2") });
    } finally {
      broken = undefined;
    }
  });

  test("a lost database is unavailable, never a denial", async () => {
    broken = new RelataError("STORE_UNAVAILABLE", "the database does not answer; retry");
    try {
      const { error, info } = await failing(client("lost").check(QUESTION));
      expect([error.code, info?.reason]).toEqual([Code.Unavailable, "STORE_UNAVAILABLE"]);
    } finally {
      broken = undefined;
    }
  });

  test("whoever is not proved gets one answer, and the log the reason", async () => {
    const id = `who-${TRANSPORT_NAMES.indexOf(name)}`;
    const { error, info } = await failing(client(id, server.issuer.bearer({ exp: 1000, iat: 900 })).check(QUESTION));
    expect([error.code, info?.reason]).toEqual([Code.Unauthenticated, "UNAUTHENTICATED"]);
    expect(error.rawMessage).not.toMatch(/expire/);
    const line = server.logLines().find(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ reason: "UNAUTHENTICATED", detail: expect.stringContaining("expired") });
  });
});

describe("request ids", () => {
  const authorization = () => server.issuer.bearer();

  test("a sane one is kept on both ports, and is in the log", async () => {
    const headers = { authorization: authorization(), "x-request-id": "trace/01:ab.CD-9" };
    const overHttp = await postJson(server.httpUrl, CHECK, QUESTION, headers);
    const overGrpc = await callRaw(server.grpcAddress, CHECK, new Uint8Array(), headers);
    expect(overHttp.headers.get("x-request-id")).toBe("trace/01:ab.CD-9");
    expect(overGrpc.headers.get("x-request-id")).toEqual(["trace/01:ab.CD-9"]);
    const lines = server.logLines().filter(({ requestId }) => requestId === "trace/01:ab.CD-9");
    expect(lines.map(({ protocol, actor }) => [protocol, actor])).toEqual([
      ["connect", `${server.issuer.issuer}|service`],
      ["grpc", `${server.issuer.issuer}|service`],
    ]);
  });

  test.each([
    ["too long", "x".repeat(129)],
    ["odd characters", '"><script>'],
    ["empty", ""],
    ["missing", undefined],
  ])("%s: made anew", async (_what, given) => {
    const headers = { authorization: authorization(), ...(given === undefined ? {} : { "x-request-id": given }) };
    const answers = [
      (await postJson(server.httpUrl, CHECK, QUESTION, headers)).headers.get("x-request-id"),
      (await callRaw(server.grpcAddress, CHECK, new Uint8Array(), headers)).headers.get("x-request-id")[0],
    ];
    for (const id of answers) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test("even what is no call has one", async () => {
    const response = await fetch(`${server.httpUrl}/nowhere`, { headers: { "x-request-id": "lost-1" } });
    expect(response.headers.get("x-request-id")).toBe("lost-1");
    expect(server.logLines().find(({ requestId }) => requestId === "lost-1")).toMatchObject({
      status: 404,
      method: "/nowhere",
    });
  });
});

test("nothing of a credential or a consistency token is ever logged", async () => {
  const tokens = [
    server.issuer.mint(),
    server.issuer.mint({ exp: 1 }),
    server.issuer.mint({ tenant: "nobody" }),
    server.issuer.mint({}, { kid: "unknown" }),
    `${server.issuer.mint()}x`,
  ];
  for (const token of tokens) {
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { authorization: token },
      { authorization: `Basic ${token}` },
    ]) {
      const body = { ...QUESTION, consistency: { atLeastAsFresh: "forged-consistency-token" } };
      await postJson(server.httpUrl, CHECK, body, headers);
      await callRaw(server.grpcAddress, CHECK, Buffer.from(token), headers);
      await postJson(server.httpUrl, `${CHECK}?authorization=${token}`, body, { ...headers, "x-request-id": token });
    }
  }
  const { body } = await postJson(server.httpUrl, CHECK, QUESTION, { authorization: `Bearer ${tokens[0]}` });
  const log = server.logText();
  expect(log).toContain(CHECK);
  for (const token of tokens) for (const part of token.split(".")) expect(log).not.toContain(part.slice(0, 60));
  expect(log).not.toContain((body as { consistencyToken: string }).consistencyToken);
  expect(log).not.toContain("forged-consistency-token");
});
