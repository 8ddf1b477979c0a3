import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AuthorizationService, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { readExposition } from "../support/exposition.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";
import {
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  greeting,
  HEADERS,
  headerBlock,
  openHttp2,
  PING,
  RST_STREAM,
  SETTINGS,
} from "./http2-frames.ts";

const CHECK = "/relata.v1.AuthorizationService/Check";
const READ = "/relata.v1.TupleService/Read";
const MAX_CONNECTIONS = 200;
const CANCEL = Buffer.from([0, 0, 0, 8]);
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ config: { maxConnections: MAX_CONNECTIONS, opsPort: 0 } });
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  const many = Array.from({ length: 200 }, (_, i) => `+document:${i}${"x".repeat(100)}#viewer@user:anne`);
  await writeTuples(client, "+document:1#viewer@user:anne", ...many);
});
afterAll(() => server.close());

/** Whoever behaves is served on both ports, whatever was done before. */
afterEach(async () => {
  for (const name of ["gRPC on the gRPC port", "Connect with JSON over HTTP/1.1"] as const) {
    const transport = TRANSPORTS[name](server, { authorization: server.issuer.bearer({ tenant: "acme" }) });
    const { decision } = await createClient(AuthorizationService, transport).check(
      wireQuestion("document:1#view@user:anne"),
    );
    expect(decision).toBe(Decision.ALLOWED);
  }
});

function call(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  return headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "relata",
    te: "trailers",
    "content-type": "application/grpc",
    authorization: server.issuer.bearer({ tenant: "acme" }),
    ...more,
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${server.opsPort}/metrics`)).text();
  return readExposition(text).get(name) ?? Number.NaN;
}

const PORTS = ["grpcPort", "httpPort"] as const;

describe.each(PORTS)("floods of HTTP/2 on the %s end their connection", (port) => {
  test("streams opened and reset at once (CVE-2023-44487)", async () => {
    const connection = await openHttp2(server[port], greeting());
    const block = call(CHECK);
    for (let stream = 1; stream < 2 * 5_000 && !connection.isClosed(); stream += 2) {
      const pair = [frame(HEADERS, END_HEADERS, stream, block), frame(RST_STREAM, 0, stream, CANCEL)];
      if (!connection.socket.write(Buffer.concat(pair))) await once(connection.socket, "drain").catch(() => undefined);
    }
    await waitFor("the connection to be ended", () => connection.isClosed() || connection.types().includes(GOAWAY));
    connection.socket.destroy();
  });

  test("a header that never ends (CONTINUATION without END_HEADERS)", async () => {
    const connection = await openHttp2(server[port], greeting());
    connection.socket.write(frame(HEADERS, END_STREAM, 1, call(CHECK)));
    const more = frame(CONTINUATION, 0, 1, headerBlock({ "x-more": "y".repeat(16_000) }));
    for (let i = 0; i < 1_000 && !connection.isClosed(); i++) {
      connection.socket.write(more);
      await new Promise(setImmediate);
    }
    await waitFor("the connection to be ended", () => connection.isClosed());
  });

  test.each([
    ["pings", frame(PING, 0, 0, Buffer.alloc(8))],
    ["settings", frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 1]))],
  ])("%s by the hundred thousand, whose acknowledgements nobody reads", async (_what, one) => {
    const connection = await openHttp2(server[port], greeting());
    connection.socket.pause();
    const many = Buffer.concat(Array.from({ length: 5_000 }, () => one));
    for (let i = 0; i < 200 && !connection.isClosed(); i++) {
      connection.socket.write(many);
      await new Promise(setImmediate);
    }
    connection.socket.resume();
    await waitFor("the connection to be ended", () => connection.isClosed() || connection.types().includes(GOAWAY));
    connection.socket.destroy();
  });

  test("a header of more than the port takes is refused, and never a call", async () => {
    const connection = await openHttp2(server[port], greeting());
    const before = await metric("relata_calls_waiting");
    const block = call(CHECK, { "x-large": "z".repeat(120_000) });
    connection.socket.write(frame(HEADERS, END_STREAM, 1, block.subarray(0, 16_000)));
    for (let at = 16_000; at < block.length; at += 16_000) {
      const flags = at + 16_000 >= block.length ? END_HEADERS : 0;
      connection.socket.write(frame(CONTINUATION, flags, 1, block.subarray(at, at + 16_000)));
    }
    await waitFor(
      "a refusal",
      () => connection.isClosed() || connection.types().some((type) => type === GOAWAY || type === RST_STREAM),
    );
    expect(await metric("relata_calls_waiting")).toBe(before);
    connection.socket.destroy();
  });
});

test.each(PORTS)("whoever takes no answer on the %s holds no call open beyond its deadline", async (port) => {
  const connection = await openHttp2(server[port], greeting(0));
  // `document` is the filter's object type: field 1 of the request, field 1 of the filter.
  const filter = Buffer.concat([Buffer.from([0x0a, 8]), Buffer.from("document")]);
  const message = Buffer.concat([Buffer.from([0x0a, filter.length]), filter]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  connection.socket.write(
    Buffer.concat([
      frame(HEADERS, END_HEADERS, 1, call(READ, { "grpc-timeout": "400m" })),
      frame(0, END_STREAM, 1, Buffer.concat([prefix, message])),
    ]),
  );
  await waitFor("the call to wait for its reader", async () => (await metric("relata_calls_waiting")) === 1);
  await waitFor("the call to end", async () => (await metric("relata_calls_waiting")) === 0);
  connection.socket.destroy();
});

describe("large messages on the gRPC port", () => {
  const SIZE = 1 << 20;
  const head = Buffer.from([0, 0, 0x10, 0, 0]);
  const types = { "content-type": "application/grpc+proto", te: "trailers", ":method": "POST" };

  /** What becomes of a message of 1 MiB of which the last byte is never sent, or all of it. */
  async function sendLarge(path: string, authorization: string, bytes: number): Promise<unknown> {
    const session = connectHttp2(`http://${server.grpcAddress}`);
    const stream = session.request({ ...types, ":path": path, authorization }, { endStream: false });
    let status: unknown;
    const note = (headers: IncomingHttpHeaders) => {
      status = headers["grpc-status"] ?? status;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("error", () => undefined);
    stream.resume();
    stream.write(Buffer.concat([head, Buffer.alloc(bytes)]));
    if (bytes === SIZE) stream.end();
    // Not `once`, to which an error is the end.
    await new Promise<void>((resolve) => stream.once("close", resolve));
    session.destroy();
    return status ?? stream.rstCode;
  }

  test("are not waited for of callers who are not proved", async () => {
    const unproved = server.issuer.bearer({ tenant: "acme", exp: 1_000, iat: 500 });
    expect(await sendLarge(CHECK, unproved, SIZE - 1)).toBe("16");
    expect(await sendLarge(CHECK, "", SIZE - 1)).toBe("16");
    // Nothing of this size is for those whom anybody may ask. 11: ENHANCE_YOUR_CALM.
    expect(await sendLarge("/grpc.health.v1.Health/Check", "", SIZE - 1)).toBe(11);
  });

  test("are taken of those who are, and answered for what they hold", async () => {
    const authorization = server.issuer.bearer({ tenant: "acme" });
    // Zeros are no message.
    expect(await sendLarge(CHECK, authorization, SIZE)).toBe("3");
  });
});

