import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CONFIG_TABLE, loadConfig, loadSettings } from "../../src/config.ts";
import { RelataError } from "../../src/errors.ts";
import { runTestCli } from "../cli/run-cli.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const GOOD = `databaseUrl: postgres://app@localhost/relata
tokenKeys:
  - { id: k1, secret: ${SECRET} }
issuers:
  - issuer: https://login.example.com/
    profile: oauth
    keys: { kind: discovery }
    algorithms: [RS256]
    audiences: [relata]
    tenant: { kind: claim, claim: tenant }
    scopes: [check]
`;

function problemsOf(text: string, env: Record<string, string> = {}): string {
  try {
    loadConfig({ file: "relata.yaml", text, env });
  } catch (error) {
    if (error instanceof RelataError && error.reason === "INVALID_CONFIG") return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

const folder = mkdtempSync(join(tmpdir(), "relata-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a good configuration", () => {
  it("fills in defaults and is frozen all the way down", () => {
    const config = loadConfig({ text: GOOD, env: {} });
    expect(config.grpcPort).toBe(50051);
    expect(config.httpPort).toBe(8080);
    expect(config.maxMessageBytes).toBe(4 * 1024 * 1024);
    expect(config.readableWindowMs).toBe(86_400_000);
    expect(config.bindings).toEqual([]);
    expect(config.migrationDatabaseUrl).toBeUndefined();
    expect(config.issuers[0]).toMatchObject({ maxLifetimeMs: 86_400_000, clockSkewMs: 10_000, audiences: ["relata"] });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.issuers[0]?.audiences)).toBe(true);
    expect(Object.isFrozen(config.tokenKeys[0])).toBe(true);
  });

  it("reads durations and sizes with units, and lets the environment win", () => {
    const text = `${GOOD}readableWindowMs: 2h\nmaxSchemaBytes: 64KiB\ngrpcPort: 1\n`;
    const config = loadConfig({
      text,
      env: { RELATA_GRPC_PORT: "0", RELATA_MAX_STALENESS_MS: "250ms", DATABASE_URL: "" },
    });
    expect(config).toMatchObject({
      readableWindowMs: 7_200_000,
      maxSchemaBytes: 65_536,
      grpcPort: 0,
      maxStalenessMs: 250,
    });
  });

  it("takes everything from variables, lists as JSON, and prefers RELATA_DATABASE_URL to DATABASE_URL", () => {
    const issuers = JSON.stringify([
      {
        issuer: "http://127.0.0.1:9/",
        profile: "oidc",
        keys: { kind: "file", path: "keys.json" },
        algorithms: ["ES256"],
        audiences: ["a", "b"],
        tenant: { kind: "bindings" },
        scopes: [],
      },
    ]);
    const config = loadConfig({
      env: {
        DATABASE_URL: "postgres://two",
        RELATA_DATABASE_URL: "postgres://one",
        RELATA_TOKEN_KEYS: JSON.stringify([{ id: "k", secret: SECRET }]),
        RELATA_ISSUERS: issuers,
      },
    });
    expect(config.databaseUrl).toBe("postgres://one");
    expect(config.issuers[0]?.keys).toEqual({ kind: "file", path: "keys.json" });
  });

  it("reads secrets from files, relative to the configuration file", () => {
    mkdirSync(join(folder, "secrets"));
    writeFileSync(join(folder, "secrets", "key"), `${SECRET}\n`);
    writeFileSync(join(folder, "secrets", "url"), "postgres://from-file\n");
    const file = join(folder, "relata.yaml");
    writeFileSync(
      file,
      GOOD.replace(`secret: ${SECRET}`, "secret: { file: secrets/key }").replace(
        /databaseUrl: .*/,
        "databaseUrl: { file: secrets/url }",
      ),
    );
    const config = loadConfig({ file, env: {} });
    expect(config.tokenKeys).toEqual([{ id: "k1", secret: SECRET }]);
    expect(config.databaseUrl).toBe("postgres://from-file");
    const env = { RELATA_MIGRATION_DATABASE_URL_FILE: join(folder, "secrets", "url") };
    expect(loadSettings({ env }, ["migrationDatabaseUrl"]).migrationDatabaseUrl).toBe("postgres://from-file");
  });
});

describe("a bad configuration", () => {
  it("says all problems at once, each with file and line", () => {
    const text = GOOD.replace("oauth", "oath")
      .replace("audiences: [relata]", "audiences: []")
      .replace("RS256", "HS256");
    const message = problemsOf(`${text}grpcPrt: 1\nmaxNodes: 0\nlogLevel: loud\n`, { RELATA_MAX_ROWS: "many" });
    expect(message).toContain("7 problems");
    expect(message).toMatch(/relata\.yaml:12: unknown key "grpcPrt"; did you mean "grpcPort"\?/);
    expect(message).toMatch(/relata\.yaml:6: issuers\[0\]\.profile: .*did you mean "oauth"\?/);
    expect(message).toMatch(/relata\.yaml:8: issuers\[0\]\.algorithms\[0\]: .*found "HS256"/);
    expect(message).toMatch(/relata\.yaml:9: issuers\[0\]\.audiences: must list at least one audience/);
    expect(message).toMatch(/relata\.yaml:13: maxNodes: expected a whole number from 1/);
    expect(message).toMatch(/RELATA_MAX_ROWS: maxRows: expected a whole number .*found "many"/);
  });

  it.each([
    ["no database", /^databaseUrl: .*\n/m, "", "databaseUrl is missing and has no default"],
    ["no keys", /^tokenKeys:\n.*\n/m, "", "tokenKeys is missing and has no default"],
    ["an empty list of keys", /^tokenKeys:\n.*\n/m, "tokenKeys: []\n", "tokenKeys: must list at least one key"],
    ["no issuers", /^issuers:[\s\S]*/m, "", "issuers is missing and has no default"],
    [
      "empty issuers",
      /^issuers:[\s\S]*/m,
      "issuers: []\n",
      "relata.yaml:4: issuers: must list at least one trusted issuer",
    ],
    ["a missing audience", /^ {4}audiences.*\n/m, "", "issuers[0].audiences: must list at least one audience"],
    ["a missing algorithm", /^ {4}algorithms.*\n/m, "", "issuers[0].algorithms: must list at least one algorithm"],
    ["missing scopes", /^ {4}scopes.*\n/m, "", "issuers[0].scopes: expected a list of scopes"],
    ["a short secret", SECRET, "short", "tokenKeys[0].secret: must be at least 32 bytes"],
    [
      "a clear-text key address",
      "https://login",
      "http://login",
      "issuers[0].issuer: keys by discovery need an https issuer",
    ],
    [
      "a clear-text JWKS",
      "kind: discovery",
      "kind: jwks, url: http://x/",
      "issuers[0].keys.url: must be an https address",
    ],
    ["an unknown kind of key", "discovery", "magic", "issuers[0].keys.kind: expected { kind: discovery }"],
    ["a misspelt nested key", "profile", "profil", 'issuers[0]: unknown key "profil"; did you mean "profile"?'],
    [
      "too much clock skew",
      "profile:",
      "clockSkewMs: 2m\n    profile:",
      "issuers[0].clockSkewMs: must be at most 60000 ms",
    ],
  ])("%s", (_, pattern, replacement, expected) => {
    expect(problemsOf(GOOD.replace(pattern, replacement))).toContain(expected);
  });

  it.each([
    [
      "an issuer without a name",
      "  - issuer: https://login.example.com/\n    profile",
      "  - profile",
      "issuers[0].issuer: expected a text",
    ],
    [
      "a trust domain of another profile",
      "issuer: https://login.example.com/",
      "trustDomain: prod",
      "issuers[0].trustDomain: belongs to profile spiffe",
    ],
    [
      "a trust domain that is called an issuer",
      "profile: oauth",
      "profile: spiffe",
      "issuers[0].issuer: profile spiffe has `trustDomain`",
    ],
    [
      "a trust domain without a name",
      "issuer: https://login.example.com/\n    profile: oauth",
      "profile: spiffe",
      "issuers[0].trustDomain: expected the name of the trust domain",
    ],
  ])("%s", (_, pattern, replacement, expected) => {
    expect(problemsOf(GOOD.replace(pattern, replacement))).toContain(expected);
  });

  it("names an issuer's missing name beside whatever else is wrong with it", () => {
    const text = GOOD.replace("- issuer: https://login.example.com/\n    profile", "- profile").replace(
      "RS256",
      "HS256",
    );
    expect(problemsOf(text)).toMatch(
      /2 problems[\s\S]*issuers\[0\]\.(issuer|algorithms)[\s\S]*issuers\[0\]\.(issuer|algorithms)/,
    );
  });

  it("of a file that cannot be parsed says nothing else, but still looks at the environment", () => {
    expect(problemsOf("databaseUrl: [\n}")).toMatch(
      /^The configuration has a problem:\n\s+relata\.yaml:2: not valid YAML: [^\n]+$/,
    );
    expect(problemsOf("a: [\n}", { RELATA_GRPC_PORT: "many" })).toContain("RELATA_GRPC_PORT: grpcPort: expected");
  });

  it.each([
    ["a list instead of a mapping", "- 1\n", "relata.yaml:1: expected a mapping of settings, found a list"],
    ["broken YAML", "a: [1\nb: 2\n", "relata.yaml:"],
    [
      "a duplicate key",
      `${GOOD}logLevel: info\nlogLevel: warn\n`,
      "relata.yaml:13: not valid YAML: Map keys must be unique",
    ],
    [
      "crossed deadlines",
      `${GOOD}defaultDeadlineMs: 2m\n`,
      "relata.yaml:12: defaultDeadlineMs (120000) is above maxDeadlineMs (60000)",
    ],
    ["one port for two servers", `${GOOD}grpcPort: 8080\n`, "grpcPort and httpPort are both 8080"],
    [
      "a binding of an unknown issuer",
      `${GOOD}bindings: [{ issuer: nobody, subject: a, platform: true, scopes: [check] }]\n`,
      'bindings[0].issuer: "nobody" is not one of `issuers`',
    ],
    [
      "a binding without tenants",
      `${GOOD}bindings: [{ issuer: https://login.example.com/, subject: a, scopes: [] }]\n`,
      "must list at least one tenant",
    ],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text)).toContain(expected);
  });

  it("never repeats a secret", () => {
    const url = "mysql://app:hunter2@db/relata";
    const text = GOOD.replace(/databaseUrl: .*/, `databaseUrl: ${url}`).replace(SECRET, "hunter2");
    expect(problemsOf(text)).not.toContain("hunter2");
    expect(problemsOf(GOOD, { RELATA_TOKEN_KEYS: '[{"id": "a", "secret": "hunter2' })).not.toContain("hunter2");
  });

  it("refuses a misspelt variable but leaves foreign ones alone", () => {
    const env = { RELATA_GRPC_PROT: "1", RELATA_SERVICE_HOST: "10.0.0.1", RELATA_PORT_8080_TCP: "tcp://10.0.0.1:8080" };
    const message = problemsOf(GOOD, env);
    expect(message).toContain("a problem:\n  RELATA_GRPC_PROT: unknown variable; did you mean RELATA_GRPC_PORT?");
    expect(problemsOf(GOOD, { RELATA_GRPC_PORT: "tcp://10.0.0.1:50051" })).toContain("Kubernetes service link");
  });

  it("names a file that cannot be read", () => {
    expect(() => loadConfig({ file: join(folder, "absent.yaml"), env: {} })).toThrow(/absent\.yaml \(ENOENT\)/);
    expect(problemsOf(GOOD.replace(`secret: ${SECRET}`, "secret: { file: absent }"))).toMatch(
      /relata\.yaml:2: tokenKeys\[0\]\.secret: cannot read the file .*absent \(ENOENT\)/,
    );
  });
});

