import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { grpcFrame, grpcHeaders, grpcStatus, sendBytes, sendHttp2, statusesIn } from "./raw-http.ts";
import { CHECK, type InWorld, PORTS, QUESTION, QUESTION_BYTES } from "./world.ts";

const BODY = JSON.stringify(QUESTION);
const UNAUTHENTICATED = "16";

/** Targets of a request that a proxy in front, with a rule for paths, could read as something else than relata does. */
const TARGETS: readonly string[] = [
  `//${CHECK}`,
  `/./${CHECK}`,
  `/x/../${CHECK}`,
  `/${CHECK}/`,
  `/${CHECK}//`,
  `/${CHECK.toLowerCase()}`,
  `/${CHECK.toUpperCase()}`,
  `/${CHECK.replace("/", "%2F")}`,
  `/${CHECK.replace("Check", "%43heck")}`,
  `/${CHECK.replace("Check", "Check;a=b")}`,
  `/${CHECK}%00`,
  `/${CHECK}%20`,
  `/${CHECK.replace("/", "\\")}`,
  `\\${CHECK}`,
  `http://evil.example/${CHECK}`,
  `//evil.example/${CHECK}`,
  "*",
];

/** What makes a server take a request for another method than it has. */
const OVERRIDES: readonly (readonly [string, string])[] = [
  ["GET", "x-http-method-override: POST\r\n"],
  ["GET", "x-http-method: POST\r\nx-method-override: POST\r\n"],
  ["HEAD", ""],
  ["PUT", ""],
  ["DELETE", ""],
  ["OPTIONS", "origin: https://evil.example\r\naccess-control-request-method: POST\r\n"],
  ["TRACE", ""],
  ["PATCH", ""],
];

/** Bodies that a page of any site may send with a form or without a preflight (Fetch, "CORS-safelisted"). */
const SIMPLE: readonly string[] = [
  "text/plain",
  "text/plain;application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "",
];

