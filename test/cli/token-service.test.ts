import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { startTokenWorld, type TokenWorld, tokenService } from "../token-service/world.ts";
import { type CliRun, runTestCli } from "./run-cli.ts";

const OPERATOR: Claims = { sub: "operator", tenant: undefined };
let world: TokenWorld;
let dir: TempDir;

beforeAll(async () => {
  dir = await createTempDir();
  world = await startTokenWorld(tokenService());
});
afterAll(async () => {
  await world.close();
  await dir[Symbol.asyncDispose]();
});

function relataAs(claims: Claims, ...argv: readonly string[]): Promise<CliRun> {
  const { server, slug } = world;
  const token = server.issuer.mint({ tenant: slug, ...claims });
  return runTestCli(argv, { cwd: dir.path, env: { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: token } });
}
const relata = (...argv: readonly string[]) => relataAs({}, ...argv);

/** Whether the token endpoint takes the secret. */
async function isTaken(id: string, secret: string): Promise<boolean> {
  const { status } = await world.post(
    "/oauth2/token",
    { grant_type: "client_credentials" },
    { client: { id, secret: secret.trim() } },
  );
  return status === 200;
}

test("a client is made, listed, rotated with overlap and at once, and deleted", async () => {
  const made = await relata(
    "client",
    "create",
    "nightly job",
    "--scopes",
    "check,tuples:read",
    "--object",
    "document#view",
  );
  expect(made.exit).toBe(0);
  expect(made.stdout).toMatch(/^rlc_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\n$/);
  const [, id = ""] = /^client (\w{12}): its secret is on stdout, and is not shown again/.exec(made.stderr) ?? [];
  expect(await isTaken(id, made.stdout)).toBe(true);
  const listed = await relata("client", "list");
  expect(listed.stdout).toMatch(
    new RegExp(`${id} +client_credentials +check,tuples:read +document#view +\\w{12} +\\S+Z +nightly job`),
  );
  expect(listed.stdout).not.toContain(made.stdout.split("_")[3]?.slice(0, 20));

  const rotated = await relata("client", "rotate", id, "--overlap", "30m", "--json");
  const { secret, client } = JSON.parse(rotated.stdout) as { secret: string; client: { secrets: object[] } };
  expect([client.secrets.length, rotated.stderr]).toEqual([2, ""]);
  expect([await isTaken(id, made.stdout), await isTaken(id, secret)]).toEqual([true, true]);
  const last = await relata("client", "rotate", id, "--overlap", "0", "--out", "secret");
  expect(last).toEqual({ exit: 0, stdout: `client ${id} written to secret\n`, stderr: "the old secret ends in 0s\n" });
  expect(((await stat(join(dir.path, "secret"))).mode & 0o777).toString(8)).toBe("600");
  expect(await isTaken(id, secret)).toBe(false);
  const kept = await readFile(join(dir.path, "secret"), "utf8");
  expect(await isTaken(id, kept)).toBe(true);

  expect(await relata("client", "delete", id)).toEqual({ exit: 0, stdout: `client ${id} deleted\n`, stderr: "" });
  expect(await isTaken(id, kept)).toBe(false);
  expect(await relata("client", "delete", id)).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining("this tenant has no client of that id"),
  });
});

test("a client's grants have short names, and a refused one is told with its flag", async () => {
  const made = await relata("client", "create", "web", "--scopes", "check", "--grants", "exchange,refresh", "--json");
  expect(JSON.parse(made.stdout)).toMatchObject({
    secret: expect.stringMatching(/^rlc_/),
    client: { name: "web", grantTypes: ["urn:ietf:params:oauth:grant-type:token-exchange", "refresh_token"] },
  });
  expect((await relata("client", "list")).stdout).toContain("exchange,refresh");
  expect(await relata("client", "create", "web", "--scopes", "check", "--grants", "password")).toMatchObject({
    exit: 2,
    stdout: "",
    stderr: expect.stringMatching(/--grants.*no such grant: "password"|no such grant: "password"[\s\S]*--grants/),
  });
  const refused = await relata("client", "create", "web", "--scopes", "check", "--grants", "refresh");
  expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining("token exchange too") });
  const tooBroad = await relataAs(
    { scope: "credentials:write" },
    ...["client", "create", "web", "--scopes", "check", "--out", "never"],
  );
  expect(tooBroad.stderr).toContain("your own credential");
  expect(tooBroad.exit).not.toBe(0);
  await expect(stat(join(dir.path, "never"))).rejects.toThrow("ENOENT");
});

test("signing keys are rotated, listed and withdrawn, by the platform", async () => {
  const operator = (...argv: readonly string[]) => relataAs(OPERATOR, "keys", ...argv);
  expect((await operator("list")).stdout).toMatch(/^KID +STATE .*\n\S{43} +active +/);
  const rotated = await operator("rotate");
  const [, kid = ""] = /^key (\S{43}) signs from \S+Z on\n$/.exec(rotated.stdout) ?? [];
  expect((await operator("list")).stdout).toMatch(new RegExp(`\\n${kid} +next +\\S+Z`));
  const now = JSON.parse((await operator("rotate", "--now", "--json")).stdout) as object;
  expect(now).toMatchObject({ state: "SIGNING_KEY_STATE_ACTIVE" });
  const withdrawn = await operator("rotate", "--withdraw-others");
  expect(withdrawn.stderr).toContain("nothing they signed is accepted");
  const left = (await operator("list", "--json")).stdout.trim().split("\n");
  expect(left).toHaveLength(1);
  expect((await operator("list", "--all", "--json")).stdout.trim().split("\n")).toHaveLength(4);
  expect(await relata("keys", "rotate")).toMatchObject({ exit: expect.any(Number), stdout: "" });
  expect((await relata("keys", "list")).exit).not.toBe(0);
});
