import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { methodAccess } from "../../src/auth/scope.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { expectStillServing } from "../support/server-bad-fields.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const WRITE = "relata.v1.TupleService/Write";

const MIB = 1024 * 1024;

let server: TestServer;
let tenant: Readonly<Record<string, string>>;
let platform: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startTestServer();
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
  tenant = { authorization: server.issuer.bearer() };
  platform = { authorization: server.issuer.bearer({ sub: "operator", tenant: undefined }) };
});
afterAll(() => server.close());
afterEach(() => expectStillServing(server));

describe("JSON that is none", () => {
  test.each([
    ["cut off", '{"object":', "decode"],
    ["an array", "[]", "decode"],
    ["a number for a message", '{"object": 7}', "relata.v1.ObjectReference from JSON: 7"],
    ["a number for a text", '{"permission": 7}', "permission"],
    ["a misspelt field", '{"permision": "view"}', "permision"],
    [
      "an enum that is none",
      '{"updates":[{"operation":"OPERATION_EXPLODE"}]}',
      'relata.v1.TupleUpdate.Operation from JSON: "OPERATION_EXPLODE"',
    ],
    ["half a surrogate pair", '{"permission": "\\ud800"}', "permission"],
    ["nested 50,000 deep", `{"context":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`, ""],
  ])("%s", async (_what, body, message) => {
    const procedure = body.includes("updates") ? WRITE : CHECK;
    const { status, error } = await postJson(server.httpUrl, procedure, body, tenant);
    expect(status).toBe(400);
    expect(error).toMatchObject({
      code: "invalid_argument",
      reason: "INVALID_REQUEST",
      message: expect.stringContaining(message),
    });
    expect(error?.message.length).toBeLessThanOrEqual(1000);
  });

  test.each([
    ["a context in a string", `{"context": "{\\"address\\":\\"secret-place\\"}"}`],
    ["a context that is cut off", '{"context": {"address":"secret-place"'],
    ["a context with a word that is none", '{"context": {"address": secret-place}}'],
  ])("%s is told to the caller and kept from the log", async (_what, body) => {
    const headers = { ...tenant, "x-request-id": "secretive" };
    const { error } = await postJson(server.httpUrl, CHECK, body, headers);
    expect(error).toMatchObject({ reason: "INVALID_REQUEST", message: expect.stringContaining(" from JSON") });
    const line = server.logLines().findLast(({ requestId }) => requestId === "secretive");
    expect(line).toMatchObject({
      reason: "INVALID_REQUEST",
      message: expect.stringMatching(/^cannot decode .* from JSON$/),
    });
    expect(server.logText()).not.toMatch(/secret-|place/);
  });

  test("a stream asked for like one answer, and the reverse, is told what is right", async () => {
    const lookup = "relata.v1.AuthorizationService/LookupResources";
    for (const [procedure, sent, advice] of [
      [lookup, "application/json", "application/connect+json"],
      [lookup, "application/proto", "application/connect+json"],
      [CHECK, "application/connect+json", "application/json"],
    ] as const) {
      const headers = { ...tenant, "content-type": sent };
      const answer = await fetch(`${server.httpUrl}/${procedure}`, { method: "POST", body: "{}", headers });
      expect([answer.status, await answer.json()]).toEqual([
        415,
        { code: "invalid_argument", message: expect.stringContaining(`content-type: ${advice} `) },
      ]);
    }
  });

  test("another content type, method or path is told what is right", async () => {
    const post = (path: string, init: RequestInit) => fetch(`${server.httpUrl}/${path}`, { method: "POST", ...init });
    const form = await post(CHECK, { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect([form.status, await form.text()]).toEqual([415, expect.stringContaining("content-type: application/json")]);
    const get = await post(CHECK, { method: "GET" });
    expect([get.status, get.headers.get("allow"), await get.text()]).toEqual([
      405,
      "POST",
      expect.stringContaining("POST"),
    ]);
    const nowhere = await post("relata.v1.AuthorizationService/Chek", { body: "{}" });
    expect([nowhere.status, await nowhere.text()]).toEqual([404, expect.stringContaining("Chek")]);
  });
});

describe("protobuf that is none", () => {
  const GARBAGE: readonly (readonly [string, Uint8Array])[] = [
    ["random bytes", Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 255) % 256)],
    ["a length beyond the end", Uint8Array.of(0x0a, 0xff, 0xff, 0x03, 0x01)],
    ["an endless varint", new Uint8Array(32).fill(0xff)],
    ["text that is not UTF-8", Uint8Array.of(0x12, 0x02, 0xc3, 0x28)],
  ];
  test.each(GARBAGE)("%s over gRPC", async (_what, bytes) => {
    const { error } = await callRaw(server.grpcAddress, CHECK, bytes, tenant);
    expect(error).toMatchObject({
      code: "3",
      reason: "INVALID_REQUEST",
      message: expect.stringContaining("relata.v1.CheckRequest"),
    });
  });

  test.each(GARBAGE)("%s over Connect", async (_what, bytes) => {
    const headers = { ...tenant, "content-type": "application/proto" };
    const { status, error } = await postJson(server.httpUrl, CHECK, bytes, headers);
    expect([status, error?.code, error?.reason]).toEqual([400, "invalid_argument", "INVALID_REQUEST"]);
  });

  test("an unknown method over gRPC", async () => {
    const { error } = await callRaw(
      server.grpcAddress,
      "relata.v1.AuthorizationService/Chek",
      new Uint8Array(),
      tenant,
    );
    expect(error).toMatchObject({ code: "12", message: expect.stringContaining("Chek") });
  });

  test("every method refuses garbage over gRPC", async () => {
    for (const service of API_SERVICES) {
      for (const method of service.methods) {
        const procedure = `${service.typeName}/${method.name}`;
        const headers = methodAccess(procedure)?.kind === "platform" ? platform : tenant;
        const { error } = await callRaw(server.grpcAddress, procedure, new Uint8Array(32).fill(0xff), headers);
        expect([method.name, error?.code, error?.reason]).toEqual([method.name, "3", "INVALID_REQUEST"]);
      }
    }
  });
});