test("one address gets no more than half of all connections, and those who are served stay so", async () => {
  const kept = TRANSPORTS["gRPC on the gRPC port"](server, {
    authorization: server.issuer.bearer({ tenant: "acme" }),
  });
  const client = createClient(AuthorizationService, kept);
  await client.check(wireQuestion("document:1#view@user:anne"));
  const openBefore = await metric("relata_connections");
  const refusedBefore = await metric("relata_connections_refused_total");
  const sockets = Array.from({ length: 3 * MAX_CONNECTIONS }, (_, i) =>
    connect(i % 2 === 0 ? server.grpcPort : server.httpPort, "127.0.0.1").on("error", () => undefined),
  );
  let closed = 0;
  for (const socket of sockets) {
    socket.resume();
    socket.on("close", () => {
      closed += 1;
    });
  }
  await waitFor("those beyond to be turned away", () => closed >= 2 * MAX_CONNECTIONS);
  expect(await metric("relata_connections")).toBeLessThanOrEqual(MAX_CONNECTIONS / 2);
  expect(await metric("relata_connections_refused_total")).toBeGreaterThanOrEqual(refusedBefore + 2 * MAX_CONNECTIONS);
  const { decision } = await client.check(wireQuestion("document:1#view@user:anne"));
  expect(decision).toBe(Decision.ALLOWED);
  for (const socket of sockets) socket.destroy();
  await waitFor("the flood to be gone", async () => (await metric("relata_connections")) <= openBefore);
});
