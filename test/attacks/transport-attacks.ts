import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { postJson } from "../support/server-raw.ts";
import { grpcFrame, grpcHeaders, grpcStatus, sendBytes, sendHttp2, statusesIn } from "./raw-http.ts";
import { type AttackWorld, CHECK, type InWorld, PORTS, QUESTION, QUESTION_BYTES, SECRET } from "./world.ts";

const MIB = 1024 * 1024;
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const EXHAUSTED = "8";
const BODY = JSON.stringify(QUESTION);

/** One message that unpacks to five times what a message may have. */
const BOMB = Buffer.alloc(20 * MIB, 0x20);

/** What a request line or a length makes two readers see two requests (RFC 9112 §11.2). */
const DESYNCS: readonly (readonly [string, string])[] = [
  ["a length and chunks", `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["two lengths", `content-length: ${BODY.length}\r\ncontent-length: 3\r\n\r\n${BODY}`],
  ["a list of lengths", `content-length: ${BODY.length}, 3\r\n\r\n${BODY}`],
  ["a length with a sign", `content-length: +${BODY.length}\r\n\r\n${BODY}`],
  ["a length in hex", `content-length: 0x${BODY.length.toString(16)}\r\n\r\n${BODY}`],
  ["chunks twice", `transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ["chunks behind a tab", `transfer-encoding:\tchunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n`],
  ["chunks under another name", `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["a space before the colon", `content-length : ${BODY.length}\r\n\r\n${BODY}`],
  ["a folded header", `x-a: b\r\n c: d\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
  ["a bare carriage return", `x-a: b\rrelata-tenant: south\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
  ["a chunk's length that overflows", `transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`],
];

/** Each holds something back that the server waits for. */
const SLOW: Readonly<Record<string, (world: AttackWorld) => Socket>> = {
  "connections that say nothing, HTTP": ({ server }) => connect(server.httpPort, "127.0.0.1"),
  "connections that say nothing, gRPC": ({ server }) => connect(server.grpcPort, "127.0.0.1"),
  "half a header": ({ server }) => sending(server.httpPort, `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\nx-slow: `),
  "half a body": ({ server, oauth }) =>
    sending(
      server.httpPort,
      `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\ncontent-type: application/json\r\nauthorization: ${oauth.bearer({ tenant: "north" })}\r\ncontent-length: 1000\r\n\r\n{`,
    ),
  "half a preface of HTTP/2": ({ server }) => sending(server.httpPort, "PRI * HT"),
  "half a preface of HTTP/2, gRPC": ({ server }) => sending(server.grpcPort, "PRI * HT"),
};

function sending(port: number, text: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  return socket;
}

/** Neither bytes nor silence keep anybody else from being served, or take the server down. */
export function transportAttacks(world: InWorld): void {
  const own = () => ({ authorization: world().oauth.bearer({ tenant: "north" }) });

  afterEach(async () => {
    for (const ask of Object.values(PORTS)) expect(await ask(world(), own())).toBe("answered");
  });

  test.each([
    ["gzip", gzipSync(BOMB)],
    ["br", brotliCompressSync(BOMB, QUICK)],
  ])("a bomb of %s over Connect is refused by its unpacked size", async (encoding, packed) => {
    const headers = { ...own(), "content-encoding": encoding };
    const { status, error } = await postJson(world().server.httpUrl, CHECK, packed, headers);
    expect([status, error?.code]).toEqual([429, "resource_exhausted"]);
  });

  test.each(["grpcPort", "httpPort"] as const)(
    "a bomb of gzip over gRPC on the %s is refused by its unpacked size",
    async (port) => {
      const headers = grpcHeaders(CHECK, { ...own(), "grpc-encoding": "gzip" });
      const answer = await sendHttp2(world().server[port], { headers, body: grpcFrame(gzipSync(BOMB), 1) });
      expect(grpcStatus(answer)).toBe(EXHAUSTED);
      // What is unpacked is thrown away at the limit, not collected first.
    },
  );

  test("a message that says it has 4 GiB is refused by its envelope", async () => {
    for (const port of ["grpcPort", "httpPort"] as const) {
      const body = Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(64)]);
      const answer = await sendHttp2(world().server[port], { headers: grpcHeaders(CHECK, own()), body });
      expect(grpcStatus(answer)).toBe(EXHAUSTED);
    }
  });

  test("an unknown packing, or a packed message that is none, is refused and no fault of the server", async () => {
    for (const port of ["grpcPort", "httpPort"] as const) {
      for (const [encoding, bytes] of [
        ["snappy", QUESTION_BYTES],
        ["gzip", QUESTION_BYTES],
        ["deflate", Buffer.alloc(9, 0xff)],
      ] as const) {
        const headers = grpcHeaders(CHECK, { ...own(), "grpc-encoding": encoding });
        const status = grpcStatus(await sendHttp2(world().server[port], { headers, body: grpcFrame(bytes, 1) }));
        expect(["3", "12", "13"]).toContain(status);
      }
    }
    expect(
      world()
        .server.logLines()
        .filter(({ level }) => level === "error"),
    ).toEqual([]);
  });

  test.each(DESYNCS)("a request with %s is answered once, and hides no other", async (_what, rest) => {
    const hidden = `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\nx-hidden: 1\r\nauthorization: ${own().authorization}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
    const head = `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\ncontent-type: application/json\r\nauthorization: ${own().authorization}\r\n`;
    const answer = await sendBytes(world().server.httpPort, `${head}${rest}${hidden}`);
    expect(statusesIn(answer)).toEqual([400]);
    expect(answer).not.toContain("DECISION_");
  });

  test.each([
    ["a host in the path", { ":path": `http://evil.example/${CHECK}` }],
    ["a path that climbs", { ":path": `/relata.v1.SchemaService/../${CHECK}` }],
    ["a path in escapes", { ":path": `/relata.v1.AuthorizationService%2fCheck` }],
    ["two slashes", { ":path": `//${CHECK}` }],
    ["another method", { ":method": "GET" }],
    ["an authority that is none", { ":authority": "[", ":path": `/${CHECK}?tenant=south` }],
  ])("HTTP/2 with %s never reaches another tenant, nor a fault", async (_what, pseudo) => {
    for (const port of ["grpcPort", "httpPort"] as const) {
      const headers = { ...grpcHeaders(CHECK, own()), ...pseudo };
      const answer = await sendHttp2(world().server[port], { headers, body: grpcFrame(QUESTION_BYTES) });
      expect(answer.body.toString("latin1")).not.toContain(SECRET);
      expect(["", "0", "3", "12"]).toContain(grpcStatus(answer));
    }
    expect(
      world()
        .server.logLines()
        .filter(({ level }) => level === "error"),
    ).toEqual([]);
  });

  test.each(Object.entries(SLOW))("%s, by the hundred, keep nobody from being served", async (_what, open) => {
    const sockets = Array.from({ length: 100 }, () => open(world()).on("error", () => undefined));
    try {
      for (const ask of Object.values(PORTS)) expect(await ask(world(), own())).toBe("answered");
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  test.each(["grpcPort", "httpPort"] as const)(
    "streams without an end on the %s keep nobody from being served",
    async (port) => {
      const session = connectHttp2(`http://127.0.0.1:${world().server[port]}`);
      session.on("error", () => undefined);
      const streams = Array.from({ length: 240 }, () =>
        session.request(grpcHeaders(CHECK, own()), { endStream: false }),
      );
      for (const stream of streams) {
        stream.on("error", () => undefined);
        stream.write(grpcFrame(QUESTION_BYTES).subarray(0, 7));
      }
      for (const ask of Object.values(PORTS)) expect(await ask(world(), own())).toBe("answered");
      session.destroy();
    },
  );
}