describe("the table", () => {
  it("names every setting once, with a meaning and variables that belong to one setting only", () => {
    const variables = CONFIG_TABLE.flatMap((row) => row.env);
    expect(new Set(variables).size).toBe(variables.length);
    expect(CONFIG_TABLE.length).toBeGreaterThan(20);
    for (const row of CONFIG_TABLE) expect(row.meaning, row.name).toMatch(/^\S.*[.]$/);
    const withoutDefault = CONFIG_TABLE.filter((row) => row.default === undefined).map((row) => row.name);
    expect(withoutDefault).toEqual([
      "databaseUrl",
      "migrationDatabaseUrl",
      "maintenanceDatabaseUrl",
      "tlsCertFile",
      "tlsKeyFile",
      "tlsClientCaFile",
      "tokenKeys",
      "issuers",
      "tokenService",
    ]);
  });
});

describe("settings of TLS, limits, the audit and the token service", () => {
  const auditKey = (more: string) => `auditKeys:\n  - { ${more} }\n`;

  it.each([
    ["tlsClientAuth: maybe", 'tlsClientAuth: expected one of none, request, require, found "maybe"'],
    ["tlsCertFile: tls.crt", "tlsCertFile: needs tlsKeyFile, the certificate's private key"],
    [
      "trustedProxies: [10.0.0.0/40]",
      'trustedProxies[0]: expected an address or CIDR such as 10.0.0.0/8, found "10.0.0.0/40"',
    ],
    ["principalRate: -1", "principalRate: expected a whole number from 0 to"],
    ["refusedCredentialRate: lots", 'refusedCredentialRate: expected a whole number from 0 to 1000000, found "lots"'],
    ["decisionLog: some", 'decisionLog: expected one of off, denied, sampled, all, found "some"'],
    ["decisionSampleRate: 7", "decisionSampleRate: expected a share from 0 to 1, such as 0.01"],
    ["trustMaxAgeMs: 100ms", "trustMaxAgeMs: must be at least 500 ms"],
    ["apiTokenEnv: LIVE!", "apiTokenEnv: expected 1 to 16 lower-case letters or digits"],
    [auditKey("id: a"), "auditKeys[0].privateKey: expected 32 bytes in base64"],
    [auditKey("id: a, privateKey: short"), "auditKeys[0].privateKey: expected 32 bytes in base64"],
    [auditKey("id: a, privateKey: { file: nowhere }"), "auditKeys[0].privateKey: cannot read the file"],
    [auditKey("id: a, privatKey: x"), 'auditKeys[0]: unknown key "privatKey"; did you mean "privateKey"?'],
    [
      "tokenService: { issuer: http://x.example, audience: a, scopes: [check] }",
      "tokenService.issuer: must be an https address",
    ],
    [
      "tokenService: { issuer: https://x.example, audience: a, scopes: [chek] }",
      "tokenService.scopes[0]: expected one of check, ",
    ],
  ])("%s", (text, expected) => {
    const message = problemsOf(`${GOOD}${text}\n`);
    expect(message).toMatch(/^ {2}relata\.yaml:1[23]: /m);
    expect(message).toContain(expected);
  });

  it("are blamed where they were set, also for what they lack together", () => {
    expect(problemsOf(GOOD, { RELATA_TLS_CLIENT_AUTH: "require" })).toContain(
      "\n  RELATA_TLS_CLIENT_AUTH: tlsClientAuth: require needs tlsClientCaFile",
    );
    expect(problemsOf(`${GOOD}grpcPort: 7\n`, { RELATA_HTTP_PORT: "7" })).toContain(
      "\n  RELATA_HTTP_PORT: grpcPort and httpPort are both 7",
    );
  });

  it("take the audit's keys from files of their own", () => {
    writeFileSync(join(folder, "audit-key"), `${Buffer.alloc(32, 7).toString("base64")}\n`);
    const text = `${GOOD}${auditKey("id: a, privateKey: { file: audit-key }")}`;
    const { auditKeys } = loadConfig({ file: join(folder, "relata.yaml"), text, env: {} });
    expect(auditKeys).toEqual([{ id: "a", privateKey: Buffer.alloc(32, 7) }]);
  });

  it("leave the variables of the command line alone", () => {
    const names = [
      "RELATA_SERVER",
      "RELATA_TOKEN",
      "RELATA_TOKEN_FILE",
      "RELATA_TENANT",
      "RELATA_CA",
      "RELATA_CERT",
      "RELATA_KEY",
    ];
    const env = Object.fromEntries([...names, "RELATA_INSECURE", "RELATA_DATA_DIR"].map((name) => [name, "1"]));
    expect(loadConfig({ text: GOOD, env }).grpcPort).toBe(50051);
  });
});

