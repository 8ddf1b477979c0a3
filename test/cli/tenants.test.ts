import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { type CliRunOptions, runTestCli } from "./run-cli.ts";

const SCHEMA = "definition user {}\n\ndefinition document {\n  relation viewer: user\n}\n";
const OPERATOR: Claims = { sub: "operator", tenant: undefined };
/** Short, so that moves and removals need not wait for long until no call has an old address. */
const QUICK = { trustMaxAgeMs: 600, defaultDeadlineMs: 600, maxDeadlineMs: 600 };

let server: TestServer;
let dir: TempDir;

beforeAll(async () => {
  dir = await createTempDir();
  server = await startTestServer({ config: QUICK });
  await writeFile(join(dir.path, "schema.zed"), SCHEMA);
});
afterAll(async () => {
  await server?.close();
  await dir?.[Symbol.asyncDispose]();
});

function relataAs(claims: Claims, argv: readonly string[], options: CliRunOptions = {}) {
  const env = { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: server.issuer.mint(claims) };
  return runTestCli(argv, { cwd: dir.path, ...options, env });
}
const tenantCommand = (...argv: readonly string[]) => relataAs(OPERATOR, ["tenant", ...argv]);

/** A tenant with a schema and three tuples. */
async function filledTenant(): Promise<string> {
  const { slug } = await server.createTenant();
  expect(await relataAs({ tenant: slug }, ["schema", "push", "schema.zed"])).toMatchObject({ exit: 0 });
  const tuples = ["document:1#viewer@user:anne", "document:1#viewer@user:bob", "document:2#viewer@user:anne"];
  expect(await relataAs({ tenant: slug }, ["tuple", "write", ...tuples])).toMatchObject({ exit: 0 });
  return slug;
}