/** Ways around the door: paths, methods, types, protocols and connections that are not what they seem. */
export function edgeAttacks(world: InWorld): void {
  const own = () => world().oauth.bearer({ tenant: "north" });
  const http1 = (lines: string, body = BODY) =>
    sendBytes(
      world().server.httpPort,
      `${lines}host: relata\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );

  afterEach(async () => {
    for (const ask of Object.values(PORTS)) expect(await ask(world(), { authorization: own() })).toBe("answered");
    const errors = world()
      .server.logLines()
      .filter(({ level }) => level === "error");
    expect(errors).toEqual([]);
  });

  test.each(TARGETS)("a request for %s is for nothing there is, or refused", async (target) => {
    const said = await http1(
      `POST ${target} HTTP/1.1\r\ncontent-type: application/json\r\nauthorization: ${own()}\r\n`,
    );
    expect(said).not.toContain("DECISION_");
    expect([400, 404]).toContain(statusesIn(said)[0]);
    for (const port of ["grpcPort", "httpPort"] as const) {
      const headers = { ...grpcHeaders(CHECK, { authorization: own() }), ":path": target };
      const answer = await sendHttp2(world().server[port], { headers, body: grpcFrame(QUESTION_BYTES) });
      expect(["", "12"], `${port} ${target}`).toContain(grpcStatus(answer));
      expect(answer.body.length, `${port} ${target}`).toBeLessThan(1_000);
    }
  });

  test.each(OVERRIDES)("%s with %j calls nothing, and echoes nothing", async (method, more) => {
    const said = await http1(
      `${method} /${CHECK} HTTP/1.1\r\ncontent-type: application/json\r\nauthorization: ${own()}\r\n${more}`,
    );
    expect(said).not.toContain("DECISION_");
    expect(said.toLowerCase()).not.toContain("access-control-allow");
    expect(said).not.toContain("Bearer");
    expect([400, 404, 405, 501]).toContain(statusesIn(said)[0]);
  });

  test("a question in the address is not answered: nothing that may be kept, linked or logged", async () => {
    const message = encodeURIComponent(BODY);
    const query = `connect=v1&encoding=json&message=${message}`;
    const said = await http1(`GET /${CHECK}?${query} HTTP/1.1\r\nauthorization: ${own()}\r\n`, "");
    expect(said).not.toContain("DECISION_");
    expect(statusesIn(said)).toEqual([405]);
  });

  test.each(SIMPLE)("a page of another site gets nothing with %j, nor may it read an answer", async (type) => {
    const header = type === "" ? "" : `content-type: ${type}\r\n`;
    const said = await http1(
      `POST /${CHECK} HTTP/1.1\r\n${header}origin: https://evil.example\r\ncookie: a=b\r\nauthorization: ${own()}\r\n`,
    );
    expect(statusesIn(said)).toEqual([415]);
    expect(said.toLowerCase()).not.toContain("access-control-allow");
  });

  test.each([
    "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "connection: upgrade\r\nupgrade: TLS/1.0\r\n",
  ])("the connection does not become another one: %j", async (more) => {
    const socket = connect(world().server.httpPort, "127.0.0.1");
    socket.write(`GET /${CHECK} HTTP/1.1\r\nhost: relata\r\n${more}authorization: ${own()}\r\n\r\n`);
    const [said] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(statusesIn(said.toString("latin1"))).toEqual([405]);
  });

  test("CONNECT makes no tunnel, over either HTTP", async () => {
    const said = await sendBytes(
      world().server.httpPort,
      `CONNECT 127.0.0.1:${world().server.grpcPort} HTTP/1.1\r\nhost: relata\r\nauthorization: ${own()}\r\n\r\n`,
    );
    expect(said).not.toMatch(/HTTP\/1\.1 2\d\d/);
    for (const port of ["grpcPort", "httpPort"] as const) {
      const headers = { ":method": "CONNECT", ":authority": `127.0.0.1:${world().server.grpcPort}` };
      const answer = await sendHttp2(world().server[port], { headers }).catch(() => undefined);
      expect(answer?.headers[":status"] ?? 400).not.toBe(200);
    }
  });

  test("on one connection each request proves itself, and gets its own answer", async () => {
    const request = (authorization: string, close = false) =>
      `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\ncontent-type: application/json\r\n${authorization}${close ? "connection: close\r\n" : ""}content-length: ${BODY.length}\r\n\r\n${BODY}`;
    const north = `authorization: ${own()}\r\n`;
    const south = `authorization: ${world().oauth.bearer({ tenant: "south" })}\r\n`;
    const all = [north, "", south, "", north].map((one, at) => request(one, at === 4)).join("");
    const said = await sendBytes(world().server.httpPort, all);
    expect(statusesIn(said)).toEqual([200, 401, 200, 401, 200]);
    expect([...said.matchAll(/DECISION_\w+/g)].map(([decision]) => decision)).toEqual([
      "DECISION_ALLOWED",
      "DECISION_DENIED",
      "DECISION_ALLOWED",
    ]);
  });

  test.each([
    "authorization-bin",
    "authorization ",
    "Authorization2",
    "x-forwarded-authorization",
    "grpc-authorization",
  ])("%s proves nobody", async (name) => {
    for (const port of ["grpcPort", "httpPort"] as const) {
      const value = name.endsWith("-bin") ? Buffer.from(own()).toString("base64") : own();
      const headers = { ...grpcHeaders(CHECK), [name.toLowerCase()]: value };
      const answer = await sendHttp2(world().server[port], { headers, body: grpcFrame(QUESTION_BYTES) }).catch(
        () => undefined,
      );
      if (answer !== undefined) expect([UNAUTHENTICATED, ""]).toContain(grpcStatus(answer));
      expect(answer?.body.length ?? 0).toBe(0);
    }
  });

  test("schemes of authorization other than one Bearer prove nobody", async () => {
    const token = own().slice("Bearer ".length);
    for (const authorization of [
      token,
      `Basic ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} x`,
      `Bearer ${token},`,
      `Bearer ${token}, Bearer ${token}`,
      `DPoP ${token}`,
      `Bearer "${token}"`,
    ])
      for (const [port, ask] of Object.entries(PORTS))
        expect(await ask(world(), { authorization }), `${port} ${authorization.slice(0, 12)}`).toMatchObject({
          reason: "UNAUTHENTICATED",
        });
  });

  test("without a credential there are health and the API's own description, and nothing else that answers", async () => {
    const { server } = world();
    for (const path of [
      "/",
      "/metrics",
      "/livez",
      "/readyz",
      "/debug/pprof",
      "/.env",
      "/oauth2/token/x",
      "/.well-known/",
      "/grpc.channelz.v1.Channelz/GetServers",
    ]) {
      const said = await sendBytes(
        server.httpPort,
        `GET ${path} HTTP/1.1\r\nhost: relata\r\nconnection: close\r\n\r\n`,
      );
      expect(statusesIn(said)[0], path).toBeGreaterThanOrEqual(400);
    }
    for (const path of [
      "/grpc.channelz.v1.Channelz/GetServers",
      "/grpc.admin.v1.Admin/Get",
      "/relata.v1.AdminService/Anything",
    ])
      for (const port of ["grpcPort", "httpPort"] as const) {
        const headers = { ...grpcHeaders(CHECK), ":path": path };
        expect(["12", ""]).toContain(
          grpcStatus(await sendHttp2(server[port], { headers, body: grpcFrame(QUESTION_BYTES) })),
        );
      }
  });

  test("the port of operations takes no orders, and knows no tenant by name", async () => {
    const { server } = world();
    const ask = (lines: string) =>
      sendBytes(server.opsPort ?? 0, `${lines} HTTP/1.1\r\nhost: relata\r\nconnection: close\r\n\r\n`);
    for (const method of ["POST", "PUT", "DELETE", "TRACE", "OPTIONS"])
      expect(statusesIn(await ask(`${method} /metrics`))[0]).toBe(405);
    for (const path of ["/metrics/../x", "/debug/pprof/heap", "/json/version", "/quit", "/-/reload", "//metrics"])
      expect(statusesIn(await ask(`GET ${path}`))[0], path).toBe(404);
    const metrics = await ask("GET /metrics");
    expect(metrics).toContain("relata_");
    expect(metrics).not.toMatch(/north|south|Bearer|eyJ/);
    expect(await ask("GET /readyz")).not.toMatch(/north|south|postgres:|password/);
  });

  test.each(RESETS.flatMap(([what, headers]) => [2, 8].map((code) => [what, code, headers] as const)))(
    "streams for %s that are reset at once, with code %i, end no process",
    async (_, code, headers) => {
      for (const port of ["grpcPort", "httpPort"] as const) {
        const socket = connect(world().server[port], "127.0.0.1");
        socket.on("error", () => undefined);
        socket.resume();
        socket.write(Buffer.concat([PREFACE, ...resetStreams(200, code, headers)]));
        for (const ask of Object.values(PORTS)) expect(await ask(world(), { authorization: own() })).toBe("answered");
        socket.destroy();
      }
    },
  );

  test("forms whose streams are reset while the rest is awaited end no process", async () => {
    const { httpPort } = world().server;
    const streams = (code: number) => {
      const more = { "content-type": FORM, ":path": "/oauth2/token" };
      return resetStreams(100, code, more, 0x4).map((both) => [both.subarray(0, -13), both.subarray(-13)] as const);
    };
    for (const code of [2, 8]) {
      const socket = connect(httpPort, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(Buffer.concat([PREFACE, ...streams(code).map(([opened]) => opened)]));
      // Answered after them: they wait for their bodies by now.
      for (const ask of Object.values(PORTS)) expect(await ask(world(), { authorization: own() })).toBe("answered");
      socket.write(Buffer.concat(streams(code).map(([, reset]) => reset)));
      for (const ask of Object.values(PORTS)) expect(await ask(world(), { authorization: own() })).toBe("answered");
      socket.destroy();
    }
  });
}