describe("relata serve --check-config", () => {
  const file = join(folder, "checked.yaml");
  const check = (...flags: readonly string[]) =>
    runTestCli(["serve", "--check-config", "--config", file, ...flags], { env: { RELATA_TLS_CLIENT_AUTH: "" } });

  it("shows every setting as it takes effect, and no secret", async () => {
    const key = Buffer.alloc(32, 7).toString("base64");
    writeFileSync(
      file,
      `${GOOD.replace("app@", "app:pass-word@")}auditKeys: [{ id: a, privateKey: "${key}" }]\nmaxStalenessMs: 250ms\n`,
    );
    const shown = JSON.parse((await check("--grpc-port", "7", "--json")).stdout);
    expect(Object.keys(shown)).toEqual(CONFIG_TABLE.map(({ name }) => name));
    expect(shown).toMatchObject({
      databaseUrl: "postgres://app:secret@localhost/relata",
      maintenanceDatabaseUrl: null,
      grpcPort: 7,
      maxStalenessMs: 250,
      tokenKeys: [{ id: "k1", secret: "(secret)" }],
      auditKeys: [{ id: "a", privateKey: "(secret)" }],
      issuers: [{ issuer: "https://login.example.com/", scopes: ["check"] }],
    });
    const { exit, stdout } = await check();
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^grpcPort +50051$/m);
    expect(stdout).toMatch(/^tlsCertFile +-$/m);
    for (const secret of [SECRET, key, "pass-word"]) expect(stdout + JSON.stringify(shown)).not.toContain(secret);
  });

  it("says what is wrong, and ends with 2", async () => {
    writeFileSync(file, `${GOOD}decisionLog: some\n`);
    expect(await check()).toMatchObject({
      exit: 2,
      stdout: "",
      stderr: expect.stringContaining("checked.yaml:12: decisionLog"),
    });
  });
});
