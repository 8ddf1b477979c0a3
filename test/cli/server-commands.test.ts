import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { type CliRunOptions, runTestCli } from "./run-cli.ts";

const SCHEMA = `definition user {}

definition document {
  relation viewer: user
  permission view = viewer
}
`;

let server: TestServer;
let dir: TempDir;
let tenant: string;

beforeAll(async () => {
  dir = await createTempDir();
  server = await startTestServer();
});
afterAll(async () => {
  await server?.close();
  await dir?.[Symbol.asyncDispose]();
});

/** As a caller of tenant `tenant`, or by other claims. */
function relata(argv: readonly string[], options: CliRunOptions & { readonly claims?: Claims } = {}) {
  const token = server.issuer.mint({ tenant, ...options.claims });
  const env = { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: token };
  return runTestCli(argv, { cwd: dir.path, ...options, env });
}
const put = (name: string, text: string) => writeFile(join(dir.path, name), text);
const OPERATOR: Claims = { sub: "operator", tenant: undefined };

async function freshTenant(): Promise<void> {
  tenant = (await server.createTenant()).slug;
  await put("schema.zed", SCHEMA);
  expect(await relata(["schema", "push", "schema.zed"])).toMatchObject({ exit: 0 });
}

describe("check", () => {
  beforeAll(async () => {
    await freshTenant();
    expect(await relata(["tuple", "write", "document:1#viewer@user:anne"])).toMatchObject({
      exit: 0,
      stdout: "1 tuple written\n",
    });
  });

  test("allowed is 0, denied is 1", async () => {
    expect(await relata(["check", "document:1", "view", "user:anne"])).toEqual({
      exit: 0,
      stdout: "allowed\n",
      stderr: "",
    });
    expect(await relata(["check", "document:1", "view", "user:ben"])).toEqual({
      exit: 1,
      stdout: "denied\n",
      stderr: "",
    });
  });

  test("--debug and --json tell the work and the token, which can be handed on", async () => {
    const debug = await relata(["check", "document:1", "view", "user:anne", "--debug"]);
    expect(debug.stdout).toMatch(
      /^allowed\nrounds \d+, tuples read \d+, problems visited \d+\nconsistency token \S+\n$/,
    );
    const answer = JSON.parse((await relata(["check", "document:1", "view", "user:anne", "--json"])).stdout);
    expect(answer).toEqual({ decision: "allowed", consistencyToken: expect.any(String) });
    const fresh = `at-least-as-fresh=${answer.consistencyToken}`;
    expect(await relata(["check", "document:1", "view", "user:anne", "--consistency", fresh])).toMatchObject({
      exit: 0,
    });
    expect(
      await relata(["check", "document:1", "view", "user:ben", "--consistency", "fully-consistent"]),
    ).toMatchObject({ exit: 1 });
  });

  test("an error is never a denial: each kind has its exit code", async () => {
    const unknown = await relata(["check", "document:1", "edit", "user:anne"]);
    expect(unknown).toMatchObject({ exit: 3, stdout: "" });
    expect(unknown.stderr).toMatch(/"edit"[\s\S]*at: .*FAILED_PRECONDITION UNKNOWN_RELATION_OR_PERMISSION/);
    const forged = await relata([
      "check",
      "document:1",
      "view",
      "user:anne",
      "--consistency",
      "at-exact-snapshot=nonsense",
    ]);
    expect(forged).toMatchObject({ exit: 2, stdout: "" });
    const expired = await relata(["check", "document:1", "view", "user:anne"], { claims: { exp: 1 } });
    expect(expired).toMatchObject({ exit: 3, stdout: "" });
    expect(expired.stderr).toMatch(/UNAUTHENTICATED[\s\S]*the token expired at 1970-01-01T00:00:01/);
    const [, requestId = "none"] = /\(UNAUTHENTICATED\), request (\S+)/.exec(expired.stderr) ?? [];
    expect(server.logLines().find((line) => line["requestId"] === requestId)).toMatchObject({
      code: "unauthenticated",
    });
    const foreign = await relata(["check", "document:1", "view", "user:anne"], { claims: { tenant: "elsewhere" } });
    expect(foreign).toMatchObject({ exit: 3, stdout: "" });
    expect(foreign.stderr).toContain("PERMISSION_DENIED");
  });

  test("--token-file", async () => {
    await put("token", `${server.issuer.mint({ tenant })}\n`);
    const argv = ["check", "document:1", "view", "user:anne", "--server", server.grpcAddress, "--token-file", "token"];
    expect(await runTestCli(argv, { cwd: dir.path })).toMatchObject({ exit: 0, stdout: "allowed\n" });
  });
});