const FORM = "application/x-www-form-urlencoded";

/** Opened and reset within a packet (CVE-2023-44487), for what a server answers before and after it has looked at a method. */
const RESETS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["nothing, of no type", {}],
  ["a method that there is not", { "content-type": "application/grpc" }],
  ["a method, as gRPC", { "content-type": "application/grpc", ":path": `/${CHECK}`, te: "trailers" }],
  ["a method, as JSON", { "content-type": "application/json", ":path": `/${CHECK}` }],
  ["a token", { "content-type": FORM, ":path": "/oauth2/token" }],
  ["introspection with a query", { "content-type": FORM, ":path": "/oauth2/introspect?x=1" }],
  ["the key set", { ":method": "GET", ":path": "/.well-known/jwks.json" }],
  ["health", { ":method": "GET", ":path": "/healthz" }],
];

/** The preface of HTTP/2 with empty settings (RFC 9113 §3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");

function resetStreams(
  count: number,
  code: number,
  headers: Readonly<Record<string, string>>,
  flags = 0x5,
): readonly Buffer[] {
  const block = headerBlock({ ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a", ...headers });
  return Array.from({ length: count }, (_, at) => {
    const stream = 2 * at + 1;
    // HEADERS that end headers and, by default, the stream; then RST_STREAM.
    return Buffer.concat([frame(1, flags, stream, block), frame(3, 0, stream, Buffer.from([0, 0, 0, code]))]);
  });
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literals that are not remembered, without Huffman's code (RFC 7541 §6.2.2); names and values below 127 bytes. */
function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}
