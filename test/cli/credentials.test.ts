import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { API_TOKEN_PATTERN } from "../../src/model/api-token.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { waitFor } from "../support/wait.ts";
import { type CliRun, runTestCli } from "./run-cli.ts";

const OPERATOR: Claims = { sub: "operator", tenant: undefined };
const SCHEMA = `definition user {}

definition document {
  relation viewer: user
  permission view = viewer
}

definition folder {
  relation viewer: user
}
`;
const token = new RegExp(`^${API_TOKEN_PATTERN}\\n$`);

let server: TestServer;
let dir: TempDir;
let issuer: string;
/** Whose subjects are in no tenant until a binding says so. */
let people: TestIssuer;

beforeAll(async () => {
  dir = await createTempDir();
  const [own, bound] = await Promise.all([startTestIssuer(), startTestIssuer()]);
  people = bound;
  server = await startTestServer({
    issuer: own,
    config: { issuers: [own.trust(), bound.trust({ tenant: { kind: "bindings" } })] },
  });
  issuer = own.issuer;
  await server.createTenant("acme");
  await server.createTenant("policed");
  await server.client("acme").schemas.write({ text: SCHEMA });
});
afterAll(async () => {
  await server.close();
  await Promise.all([server.issuer.close(), people.close()]);
  await dir[Symbol.asyncDispose]();
});

function runAs(credential: string, argv: readonly string[]): Promise<CliRun> {
  return runTestCli(argv, {
    cwd: dir.path,
    env: { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: credential },
  });
}
/** As an admin of `acme`, or by other claims. */
const relata = (argv: readonly string[], claims: Claims = {}) =>
  runAs(server.issuer.mint({ tenant: "acme", ...claims }), argv);
const asOperator = (...argv: readonly string[]) => relata(argv, OPERATOR);

async function jsonOf(run: Promise<CliRun>) {
  const { exit, stdout, stderr } = await run;
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  return JSON.parse(stdout);
}