describe("tuple", () => {
  beforeAll(freshTenant);

  test("write, read by pages, delete by name and by filter", async () => {
    const texts = ["a", "b", "c"].map((user) => `document:1#viewer@user:${user}`);
    expect(await relata(["tuple", "write", ...texts])).toMatchObject({ exit: 0, stdout: "3 tuples written\n" });
    expect(await relata(["tuple", "read", "--consistency", "fully-consistent"])).toEqual({
      exit: 0,
      stdout: `${texts.join("\n")}\n`,
      stderr: "",
    });
    const page = await relata(["tuple", "read", "--limit", "2", "--json"]);
    expect(page.stdout.trim().split("\n")).toHaveLength(2);
    const { cursor } = JSON.parse(page.stderr);
    expect(await relata(["tuple", "read", "--limit", "2", "--cursor", cursor])).toEqual({
      exit: 0,
      stdout: `${texts[2]}\n`,
      stderr: "",
    });
    expect(await relata(["tuple", "delete", texts[0] ?? ""])).toMatchObject({ exit: 0 });
    const rest = await relata([
      "tuple",
      "read",
      "--subject-type",
      "user",
      "--subject-id",
      "b",
      "--consistency",
      "fully-consistent",
    ]);
    expect(rest.stdout).toBe(`${texts[1]}\n`);
    const gone = await relata(["tuple", "delete", "--object-type", "document", "--object-id", "1"]);
    expect(gone).toMatchObject({ exit: 0, stdout: "2 tuples deleted\n" });
    expect(await relata(["tuple", "read", "--consistency", "fully-consistent"])).toMatchObject({ exit: 0, stdout: "" });
  });

  test("--create refuses what is there; an idempotency key makes a retry harmless", async () => {
    const write = ["tuple", "write", "--create", "document:2#viewer@user:a"];
    expect(await relata([...write, "--idempotency-key", "k"])).toMatchObject({ exit: 0, stdout: "1 tuple written\n" });
    expect(await relata([...write, "--idempotency-key", "k"])).toMatchObject({
      stdout: "1 tuple written by an earlier call\n",
    });
    const again = await relata(write);
    expect(again).toMatchObject({ exit: 3, stdout: "" });
    expect(again.stderr).toContain("TUPLE_ALREADY_EXISTS");
  });
});

describe("tuple import", () => {
  beforeAll(freshTenant);
  const all = async () =>
    (await relata(["tuple", "read", "--consistency", "fully-consistent"])).stdout.trim().split("\n").sort();
  const clear = () => relata(["tuple", "delete", "--object-type", "document", "--all"]);

  test("text of more than one batch, YAML, JSON lines as read --json prints them, and stdin", async () => {
    const texts = Array.from({ length: 2_500 }, (_, n) => `document:d${n}#viewer@user:u${n % 7}`);
    await put("many.txt", `// generated\n\n${texts.join("\n")}\n`);
    const many = await relata(["tuple", "import", "many.txt"]);
    expect(many).toMatchObject({ exit: 0, stderr: "" });
    expect(many.stdout).toMatch(/^2,500 tuples imported in 3 revisions, /);
    const dump = (await relata(["tuple", "read", "--json", "--consistency", "fully-consistent"])).stdout;
    await clear();
    await put("dump.jsonl", dump);
    expect(await relata(["tuple", "import", "dump.jsonl"])).toMatchObject({ exit: 0 });
    expect(await all()).toEqual(texts.toSorted());
    await clear();
    await put("file.yaml", `schema: ""\nrelationships: |-\n  ${texts[0]}\n\n  // and\n  ${texts[1]}\n`);
    expect(await relata(["tuple", "import", "file.yaml", "--json"])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('"imported":2'),
    });
    expect(await relata(["tuple", "import", "-"], { stdin: `${texts[2]}\n${texts[2]}\n` })).toMatchObject({ exit: 0 });
    expect(await all()).toEqual(texts.slice(0, 3).toSorted());
  });

  test("a terminal gets a progress bar on stderr", async () => {
    await put("one.txt", "document:1#viewer@user:a\n");
    const result = await relata(["tuple", "import", "one.txt"], { tty: true });
    expect(result.stderr).toContain("importing [########################] 1 of 1");
  });

  test("mistakes are told by file and line before anything is written", async () => {
    await clear();
    await put("bad.txt", "document:1#viewer@user:a\ndocument:2\n// fine\ndocument:3#viewer@user\n");
    const result = await relata(["tuple", "import", "bad.txt"]);
    expect(result).toMatchObject({ exit: 2, stdout: "" });
    expect(result.stderr).toMatch(/^bad\.txt:2: invalid tuple[\s\S]*^bad\.txt:4: invalid tuple/m);
    expect(result.stderr).toContain("error: 2 lines cannot be imported; nothing was written");
    await put("bad.jsonl", '{"object":\n{"objekt":1}\n');
    expect((await relata(["tuple", "import", "bad.jsonl"])).stderr).toMatch(
      /bad\.jsonl:1: not JSON[\s\S]*bad\.jsonl:2: not a tuple/,
    );
    await put("bad.yaml", "tuples: []\n");
    expect((await relata(["tuple", "import", "bad.yaml"])).stderr).toMatch(/bad\.yaml:1: no `relationships:` block/);
    expect(await relata(["tuple", "read", "--consistency", "fully-consistent"])).toMatchObject({ stdout: "" });
  });

  test("a tuple the server refuses is found in its file", async () => {
    await put("refused.txt", "document:1#viewer@user:a\n\nfolder:1#viewer@user:a\n");
    const result = await relata(["tuple", "import", "refused.txt"]);
    expect(result).toMatchObject({ exit: 3, stdout: "" });
    expect(result.stderr).toMatch(/at: refused\.txt:3\n/);
    expect(result.stderr).toContain("0 tuples written before it");
  });
});

