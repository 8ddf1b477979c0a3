import { once } from "node:events";
import { connect as connectHttp2, createSecureServer, type OutgoingHttpHeaders } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientTls, createRelataClient } from "../../src/client/relata-client.ts";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { grpcFrame, grpcHeaders } from "../attacks/raw-http.ts";
import {
  createTestAuthority,
  createTlsFolder,
  type TestAuthority,
  type TestCertificate,
  type TlsFolder,
} from "../support/certificates.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let authority: TestAuthority;
let stranger: TestAuthority;
let folder: TlsFolder;
let server: TestServer;
let good: TestCertificate;
let expired: TestCertificate;
let foreign: TestCertificate;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createTestAuthority(), createTestAuthority("somebody else")]);
  const own = await authority.server();
  [good, expired, foreign] = await Promise.all([
    authority.client(),
    authority.client({ notAfterMs: Date.now() - 60_000 }),
    stranger.client(),
  ]);
  folder = createTlsFolder(own, authority.ca);
  server = await startTestServer({
    config: { ...folder, tlsClientAuth: "request" },
    clientTls: { rootCertificates: Buffer.from(authority.ca) },
  });
  await server.createTenant("acme");
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

type Show = TestCertificate | undefined;

/** Both ports, and both versions of HTTP. */
const WAYS: Readonly<Record<string, (show: Show) => Transport>> = {
  gRPC: (show) => createGrpcTransport({ baseUrl: `https://${server.grpcAddress}`, nodeOptions: tlsOf(show) }),
  "HTTP/2": (show) => createConnectTransport({ baseUrl: httpsUrl(), httpVersion: "2", nodeOptions: tlsOf(show) }),
  "HTTP/1.1": (show) => createConnectTransport({ baseUrl: httpsUrl(), httpVersion: "1.1", nodeOptions: tlsOf(show) }),
};

function httpsUrl(): string {
  return `https://127.0.0.1:${server.httpPort}`;
}

function tlsOf(show: Show) {
  return { ca: authority.ca, ...(show && { cert: show.cert, key: show.key }) };
}

function serving(transport: Transport) {
  return createClient(Health, transport).check({}, { timeoutMs: 10_000 });
}

describe.each(Object.keys(WAYS))("%s", (name) => {
  const way = WAYS[name] as (typeof WAYS)[string];

  test("speaks TLS, with a client certificate and without", async () => {
    await expect(serving(way(undefined))).resolves.toMatchObject({ status: 1 });
    await expect(serving(way(good))).resolves.toMatchObject({ status: 1 });
  });

  test("a certificate that has expired, or that a stranger issued, ends the connection", async () => {
    await expect(serving(way(expired))).rejects.toThrow();
    await expect(serving(way(foreign))).rejects.toThrow();
    expect(server.logText()).toContain("client certificate refused: CERT_HAS_EXPIRED");
  });

  test("a token that is bound to a certificate is good with that certificate only", async () => {
    const token = server.issuer.mint({ tenant: "acme", cnf: { "x5t#S256": good.sha256 } });
    const other = await authority.client();
    const ask = (show: Show) =>
      createClient(AuthorizationService, way(show)).check({}, { headers: { authorization: `Bearer ${token}` } });
    // Proved, and then refused for what it asks.
    await expect(ask(good)).rejects.toMatchObject({ rawMessage: expect.stringContaining("object") });
    await expect(ask(undefined)).rejects.toMatchObject({ code: 16 });
    await expect(ask(other)).rejects.toMatchObject({ code: 16 });
    await expect(ask(good)).rejects.toMatchObject({ rawMessage: expect.stringContaining("object") });
  });
});

/** What proxies write when they have ended a caller's TLS. */
const TOLD = ["x-forwarded-client-cert", "x-client-cert", "ssl-client-cert", "client-cert", "x-ssl-client-sha256"];

test.each(Object.keys(WAYS))("%s: no header stands for a certificate", async (name) => {
  const token = server.issuer.mint({ tenant: "acme", cnf: { "x5t#S256": good.sha256 } });
  const told = Object.fromEntries(
    TOLD.map((header) => [header, `Hash=${good.sha256};Cert="${encodeURIComponent(good.cert)}"`]),
  );
  const headers = { ...told, authorization: `Bearer ${token}` };
  const transport = WAYS[name]?.(undefined) as Transport;
  await expect(createClient(AuthorizationService, transport).check({}, { headers })).rejects.toMatchObject({
    code: 16,
  });
});

test("the certificate of a trusted proxy is the proxy's, and not that of whom it speaks for", async () => {
  const { database, issuer, config } = server;
  const behind = await startTestServer({ database, issuer, config: { ...config, trustedProxies: ["127.0.0.1"] } });
  try {
    const token = issuer.mint({ tenant: "acme", cnf: { "x5t#S256": good.sha256 } });
    const authorization = `Bearer ${token}`;
    for (const baseUrl of [`https://${behind.grpcAddress}`, `https://127.0.0.1:${behind.httpPort}`]) {
      const client = createClient(AuthorizationService, createGrpcTransport({ baseUrl, nodeOptions: tlsOf(good) }));
      const itself = client.check({}, { headers: { authorization } });
      await expect(itself).rejects.toMatchObject({ rawMessage: expect.stringContaining("object") });
      const another = client.check({}, { headers: { authorization, "x-forwarded-for": "203.0.113.9" } });
      await expect(another).rejects.toMatchObject({ code: 16 });
    }
  } finally {
    await behind.close();
  }
});

test("relata's own client shows its certificate", async () => {
  const identity = { certificate: Buffer.from(good.cert), privateKey: Buffer.from(good.key) };
  const tls = { rootCertificates: Buffer.from(authority.ca), identity };
  const client = server.client("acme", { cnf: { "x5t#S256": good.sha256 } }, { tls });
  await expect(client.schemas.read({})).rejects.toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
});

