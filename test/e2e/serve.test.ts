import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTestCli } from "../cli/run-cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { connectionTo } from "../support/postgres-connection.ts";
import { withClient } from "../support/postgres-template.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { waitFor } from "../support/wait.ts";
import { startDev, userEnv } from "./dev-process.ts";

describe("relata serve and migrate", () => {
  let dir: TempDir;
  let database: TestDatabase;
  let issuer: TestIssuer;
  let config: string;

  beforeAll(async () => {
    dir = await createTempDir();
    database = await createTestDatabase();
    issuer = await startTestIssuer();
    config = join(dir.path, "relata.yaml");
    const bindings = [
      { issuer: issuer.issuer, subject: "operator", platform: true, scopes: ["tenants:read", "tenants:write"] },
    ];
    const tokenKeys = [{ id: "k1", secret: "0123456789abcdef0123456789abcdef" }];
    await writeFile(
      config,
      JSON.stringify({ tokenKeys, issuers: [issuer.trust()], bindings, grpcPort: 0, httpPort: 0, opsPort: 0 }),
    );
  });
  afterAll(async () => {
    await issuer.close();
    await database.drop();
    await dir[Symbol.asyncDispose]();
  });

  const serve = (url: string, ...flags: string[]) =>
    startDev([process.execPath, "src/main.ts", "serve", "--config", config], flags, userEnv({ DATABASE_URL: url }));

  test("answers callers until SIGTERM, and then ends with 0", async () => {
    const server = serve(database.app.url);
    const address = await waitFor("it serves", () => /serves gRPC on (\S+)/.exec(server.stderr())?.[1]);
    const token = issuer.mint({ sub: "operator", tenant: undefined });
    const env = { RELATA_SERVER: address, RELATA_TOKEN: token };
    expect(await runTestCli(["tenant", "create", "acme"], { env })).toMatchObject({ exit: 0, stderr: "" });
    expect((await runTestCli(["tenant", "list"], { env })).stdout).toContain("acme");
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.stdout()).not.toContain(token);
  });

  test("refuses a database role that could see past its tenant", async (context) => {
    if (database.superuser === undefined) return context.skip("the test database's administrator is no superuser");
    const server = serve(database.superuser.url);
    expect(await server.ended).toBe(3);
    expect(server.stderr()).toMatch(/^error: .*superuser/im);
  });

  test("a port that is taken is one clear error", { timeout: 60_000 }, async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    try {
      const refused = async (flag: string) => {
        const server = serve(database.app.url, flag, String(port));
        expect(await server.ended).toBe(2);
        expect(server.stderr()).toMatch(new RegExp(`error: .*${port}`));
        expect(server.stderr()).not.toContain("    at ");
      };
      await Promise.all(["--grpc-port", "--http-port", "--ops-port"].map(refused));
    } finally {
      blocker.close();
    }
  });

  test("every problem of a configuration is told at once", async () => {
    const env = { RELATA_GRPC_PORT: "many", RELATA_TOKEN_KEYS: "[]" };
    const run = await runTestCli(["serve"], { env });
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    for (const name of ["databaseUrl", "issuers", "RELATA_GRPC_PORT", "RELATA_TOKEN_KEYS"])
      expect(run.stderr).toContain(name);
  });

  test("migrate brings an empty database to the newest migration, once", async (context) => {
    const { superuser } = database;
    if (superuser === undefined) return context.skip("the test database's administrator is no superuser");
    const name = `${database.name}_empty`;
    await withClient(superuser, (client) => client.query(`CREATE DATABASE ${name}`));
    try {
      const argv = ["migrate", "--database-url", connectionTo({ ...superuser, database: name }).url];
      const first = await runTestCli(argv);
      expect(first).toMatchObject({ exit: 0, stderr: "" });
      expect(first.stdout).toMatch(/^applied 0001_\w+/);
      const nothing = "nothing to do: the database is at the newest migration\n";
      expect(await runTestCli(argv)).toEqual({ exit: 0, stdout: nothing, stderr: "" });
    } finally {
      await withClient(superuser, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    }
  });

  test("migrate needs an address, and a database that answers", async () => {
    const missing = await runTestCli(["migrate"]);
    expect(missing).toMatchObject({ exit: 2, stdout: "" });
    expect(missing.stderr).toContain("RELATA_MIGRATION_DATABASE_URL");
    const env = { RELATA_MIGRATION_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
    expect(await runTestCli(["migrate"], { env })).toMatchObject({ exit: 4, stdout: "" });
  });

  test("a database that cannot be used is told in Postgres's words, with its address and without the password", async () => {
    const refused = await runTestCli(["migrate", "--database-url", "postgres://nobody:hush@127.0.0.1:1/none?a=hush"]);
    expect(refused.stderr).toContain("ECONNREFUSED 127.0.0.1:1");
    expect(refused.stderr).toContain("at: postgres://nobody@127.0.0.1:1/none\n");
    expect(refused.stderr).toContain("help: check host and port");
    expect(refused.stderr).not.toContain("hush");
    const absent = new URL(database.app.url);
    absent.pathname = "/no_such_database";
    const server = serve(absent.href);
    expect(await server.ended).toBe(4);
    expect(server.stderr()).toContain('database "no_such_database" does not exist');
    expect(server.stderr()).toContain("help: create the database first");
  });
});