describe("schema on a server", () => {
  test("push shows the change, is refused where it strands a tuple, and pull gives it back", async () => {
    tenant = (await server.createTenant()).slug;
    await put("v1.zed", SCHEMA);
    const first = await relata(["schema", "push", "v1.zed"]);
    expect(first).toMatchObject({ exit: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^\+ definition "user" added\n\+ definition "document" added\nversion 1 is current\n$/,
    );
    expect((await relata(["schema", "push", "v1.zed"])).stdout).toContain(
      "unchanged: the tenant is at version 1 already",
    );
    expect(await relata(["schema", "pull"])).toEqual({ exit: 0, stdout: SCHEMA, stderr: "" });
    await relata(["tuple", "write", "document:1#viewer@user:anne"]);
    await put(
      "v2.zed",
      "definition user {}\n\ndefinition document {\n  relation reader: user\n  permission view = reader\n}\n",
    );
    const diff = await relata(["schema", "diff", "v2.zed"]);
    expect(diff.exit).toBe(1);
    expect(diff.stdout).toContain("stands in the way: document:1#viewer@user:anne");
    const refused = await relata(["schema", "push", "v2.zed"]);
    expect(refused.exit).toBe(3);
    expect(refused.stderr).toMatch(/document:1#viewer@user:anne[\s\S]*SCHEMA_STRANDS_TUPLES/);
    await relata(["tuple", "delete", "document:1#viewer@user:anne"]);
    expect(await relata(["schema", "push", "v2.zed", "--expected-version", "7"])).toMatchObject({ exit: 3 });
    const second = await relata(["schema", "push", "v2.zed", "--expected-version", "1", "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({ version: 2, consistencyToken: expect.any(String) });
    const old = await relata(["schema", "pull", "--schema-version", "1", "-o", "old.zed"]);
    expect(old).toMatchObject({ exit: 0, stdout: "version 1 written to old.zed\n" });
    expect(await readFile(join(dir.path, "old.zed"), "utf8")).toBe(SCHEMA);
  });

  test("imports are put in, and a terminal is asked", async () => {
    tenant = (await server.createTenant()).slug;
    await mkdir(join(dir.path, "parts"), { recursive: true });
    await put("parts/user.zed", "definition user {}\n");
    await put("main.zed", 'use import\nimport "parts/user.zed"\ndefinition document { relation viewer: user }\n');
    const no = await relata(["schema", "push", "main.zed"], { tty: true, stdin: "n\n" });
    expect(no.exit).toBe(1);
    expect(no.stdout).toMatch(/replace version 0\? \[y\/N\] nothing was pushed/);
    expect(await relata(["schema", "push", "main.zed"], { tty: true, stdin: "y\n" })).toMatchObject({ exit: 0 });
    const pulled = (await relata(["schema", "pull"])).stdout;
    expect(pulled).toContain("definition user {}");
    expect(pulled).not.toContain("import");
  });

  test("a schema that does not compile never reaches the server", async () => {
    await put("broken.zed", "definition document { relation viewer: usr }\n");
    const result = await relata(["schema", "push", "broken.zed"]);
    expect(result).toMatchObject({ exit: 2, stdout: "" });
    expect(result.stderr).toMatch(/broken\.zed:1:\d+: error[\s\S]*does not compile/);
  });
});

describe("tenant", () => {
  test("create and list, for a platform caller only", async () => {
    const created = await relata(["tenant", "create", "cli-acme", "--schema", "shared"], { claims: OPERATOR });
    expect(created).toMatchObject({ exit: 0, stderr: "" });
    expect(created.stdout).toMatch(/^tenant cli-acme created, id [0-9a-f-]{36}, schema shared\n$/);
    expect(await relata(["tenant", "create", "cli-acme"], { claims: OPERATOR })).toMatchObject({ exit: 3 });
    const list = await relata(["tenant", "list"], { claims: OPERATOR });
    expect(list.stdout).toMatch(/^SLUG +STATE +PARTITION +SCHEMA +CREATED +ID\n/);
    expect(list.stdout).toMatch(/^cli-acme +active +shared +shared +\d{4}-/m);
    const lines = (await relata(["tenant", "list", "--json"], { claims: OPERATOR })).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).slug)).toContain("cli-acme");
    expect(await relata(["tenant", "list"])).toMatchObject({ exit: 3, stdout: "" });
  });
});