async function jsonLines(run: Promise<CliRun>): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await run;
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("relata token", () => {
  test("create shows the token on stdout, once, and what to do on stderr", async () => {
    const made = await relata(["token", "create", "ci", "--scopes", "check,tuples:read"]);
    expect(made).toMatchObject({ exit: 0, stdout: expect.stringMatching(token) });
    const keyId = made.stdout.split("_")[2];
    expect(made.stderr).toBe(`API token ${keyId}: it is on stdout, and is not shown again. Keep it now.\n`);
    const secret = made.stdout.trim().slice(-49);
    for (const argv of [
      ["token", "list"],
      ["token", "list", "--json"],
      ["token", "list", "--all", "--verbose"],
    ])
      expect((await relata(argv)).stdout).not.toContain(secret);
    expect(server.logText()).not.toContain(secret);
  });

  test("create --json has the token and everything about it", async () => {
    const grant = ["--scopes", "check", "--object", "document#view", "--object", "folder", "--cidr", "127.0.0.0/8"];
    const made = await jsonOf(relata(["token", "create", "shaped", ...grant, "--lifetime", "30d", "--json"]));
    expect(made).toEqual({
      secret: expect.stringMatching(new RegExp(`^${API_TOKEN_PATTERN}$`)),
      token: {
        keyId: made.secret.split("_")[2],
        name: "shaped",
        scopes: ["check"],
        objects: [{ type: "document", relations: ["view"] }, { type: "folder" }],
        allowedCidrs: ["127.0.0.0/8"],
        createdAt: expect.any(String),
        createdBy: expect.stringContaining(issuer),
        expiresAt: expect.any(String),
        state: "API_TOKEN_STATE_ACTIVE",
      },
    });
    expect(Date.parse(made.token.expiresAt) - Date.parse(made.token.createdAt)).toBe(30 * 86_400_000);
    expect(await jsonLines(relata(["token", "list", "--json"]))).toContainEqual(made.token);
  });

  test("--out keeps it in a file of one's own, and nothing of it is shown", async () => {
    const made = await relata(["token", "create", "filed", "--scopes", "check", "--out", "token"]);
    const path = join(dir.path, "token");
    const kept = await readFile(path, "utf8");
    expect(kept).toMatch(token);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(made).toEqual({ exit: 0, stdout: `API token ${kept.split("_")[2]} written to token\n`, stderr: "" });
    const json = await jsonOf(relata(["token", "create", "filed", "--scopes", "check", "--out", "token", "--json"]));
    expect(json).toMatchObject({ file: "token", token: { name: "filed" } });
    expect(json).not.toHaveProperty("secret");
  });

  test("a path that cannot be written to costs no token", async () => {
    const create = (out: string) => relata(["token", "create", "pathless", "--scopes", "check", "--out", out]);
    expect(await create(".")).toMatchObject({ exit: 2, stderr: expect.stringContaining("this is a directory") });
    const nowhere = await create("no/such/folder");
    expect(nowhere).toMatchObject({ exit: 2, stdout: "" });
    expect(nowhere.stderr).toBe(
      "error: cannot write no/such/folder: no such file or directory\n   at: no/such/folder\n",
    );
    expect(JSON.stringify(await jsonLines(relata(["token", "list", "--all", "--json"])))).not.toContain("pathless");
  });

  test("list is a table, newest first, of the active ones; --all has the others too", async () => {
    await relata(["token", "create", "older", "--scopes", "check", "--object", "document#view"]);
    const made = await jsonOf(relata(["token", "create", "newer", "--scopes", "check", "--json"]));
    const listed = await relata(["token", "list"]);
    const [head, first, second] = listed.stdout.split("\n");
    expect(head).toMatch(/^KEY ID +STATE +SCOPES +OBJECTS +ADDRESSES +EXPIRES +LAST USED +NAME$/);
    expect(first).toMatch(/^\w{12} +active +check +all +any +\S+Z +never +newer$/);
    expect(second).toMatch(/^\w{12} +active +check +document#view +any +\S+Z +never +older$/);
    await relata(["token", "revoke", made.token.keyId]);
    expect((await relata(["token", "list"])).stdout).not.toContain(made.token.keyId);
    expect((await relata(["token", "list", "--all"])).stdout).toMatch(new RegExp(`^${made.token.keyId} +revoked`, "m"));
  });

  test("revoke takes the whole token as well, which stays on this machine", async () => {
    const made = await jsonOf(relata(["token", "create", "leaked", "--scopes", "check", "--json"]));
    const revoked = await relata(["token", "revoke", made.secret]);
    expect(revoked.stdout).toMatch(new RegExp(`^API token ${made.token.keyId} revoked at 20.*Z\\n$`));
    const again = await jsonOf(relata(["token", "revoke", made.token.keyId, "--json"]));
    expect(again).toMatchObject({ state: "API_TOKEN_STATE_REVOKED", revokedAt: expect.any(String) });
    const mistyped = await relata(["token", "revoke", `${made.secret.slice(0, -1)}~`]);
    expect(mistyped).toMatchObject({ exit: 2, stderr: expect.stringContaining("check digits") });
    expect(server.logText()).not.toContain(made.secret.slice(-49));
    expect(mistyped.stderr).not.toContain(made.secret.slice(-49, -6));
  });

  test("policy is shown, and changed by what flags name", async () => {
    const policed = (...flags: readonly string[]) => relata(["token", "policy", ...flags], { tenant: "policed" });
    const shown = (usual: string, longest: string, active: string) =>
      `default lifetime  ${usual}\nlongest lifetime  ${longest}\nactive at a time  ${active}\n`;
    expect(await policed()).toEqual({ exit: 0, stdout: shown("90d", "365d", "100"), stderr: "" });
    const short = await policed("--max-lifetime", "30d");
    expect(short).toMatchObject({ exit: 2, stdout: "" });
    expect(short.stderr).toMatch(/default lifetime, 90d, would be longer than the longest, 30d[\s\S]*together/);
    const changed = await policed("--max-lifetime", "30d", "--default-lifetime", "36h");
    expect(changed.stdout).toBe(shown("36h", "30d", "100"));
    expect(await jsonOf(policed("--max-active", "1", "--json"))).toEqual({
      defaultLifetime: "129600s",
      maxLifetime: "2592000s",
      maxActive: 1,
    });
    const create = (...flags: readonly string[]) =>
      relata(["token", "create", "ci", "--scopes", "check", ...flags], { tenant: "policed" });
    const tooLong = await create("--lifetime", "31d");
    expect(tooLong).toMatchObject({ exit: 3, stdout: "" });
    expect(tooLong.stderr).toMatch(/policy allows: 30 days\n.*PERMISSION_DENIED CREDENTIAL_TOO_BROAD/);
    expect(await create()).toMatchObject({ exit: 0 });
    expect((await create()).stderr).toMatch(/has 1 active API tokens, and its policy allows 1: revoke some/);
  });

  test.each([
    ["a life of nothing", ["create", "ci", "--scopes", "check", "--lifetime", "0"], 2, /at least a second/],
    [
      "objects for a whole scope",
      ["create", "ci", "--scopes", "schema:write", "--object", "document"],
      2,
      /cannot narrow the scope "schema:write"/,
    ],
    ["no such key id", ["revoke", "nosuchnosuch"], 3, /API_TOKEN_NOT_FOUND/],
    ["no key id at all", ["rotate", "ci"], 2, /must be the 12 characters/],
    ["too long an overlap", ["rotate", "nosuchnosuch", "--overlap", "8d"], 2, /at most 7 days/],
  ] as const)("%s is refused with its reason", async (_what, argv, exit, message) => {
    const run = await relata(["token", ...argv]);
    expect(run).toMatchObject({ exit, stdout: "" });
    expect(run.stderr).toMatch(message);
  });

  test("nobody hands out more than he holds", async () => {
    const run = await relata(["token", "create", "ci", "--scopes", "check,schema:write"], {
      scope: "check credentials:write",
    });
    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(run.stderr).toMatch(/which lacks: schema:write\n.*CREDENTIAL_TOO_BROAD/);
  });

  test("who may not is told which token it takes", async () => {
    const missing = await relata(["token", "list"], { scope: "check" });
    expect(missing).toMatchObject({ exit: 3, stderr: expect.stringContaining('lacks the scope "credentials:read"') });
    expect((await asOperator("token", "list")).stderr).toMatch(
      /help: it takes a token of a tenant with the scope credentials:read/,
    );
    expect((await relata(["binding", "list"])).stderr).toMatch(
      /help: it takes a token of the platform with the scope credentials:read/,
    );
    for (const tenant of ["policed", "no-such-tenant"]) {
      const run = await relata(["token", "list", "--tenant", tenant]);
      expect(run.exit).toBe(3);
      expect(run.stderr).toMatch(/no access to this tenant[\s\S]*help: --tenant and RELATA_TENANT choose/);
    }
  });
});

test("a CI is given a token, uses it, gets its successor, and is turned away in the end", async () => {
  const anne = ["check", "document:1", "view", "user:anne"];
  await relata(["tuple", "write", "document:1#viewer@user:anne"]);
  const narrowed = ["--scopes", "check", "--object", "document#view"];
  const first = (await relata(["token", "create", "ci", ...narrowed])).stdout.trim();
  expect(await runAs(first, anne)).toEqual({ exit: 0, stdout: "allowed\n", stderr: "" });
  expect(await runAs(first, ["check", "document:1", "view", "user:ben"])).toMatchObject({
    exit: 1,
    stdout: "denied\n",
  });
  const beyond = await runAs(first, ["check", "folder:1", "viewer", "user:anne"]);
  expect(beyond).toMatchObject({ exit: 3, stderr: expect.stringContaining("does not reach folder#viewer") });
  expect(await runAs(first, ["tuple", "read"])).toMatchObject({ exit: 3, stdout: "" });

  const rotated = await relata(["token", "rotate", first.split("_")[2] ?? "", "--overlap", "10m", "--out", "next"]);
  expect(rotated.stdout).toMatch(/^API token \w{12} written to next\n$/);
  expect(rotated.stderr).toMatch(new RegExp(`^API token ${first.split("_")[2]} ends at 20.*Z\\n$`));
  const second = (await readFile(join(dir.path, "next"), "utf8")).trim();
  expect(second).not.toBe(first);
  for (const credential of [first, second]) expect(await runAs(credential, anne)).toMatchObject({ exit: 0 });

  await relata(["token", "revoke", first]);
  const refused = await waitFor("the revoked token is refused", async () => {
    const run = await runAs(first, [...anne, "--verbose"]);
    return run.exit === 3 && run;
  });
  expect(refused.stderr).toMatch(
    /UNAUTHENTICATED[\s\S]*help: an API token is refused once it has expired or was revoked/,
  );
  expect(refused.stderr).not.toContain(first.slice(-49, -6));
  expect(await runAs(second, anne)).toMatchObject({ exit: 0 });

  const third = await jsonOf(relata(["token", "rotate", second, "--overlap", "0", "--json"]));
  expect(third).toMatchObject({
    secret: expect.any(String),
    token: { name: "ci", objects: [{ type: "document", relations: ["view"] }], rotatedFrom: second.split("_")[2] },
    previous: { keyId: second.split("_")[2] },
  });
  await waitFor("the old token is refused", async () => (await runAs(second, anne)).exit === 3);
  expect(await runAs(third.secret, anne)).toMatchObject({ exit: 0 });
  for (const secret of [first, second, third.secret]) expect(server.logText()).not.toContain(secret.slice(-49, -6));
});

describe("relata binding", () => {
  test("put, list and delete; a subject is let in, and turned away again", async () => {
    const credential = people.mint({ sub: "backend", tenant: undefined });
    const check = () => runAs(credential, ["check", "document:1", "view", "user:ben"]);
    expect(await check()).toMatchObject({ exit: 3 });
    const put = await asOperator(
      "binding",
      "put",
      people.issuer,
      "backend",
      "--tenants",
      "acme",
      "--scopes",
      "check",
      "--object",
      "document",
    );
    expect(put).toEqual({ exit: 0, stdout: `${people.issuer} backend is bound to acme\n`, stderr: "" });
    await waitFor("the subject is let in", async () => (await check()).stdout === "denied\n");
    const [head, row] = (await asOperator("binding", "list")).stdout.split("\n");
    expect(head).toMatch(/^ISSUER +SUBJECT +NAME +TENANTS +SCOPES +OBJECTS$/);
    expect(row).toMatch(/ backend +- +acme +check +document$/);
    expect(await asOperator("binding", "delete", people.issuer, "backend")).toEqual({
      exit: 0,
      stdout: `${people.issuer} backend is no longer bound\n`,
      stderr: "",
    });
    await waitFor("it is turned away", async () => (await check()).exit === 3);
  });

  test("--json has each as the API does, one a line", async () => {
    const put = [
      "binding",
      "put",
      people.issuer,
      "svc-*",
      "--name",
      "ops",
      "--platform",
      "--scopes",
      "tenants:read",
      "--json",
    ];
    const binding = await jsonOf(asOperator(...put));
    expect(binding).toEqual({
      name: "ops",
      issuer: people.issuer,
      subject: "svc-*",
      platform: true,
      scopes: ["tenants:read"],
      updatedAt: expect.any(String),
      updatedBy: expect.stringContaining("operator"),
    });
    expect(await jsonLines(asOperator("binding", "list", "--json"))).toContainEqual(binding);
    expect((await asOperator("binding", "list", "--issuer", "https://other.example", "--json")).stdout).toBe("");
    const gone = await jsonOf(asOperator("binding", "delete", people.issuer, "svc-*", "--name", "ops", "--json"));
    expect(gone).toEqual({ deleted: { issuer: people.issuer, subject: "svc-*", name: "ops" } });
  });

  test.each([
    [
      "an unknown tenant",
      ["x", "--scopes", "check", "--tenants", "nosuch"],
      3,
      /no tenant "nosuch"[\s\S]*TENANT_NOT_FOUND/,
    ],
    ["a star in the middle", ["x*y", "--scopes", "check", "--tenants", "acme"], 2, /at its end only/],
  ])("%s is refused with its reason", async (_what, argv, exit, message) => {
    const run = await asOperator("binding", "put", people.issuer, ...argv);
    expect(run).toMatchObject({ exit, stdout: "" });
    expect(run.stderr).toMatch(message);
  });

  test("an issuer that is not trusted, and a binding that is not there", async () => {
    const put = await asOperator(
      "binding",
      "put",
      "https://other.example",
      "x",
      "--tenants",
      "acme",
      "--scopes",
      "check",
    );
    expect(put).toMatchObject({ exit: 2, stderr: expect.stringContaining("not among the trusted ones") });
    const gone = await asOperator("binding", "delete", people.issuer, "nobody");
    expect(gone).toMatchObject({ exit: 3, stderr: expect.stringContaining("BINDING_NOT_FOUND") });
  });
});

describe("relata jwt", () => {
  test("revoke by id: that token is refused, another of the subject is not", async () => {
    const [one, two] = ["jti-1", "jti-2"].map((jti) => server.issuer.mint({ tenant: "acme", jti }));
    const check = (credential = "") => runAs(credential, ["check", "document:1", "view", "user:ben"]);
    expect(await check(one)).toMatchObject({ exit: 1 });
    const revoked = await asOperator("jwt", "revoke", issuer, "--jti", "jti-1", "--reason", "it was in a log");
    expect(revoked).toEqual({ exit: 0, stdout: `revoked: the token jti-1, of ${issuer}\n`, stderr: "" });
    const refused = await waitFor("the token is refused", async () => {
      const run = await check(one);
      return run.exit === 3 && run;
    });
    expect(refused.stderr).toContain("expired, revoked");
    expect(await check(two)).toMatchObject({ exit: 1 });
    const [head, row] = (await asOperator("jwt", "list")).stdout.split("\n");
    expect(head).toMatch(/^ISSUER +WHAT +MADE +OBSOLETE +BY +REASON$/);
    expect(row).toMatch(/ the token jti-1 +\S+Z +\S+Z +\S+operator +it was in a log$/);
  });

  test("revoke by subject, and --json", async () => {
    const flags = ["--subject", "backend", "--issued-before", "2026-01-31T12:00:00+01:00", "--json"];
    const revocation = await jsonOf(asOperator("jwt", "revoke", issuer, ...flags));
    expect(revocation).toEqual({
      id: expect.any(String),
      issuer,
      subject: "backend",
      issuedBefore: "2026-01-31T11:00:00Z",
      createdAt: expect.any(String),
      createdBy: expect.stringContaining("operator"),
      obsoleteAt: expect.any(String),
    });
    expect(await jsonLines(asOperator("jwt", "list", "--json"))).toContainEqual(revocation);
    expect((await asOperator("jwt", "list")).stdout).toMatch(
      / backend's tokens from before 2026-01-31T11:00:00Z .* -\n/,
    );
  });

  test("an issuer that is not trusted has no tokens", async () => {
    const run = await asOperator("jwt", "revoke", "https://other.example", "--jti", "a");
    expect(run).toMatchObject({ exit: 2, stderr: expect.stringContaining("none of the trusted issuers") });
  });
});