describe("relata tenant", () => {
  test("suspends and resumes", async () => {
    const slug = await filledTenant();
    const read = () => relataAs({ tenant: slug }, ["tuple", "read", "--object-type", "document"]);
    expect(await tenantCommand("suspend", slug)).toMatchObject({
      exit: 0,
      stdout: `tenant ${slug} is suspended: its callers are refused\n`,
    });
    await server.trust.poll();
    expect(await read()).toMatchObject({ exit: 3, stderr: expect.stringContaining("PERMISSION_DENIED") });
    expect((await tenantCommand("list")).stdout).toMatch(new RegExp(`^${slug} +suspended +shared +${slug} `, "m"));
    const resumed = await tenantCommand("resume", slug, "--json");
    expect(JSON.parse(resumed.stdout)).toMatchObject({ slug, state: "TENANT_STATE_ACTIVE" });
    await server.trust.poll();
    expect(await read()).toMatchObject({ exit: 0 });
    expect(await tenantCommand("suspend", "nobody")).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("there is no tenant with this slug"),
    });
  });

  test("moves one tenant and removes another, saying how far it is, and tells both when asked again", async () => {
    const [moved, removed] = [await filledTenant(), await filledTenant()];
    const [move, remove] = await Promise.all([tenantCommand("move", moved), tenantCommand("delete", removed, "--yes")]);
    expect(move).toMatchObject({ exit: 0, stderr: "" });
    expect(move.stdout).toContain("at the new place; writing to both until every node has heard (3 tuples copied)\n");
    expect(move.stdout).toMatch(
      new RegExp(`^tenant ${moved} is in a partition of its own: 3 tuples, \\d+\\.\\d s$`, "m"),
    );
    expect(remove).toMatchObject({ exit: 0, stderr: "" });
    expect(remove.stdout).toContain("refusing callers; waiting for calls that had begun\n");
    expect(remove.stdout).toMatch(new RegExp(`^tenant ${removed} is removed: \\d+\\.\\d s$`, "m"));
    const again = JSON.parse((await tenantCommand("move", moved, "--no-wait", "--json")).stdout);
    expect(again).toMatchObject({ tenant: { placement: "PLACEMENT_OWN" }, job: { stage: "STAGE_DONE", copied: "3" } });
    expect((await tenantCommand("list")).stdout).toMatch(new RegExp(`^${removed} +removed `, "m"));
    expect(await tenantCommand("usage", removed)).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("has been removed"),
    });
    expect(await tenantCommand("move", removed)).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("that cannot be taken back"),
    });
    expect(await tenantCommand("create", removed)).toMatchObject({ exit: 3 });
  });

  test("says that a tenant is where it was wanted, and refuses other places", async () => {
    const slug = await filledTenant();
    expect(await tenantCommand("move", slug, "--to", "shared")).toMatchObject({
      exit: 0,
      stdout: `tenant ${slug} is in a partition with others already\n`,
    });
    expect(await tenantCommand("move", slug, "--to", "moon")).toMatchObject({ exit: 2 });
  });

  test("removes nothing unless somebody typed the slug, or said --yes", async () => {
    const slug = await filledTenant();
    const unasked = await tenantCommand("delete", slug);
    expect(unasked).toMatchObject({ exit: 2, stderr: expect.stringContaining(`relata tenant delete ${slug} --yes`) });
    for (const stdin of ["y\n", "", "acme\n"]) {
      const asked = await relataAs(OPERATOR, ["tenant", "delete", slug], { tty: true, stdin });
      expect(asked).toMatchObject({ exit: 1, stdout: expect.stringContaining("nothing was removed\n") });
    }
    expect((await tenantCommand("list")).stdout).toMatch(new RegExp(`^${slug} +active `, "m"));
    const agreed = ["tenant", "delete", slug, "--no-wait"];
    expect(await relataAs(OPERATOR, agreed, { tty: true, stdin: `${slug}\n` })).toMatchObject({ exit: 0 });
    expect((await tenantCommand("list")).stdout).toMatch(new RegExp(`^${slug} +being removed `, "m"));
  });

  test("leaves a job to the server when it is stopped", async () => {
    const slug = await filledTenant();
    const stop = new AbortController();
    const onStdout = () => stop.abort();
    const stopped = await relataAs(OPERATOR, ["tenant", "move", slug], { stop: stop.signal, onStdout });
    expect(stopped).toMatchObject({ exit: 4, stderr: expect.stringContaining("the server goes on with it") });
  });

  test("shows what a tenant uses", async () => {
    const slug = await filledTenant();
    const { stdout } = await tenantCommand("usage", slug);
    expect(stdout).toMatch(/^tuples {11}3$/m);
    expect(stdout).toMatch(/^revisions {8}2$/m);
    expect(stdout).toMatch(/^bytes {12}about [\d,]+$/m);
    const answer = JSON.parse((await tenantCommand("usage", slug, "--json", "--days", "1")).stdout);
    expect(answer).toMatchObject({ tenant: { slug }, tuples: "3", tuplesCounted: true, schemaVersions: 1 });
  });

  test("exports what import takes in again", async () => {
    const [slug, copy] = [await filledTenant(), await filledTenant()];
    const out = join(dir.path, "tenant.jsonl");
    expect(await relataAs({ tenant: slug }, ["tenant", "export", "--out", "tenant.jsonl"])).toEqual({
      exit: 0,
      stdout: "3 tuples of schema version 1 written to tenant.jsonl\n",
      stderr: "",
    });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const piped = await relataAs({ tenant: slug }, ["tenant", "export"]);
    expect(piped.stdout).toBe(await readFile(out, "utf8"));
    expect(piped.stdout.split("\n")).toHaveLength(4);
    expect(await relataAs({ tenant: copy }, ["tuple", "delete", "--object-type", "document"])).toMatchObject({
      exit: 0,
    });
    expect(await relataAs({ tenant: copy }, ["tuple", "import", "tenant.jsonl"])).toMatchObject({ exit: 0 });
    expect((await relataAs({ tenant: copy }, ["tenant", "export"])).stdout).toBe(piped.stdout);
    expect(await tenantCommand("export")).toMatchObject({ exit: 3 });
  });
});
