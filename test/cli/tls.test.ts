import { writeFileSync } from "node:fs";
import { createServer as createClearServer, createSecureServer } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveTls } from "../../src/cli/connection-tls.ts";
import { createTestAuthority, createTlsFolder, type TestCertificate, type TlsFolder } from "../support/certificates.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { type CliRunOptions, runTestCli } from "./run-cli.ts";

let server: TestServer;
let folder: TlsFolder;
let dir: TempDir;
let misnamed: string;
let clear: string;
let client: TestCertificate;
const closers: (() => void)[] = [];

beforeAll(async () => {
  dir = await createTempDir();
  const [authority, stranger] = await Promise.all([createTestAuthority(), createTestAuthority("somebody else")]);
  client = await authority.client();
  folder = createTlsFolder(await authority.server(), authority.ca);
  const asItsClient = { certificate: Buffer.from(client.cert), privateKey: Buffer.from(client.key) };
  server = await startTestServer({
    config: { ...folder, tlsClientAuth: "require" },
    clientTls: { rootCertificates: Buffer.from(authority.ca), identity: asItsClient },
  });
  await server.createTenant("acme");
  put("ca.pem", authority.ca);
  put("stranger.pem", stranger.ca);
  put("empty.pem", "");
  putPair("me", client);
  putPair("foreign", await stranger.client());
  putPair("old", await authority.client({ notAfterMs: Date.now() - 60_000 }));
  const elsewhere = await authority.server({ names: ["relata.example"], here: false });
  misnamed = await listening(createSecureServer({ cert: elsewhere.cert, key: elsewhere.key }));
  clear = await listening(createClearServer());
});
afterAll(async () => {
  for (const close of closers) close();
  await server.close();
  folder.remove();
  await dir[Symbol.asyncDispose]();
});

function put(name: string, text: string): void {
  writeFileSync(join(dir.path, name), text);
}

function putPair(name: string, { cert, key }: TestCertificate): void {
  put(`${name}.crt`, cert);
  put(`${name}.key`, key);
}

async function listening(one: Server): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  closers.push(() => one.close());
  return `127.0.0.1:${(one.address() as AddressInfo).port}`;
}

const PULL = ["schema", "pull"];
const ME = ["--cert", "me.crt", "--key", "me.key"];

function relata(argv: readonly string[], env: CliRunOptions["env"] = {}, claims: object = {}) {
  const token = server.issuer.mint({ tenant: "acme", ...claims });
  return runTestCli(argv, {
    cwd: dir.path,
    env: { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: token, ...env },
  });
}

describe("over TLS", () => {
  test("a certificate is shown, by flags or by variables, and a token that is bound to it is good", async () => {
    // The server knows the caller, and that its tenant has no schema.
    const known = { exit: 3, stderr: expect.stringContaining("SCHEMA_NOT_FOUND") };
    const bound = { cnf: { "x5t#S256": client.sha256 } };
    expect(await relata([...PULL, "--ca", "ca.pem", ...ME], {}, bound)).toMatchObject(known);
    const env = { RELATA_CA: "ca.pem", RELATA_CERT: "me.crt", RELATA_KEY: "me.key" };
    expect(await relata(PULL, env)).toMatchObject(known);
    expect(await relata([...PULL, "--ca", "ca.pem"], { ...env, RELATA_CA: "stranger.pem" })).toMatchObject(known);
  });

  test.each([
    [
      "an authority that is not trusted",
      ["--ca", "stranger.pem", ...ME],
      /an authority that is not trusted[\s\S]*stranger\.pem does not hold/,
    ],
    ["an authority that Node does not know", ME, /an authority that is not trusted[\s\S]*--ca FILE/],
    ["no certificate where one is needed", ["--ca", "ca.pem"], /asks callers for a certificate[\s\S]*--cert FILE/],
    [
      "a stranger's certificate",
      ["--ca", "ca.pem", "--cert", "foreign.crt", "--key", "foreign.key"],
      /does not accept the certificate in foreign\.crt[\s\S]*tlsClientCaFile/,
    ],
    [
      "an expired certificate",
      ["--ca", "ca.pem", "--cert", "old.crt", "--key", "old.key"],
      /does not accept the certificate in old\.crt[\s\S]*it expired at 20/,
    ],
    ["clear text to a server with TLS", [], /127\.0\.0\.1:\d+ speaks TLS[\s\S]*--ca FILE/],
  ])("%s", async (_what, flags, message) => {
    const run = await relata([...PULL, ...flags]);
    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toMatch(message);
  });

  test("a name that the certificate does not have", async () => {
    const run = await relata([...PULL, "--ca", "ca.pem", "--server", misnamed]);
    expect(run.exit).toBe(4);
    expect(run.stderr).toMatch(/is not for 127\.0\.0\.1, but for DNS:relata\.example\n/);
  });

  test("TLS to a server that speaks clear text", async () => {
    const run = await relata([...PULL, "--ca", "ca.pem", "--server", clear]);
    expect(run.exit).toBe(4);
    expect(run.stderr).toMatch(/speaks clear text, not TLS[\s\S]*leave out --ca/);
  });

  test("nobody there is still nobody there", async () => {
    const run = await relata([...PULL, "--ca", "ca.pem", "--server", "127.0.0.1:1"]);
    expect(run).toMatchObject({ exit: 4, stderr: expect.stringContaining("no server answers at 127.0.0.1:1") });
  });
});