describe("too much", () => {
  const huge = Buffer.alloc(100 * MIB, "x");

  test("100 MB over gRPC", async () => {
    const { error } = await callRaw(server.grpcAddress, CHECK, huge, tenant);
    expect(error).toMatchObject({ code: "8", message: expect.stringContaining("larger than max") });
  });

  test("100 MB over HTTP", async () => {
    // The server answers and hangs up long before the body is through, which some clients see as a broken pipe.
    const answer = await postJson(server.httpUrl, CHECK, huge, tenant).catch(() => undefined);
    if (answer !== undefined) expect(answer).toMatchObject({ status: 429, error: { code: "resource_exhausted" } });
  });

  test("5 MB over HTTP", async () => {
    const { error } = await postJson(server.httpUrl, CHECK, { permission: "v".repeat(5 * MIB) }, tenant);
    expect(error).toMatchObject({ code: "resource_exhausted", message: expect.stringContaining("4194304") });
  });

  test("a gzip bomb over HTTP is refused by its unpacked size", async () => {
    const { gzipSync } = await import("node:zlib");
    const headers = { ...tenant, "content-encoding": "gzip" };
    const { error } = await postJson(server.httpUrl, CHECK, gzipSync(Buffer.alloc(20 * MIB, " ")), headers);
    expect(error).toMatchObject({ code: "resource_exhausted" });
  });

  test("megabytes of an unproved caller are not read", async () => {
    const { error } = await postJson(server.httpUrl, CHECK, { permission: "v".repeat(3 * MIB) });
    expect(error).toMatchObject({ code: "unauthenticated", reason: "UNAUTHENTICATED" });
  });

  test("headers of 100 kB", async () => {
    const headers = { ...tenant, "x-big": "h".repeat(100_000) };
    const response = await fetch(`${server.httpUrl}/${CHECK}`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(431);
  });

  test.each([
    ["no HTTP at all", "\u0016\u0003\u0001hello, is this TLS?\r\n\r\n"],
    [
      "HTTP/1.0 without a host",
      `POST /${CHECK} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    [
      "a host that is none",
      `POST /${CHECK} HTTP/1.1\r\nHost: [\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    [
      "the beginning of HTTP/2 and then nonsense",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense nonsense nonsense nonsense",
    ],
  ])("bytes that are %s", async (_what, bytes) => {
    const answer = await sendBytes(bytes);
    if (bytes.startsWith("PRI")) expect(answer).not.toContain("HTTP/1.1");
    else expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  test("bytes that are no gRPC, on the gRPC port", async () => {
    await sendBytes("GET / HTTP/1.1\r\n\r\n", server.grpcPort);
    expect((await callRaw(server.grpcAddress, CHECK, new Uint8Array(), tenant)).error?.reason).toBe("INVALID_OBJECT");
  });
});

/** What comes back until the server hangs up. */
function sendBytes(bytes: string, port: number = server.httpPort): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", () => undefined);
    socket.write(bytes, "latin1");
  });
}