test("relata's own client says what TLS failed for", async () => {
  const roots = Buffer.from(authority.ca);
  const read = (tls: ClientTls, address = server.grpcAddress) => {
    const client = createRelataClient({ address, token: "none", tls, timeoutMs: 5_000 });
    return client.schemas.read({}).finally(() => client.close());
  };
  const untrusted = read({ rootCertificates: Buffer.from(stranger.ca) });
  await expect(untrusted).rejects.toMatchObject({
    codeName: "UNAVAILABLE",
    message: expect.stringContaining("self-signed certificate"),
  });
  const elsewhere = await authority.server({ names: ["relata.example"], here: false });
  const misnamed = createSecureServer({ cert: elsewhere.cert, key: elsewhere.key });
  await once(misnamed.listen(0, "127.0.0.1"), "listening");
  const { port } = misnamed.address() as AddressInfo;
  await expect(read({ rootCertificates: roots }, `127.0.0.1:${port}`)).rejects.toThrow(
    /does not match certificate's altnames/,
  );
  misnamed.close();
  expect(() => read({ rootCertificates: Buffer.from("none") })).toThrow(/^tls\.rootCertificates cannot be used/);
  const mixed = { certificate: Buffer.from(good.cert), privateKey: Buffer.from(foreign.key) };
  expect(() => read({ rootCertificates: roots, identity: mixed })).toThrow(/^tls\.identity cannot be used: .*mismatch/);
});

function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ca: authority.ca, ...options });
  return new Promise((resolve, reject) => {
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}

describe.each(["grpcPort", "httpPort"] as const)("%s", (port) => {
  test("refuses TLS 1.1, and of TLS 1.2 what has no forward secrecy", async () => {
    await expect(
      handshake(server[port], { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
    ).rejects.toThrow(/alert/);
    await expect(
      handshake(server[port], { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256:AES256-SHA" }),
    ).rejects.toThrow(/alert/);
    const socket = await handshake(server[port], { maxVersion: "TLSv1.2", ALPNProtocols: ["h2"] });
    expect(socket.getProtocol()).toBe("TLSv1.2");
    expect(socket.alpnProtocol).toBe("h2");
    socket.destroy();
  });

  test("closes a connection that speaks clear text", async () => {
    const socket = connectTcp({ port: server[port], host: "127.0.0.1" });
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
    });
    socket.write("GET /healthz HTTP/1.1\r\nhost: relata\r\n\r\n");
    await once(socket, "close");
    expect(answer).not.toContain("HTTP");
  });

  test("resumes no session of TLS 1.2 while certificates are asked for", async () => {
    const first = await handshake(server[port], { maxVersion: "TLSv1.2", cert: good.cert, key: good.key });
    const session = first.getSession();
    first.destroy();
    if (session === undefined) throw new Error("no session");
    const second = await handshake(server[port], { maxVersion: "TLSv1.2", session });
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
  });

  test("resumes none of TLS 1.3 either, so nobody brings another's certificate along", async () => {
    const tls13 = { minVersion: "TLSv1.3", ALPNProtocols: ["h2"] } as const;
    const first = await handshake(server[port], { ...tls13, cert: good.cert, key: good.key });
    // Of 1.3 they come after the handshake, with the first bytes that the server sends.
    const sessions: (Buffer | undefined)[] = [];
    first.on("session", (session) => void sessions.push(session));
    expect(await askOver(first, good)).toEqual(["proved"]);
    for (const session of [...sessions, first.getSession()]) {
      const second = await handshake(server[port], { ...tls13, session });
      expect(second.isSessionReused()).toBe(false);
      expect(await askOver(second, good)).toEqual(["refused"]);
    }
  });

  test("a connection proves the one certificate it began with, call after call", async () => {
    const other = await authority.client();
    const socket = await handshake(server[port], { ALPNProtocols: ["h2"], cert: good.cert, key: good.key });
    expect(await askOver(socket, good, other, good, other)).toEqual(["proved", "refused", "proved", "refused"]);
  });

  test("whose certificate no renegotiation changes", async () => {
    const other = await authority.client();
    const socket = await handshake(server[port], { maxVersion: "TLSv1.2", cert: good.cert, key: good.key });
    socket.setKeyCert({ cert: other.cert, key: other.key });
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once("error", (error: Error) => resolve(error.message));
    socket.once("close", () => resolve("closed"));
    socket.renegotiate({}, (error) => resolve(error?.message ?? "renegotiated"));
    expect(await promise).toMatch(/no renegotiation|closed/i);
    socket.destroy();
  });
});

/** Over this connection: a call by a token that is bound to the certificate, for each of them; then the connection is closed. */
async function askOver(socket: TLSSocket, ...certificates: readonly TestCertificate[]): Promise<readonly string[]> {
  const session = connectHttp2("https://127.0.0.1", { createConnection: () => socket });
  const answers: string[] = [];
  for (const { sha256 } of certificates) {
    const authorization = `Bearer ${server.issuer.mint({ tenant: "acme", cnf: { "x5t#S256": sha256 } })}`;
    const stream = session.request(
      grpcHeaders("relata.v1.AuthorizationService/Check", { authorization }) as OutgoingHttpHeaders,
    );
    let status: unknown;
    const note = (headers: Readonly<Record<string, unknown>>) => {
      status = headers["grpc-status"] ?? status;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.resume();
    stream.end(grpcFrame(new Uint8Array()));
    await once(stream, "close");
    // An empty question is invalid, which is found out of callers that are proved.
    answers.push(status === "3" ? "proved" : status === "16" ? "refused" : `status ${String(status)}`);
  }
  session.destroy();
  return answers;
}