test.each([
  ["a file that is not there", ["--ca", "nope.pem"], {}, /cannot read nope\.pem: no such file/],
  ["a file without a certificate", ["--ca", "empty.pem"], {}, /empty\.pem holds no certificate in PEM/],
  ["a key for an authority", ["--ca", "me.key"], {}, /me\.key holds no certificate/],
  ["a certificate for a key", ["--cert", "me.crt", "--key", "me.crt"], {}, /me\.crt holds no private key/],
  [
    "somebody else's key",
    ["--cert", "me.crt", "--key", "old.key"],
    {},
    /old\.key is not the key of the certificate in me\.crt/,
  ],
  ["a certificate without its key", ["--cert", "me.crt"], {}, /--cert needs --key/],
  ["a key without its certificate", ["--key", "me.key"], {}, /--key needs --cert/],
  ["--insecure with an authority", ["--insecure", "--ca", "ca.pem"], {}, /not both/],
  ["both in variables", [], { RELATA_INSECURE: "1", RELATA_CA: "ca.pem" }, /not both/],
  [
    "a variable that says neither",
    [],
    { RELATA_INSECURE: "maybe" },
    /expected 1 or 0, not "maybe"\n +at: RELATA_INSECURE/,
  ],
])("%s is a mistake that is named", async (_what, flags, env, message) => {
  const run = await relata([...PULL, ...flags], env);
  expect(run).toMatchObject({ exit: 2, stdout: "" });
  expect(run.stderr).toMatch(message);
  expect(run.stderr).not.toContain("PRIVATE KEY");
});

test("a token leaves this machine under TLS only, unless it is said that it may go without", async () => {
  const sink = { write: () => undefined };
  const context = (env: Readonly<Record<string, string>> = {}) => ({
    env,
    cwd: dir.path,
    stdin: Readable.from([]),
    stdout: sink,
    stderr: sink,
    now: Date.now,
    stop: () => new AbortController().signal,
  });
  for (const host of ["relata.example", "192.0.2.1", "2001:db8::1", "127.example", "localhost.example"]) {
    expect(await resolveTls(context(), {}, host), host).toEqual({ ca: undefined, identity: undefined });
    expect(await resolveTls(context(), { insecure: true }, host), host).toBeUndefined();
    expect(await resolveTls(context({ RELATA_INSECURE: "1" }), {}, host), host).toBeUndefined();
    expect(await resolveTls(context({ RELATA_INSECURE: "1" }), { ca: "ca.pem" }, host), host).toBeDefined();
  }
  for (const host of ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
    expect(await resolveTls(context(), {}, host), host).toBeUndefined();
});
