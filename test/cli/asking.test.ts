import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { type CliRunOptions, runTestCli } from "./run-cli.ts";

const SCHEMA = `use expiration

caveat office_hours(hour int, opens int) { hour >= opens && hour < 18 }

definition user {}

definition group {
  relation member: user | group#member | user with office_hours
}

definition document {
  relation parent: document
  relation viewer: user | user:* | group#member | user with office_hours | user with expiration
  relation banned: user
  permission view = (viewer + parent->view) - banned
}
`;
const END = "2223-07-01T12:00:00Z";
const TUPLES = [
  "document:plan#viewer@user:anne",
  'document:plan#viewer@user:carl[office_hours:{"opens":8}]',
  `document:plan#viewer@user:dora[expiration:${END}]`,
  "document:plan#viewer@user:past[expiration:2020-01-01T00:00:00Z]",
  "document:plan#viewer@group:eng#member",
  "document:plan#banned@user:eve",
  "group:eng#member@group:core#member",
  "group:core#member@group:eng#member",
  "group:core#member@user:paul",
  "group:core#member@user:eve",
  "document:annex#parent@document:plan",
  "document:public#viewer@user:*",
  "document:public#banned@user:eve",
];

let server: TestServer;
let dir: TempDir;
let tenant: string;

beforeAll(async () => {
  dir = await createTempDir();
  // Few enough that the trees below come in several pages.
  server = await startTestServer({ config: { maxExpandNodes: 5 } });
  tenant = (await server.createTenant()).slug;
  await put("schema.zed", SCHEMA);
  expect(await relata(["schema", "push", "schema.zed"])).toMatchObject({ exit: 0 });
  await put("tuples.txt", TUPLES.join("\n"));
  expect(await relata(["tuple", "import", "tuples.txt"])).toMatchObject({ exit: 0, stderr: "" });
});
afterAll(async () => {
  await server?.close();
  await dir?.[Symbol.asyncDispose]();
});

const put = (name: string, text: string) => writeFile(join(dir.path, name), text);

function relata(argv: readonly string[], options: CliRunOptions = {}) {
  const env = { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: server.issuer.mint({ tenant }) };
  return runTestCli(argv, { cwd: dir.path, ...options, env });
}
const check = (subject: string, ...flags: string[]) => relata(["check", "document:plan", "view", subject, ...flags]);

describe("check", () => {
  test("takes the context of caveats as JSON or from a file, and says what is missing", async () => {
    expect(await check("user:carl")).toEqual({ exit: 1, stdout: "conditional: needs hour\n", stderr: "" });
    expect(await check("user:carl", "--context", '{"hour": 9}')).toMatchObject({ exit: 0, stdout: "allowed\n" });
    expect(await check("user:carl", "--context", '{"hour": 20}')).toMatchObject({ exit: 1, stdout: "denied\n" });
    await put("context.json", '{"hour": 9}\n');
    expect(await check("user:carl", "--context", "@context.json")).toMatchObject({ exit: 0, stdout: "allowed\n" });
    const { stdout } = await check("user:carl", "--json");
    expect(JSON.parse(stdout)).toEqual({
      decision: "conditional",
      missingContext: ["hour"],
      consistencyToken: expect.any(String),
    });
  });

  test("says until when", async () => {
    expect(await check("user:dora")).toEqual({ exit: 0, stdout: `allowed until ${END}\n`, stderr: "" });
    expect(JSON.parse((await check("user:dora", "--json")).stdout)).toMatchObject({
      decision: "allowed",
      expiresAt: END,
    });
    expect(await check("user:past")).toMatchObject({ exit: 1, stdout: "denied\n" });
  });

  test("takes tuples that hold for it alone", async () => {
    const own = "document:plan#viewer@user:zoe";
    expect(await check("user:zoe", "--contextual-tuple", own)).toMatchObject({ exit: 0, stdout: "allowed\n" });
    expect(await check("user:zoe")).toMatchObject({ exit: 1, stdout: "denied\n" });
    const both = ["--contextual-tuple", own, "--contextual-tuple", "document:plan#banned@user:zoe"];
    expect(await check("user:zoe", ...both)).toMatchObject({ exit: 1, stdout: "denied\n" });
    await put("own.txt", `// for a moment\n${own}[office_hours]\n`);
    const fromFile = await check("user:zoe", "--contextual-tuples", "own.txt");
    expect(fromFile).toMatchObject({ exit: 1, stdout: "conditional: needs hour, opens\n" });
    await put("bad.txt", `${own}\nnonsense\n`);
    const bad = await check("user:zoe", "--contextual-tuples", "bad.txt");
    expect(bad).toMatchObject({ exit: 2, stdout: "" });
    expect(bad.stderr).toMatch(/^bad\.txt:2: invalid tuple[\s\S]*1 line of bad\.txt cannot be read; nothing was asked/);
    const unfit = await check("user:zoe", "--contextual-tuple", "document:plan#viewer@document:plan");
    expect(unfit).toMatchObject({ exit: 2, stdout: "" });
    expect(unfit.stderr).toContain("document:plan#viewer@document:plan");
  });
});

describe("tuples with caveats and ends", () => {
  test("go in and come out as text, whether written or imported, and expired ones do not", async () => {
    const text = `document:memo#viewer@user:anne[office_hours:{"opens":9}]`;
    expect(await relata(["tuple", "write", text])).toMatchObject({ exit: 0, stdout: "1 tuple written\n" });
    const read = await relata(["tuple", "read", "--object-type", "document", "--consistency", "fully-consistent"]);
    const stored = TUPLES.filter((tuple) => tuple.startsWith("document:") && !tuple.includes("2020"));
    expect(read.stdout.trim().split("\n")).toEqual([...stored, text].toSorted());
    const dump = await relata(["tuple", "read", "--object-id", "plan", "--json", "--consistency", "fully-consistent"]);
    await put("dump.jsonl", dump.stdout.replaceAll('"plan"', '"copy"'));
    expect(await relata(["tuple", "import", "dump.jsonl"])).toMatchObject({ exit: 0, stderr: "" });
    const copy = await relata(["tuple", "read", "--object-id", "copy", "--consistency", "fully-consistent"]);
    const plan = stored.filter((tuple) => tuple.startsWith("document:plan"));
    expect(copy.stdout.trim().split("\n")).toEqual(plan.map((tuple) => tuple.replace("plan", "copy")).toSorted());
    for (const id of ["memo", "copy"])
      expect(await relata(["tuple", "delete", "--object-id", id])).toMatchObject({ exit: 0 });
  });

  test("a caveat or context that the schema does not have is refused before anything is written", async () => {
    const wrongKey = await relata(["tuple", "write", 'document:memo#viewer@user:anne[office_hours:{"oopens":9}]']);
    expect(wrongKey).toMatchObject({ exit: 2, stdout: "" });
    expect(wrongKey.stderr).toMatch(/oopens[\s\S]*INVALID_CAVEAT_CONTEXT/);
    const wrongCaveat = await relata(["tuple", "write", "document:memo#viewer@user:anne[weekends]"]);
    expect(wrongCaveat).toMatchObject({ stdout: "" });
    expect(wrongCaveat.exit).toBeGreaterThan(1);
    expect(wrongCaveat.stderr).toContain("weekends");
  });
});

describe("lookup-resources", () => {
  const lookup = (subject: string, ...flags: string[]) =>
    relata(["lookup-resources", "document", "view", subject, ...flags]);

  test("prints objects in order of id, with what their answers depend on", async () => {
    expect(await lookup("user:anne")).toEqual({
      exit: 0,
      stdout: "document:annex\ndocument:plan\ndocument:public\n",
      stderr: "",
    });
    expect((await lookup("user:dora")).stdout).toBe(
      `document:annex  allowed until ${END}\ndocument:plan  allowed until ${END}\ndocument:public\n`,
    );
    expect((await lookup("user:carl")).stdout).toBe(
      "document:annex  conditional: needs hour\ndocument:plan  conditional: needs hour\ndocument:public\n",
    );
    expect((await lookup("user:carl", "--context", '{"hour":9}')).stdout).toBe(
      "document:annex\ndocument:plan\ndocument:public\n",
    );
  });

  test("--json is an object per line; nothing found is exit code 1", async () => {
    const lines = (await lookup("user:carl", "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ cursor, consistencyToken, ...rest }) => rest)).toEqual([
      { objectId: "annex", decision: "conditional", missingContext: ["hour"] },
      { objectId: "plan", decision: "conditional", missingContext: ["hour"] },
      { objectId: "public", decision: "allowed" },
    ]);
    expect(await lookup("user:eve")).toEqual({ exit: 1, stdout: "", stderr: "" });
    expect(await lookup("user:eve", "--count")).toEqual({ exit: 1, stdout: "0 allowed\n", stderr: "" });
  });

  test("--limit and --cursor go page by page", async () => {
    const first = await lookup("user:anne", "--limit", "2");
    expect(first).toMatchObject({ exit: 0, stdout: "document:annex\ndocument:plan\n" });
    const [, cursor = "none"] = /stopped after 2; go on with --cursor (\S+)\n$/.exec(first.stderr) ?? [];
    expect(await lookup("user:anne", "--cursor", cursor)).toEqual({ exit: 0, stdout: "document:public\n", stderr: "" });
    const last = await lookup("user:anne", "--limit", "3", "--json");
    const { cursor: end } = JSON.parse(last.stderr);
    expect(await lookup("user:anne", "--cursor", end)).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  test("--count, --ids and contextual tuples", async () => {
    expect(await lookup("user:anne", "--count")).toMatchObject({ exit: 0, stdout: "3 allowed\n" });
    expect(await lookup("user:carl", "--count")).toMatchObject({ exit: 0, stdout: "1 allowed, 2 conditional\n" });
    const counted = JSON.parse((await lookup("user:carl", "--count", "--json")).stdout);
    expect(counted).toMatchObject({ allowed: 1, conditional: 2, excluded: 0, capped: false });
    expect((await lookup("user:anne", "--count", "--limit", "2")).stdout).toBe(
      "2 allowed (and perhaps more: stopped at --limit)\n",
    );
    expect((await lookup("user:anne", "--ids", "plan,absent", "--ids", "public")).stdout).toBe(
      "document:plan\ndocument:public\n",
    );
    await put("ids.txt", "annex\n\nplan\n");
    expect((await lookup("user:anne", "--ids", "@ids.txt")).stdout).toBe("document:annex\ndocument:plan\n");
    const own = ["--contextual-tuple", "document:zzz#viewer@user:eve"];
    expect((await lookup("user:eve", ...own)).stdout).toBe("document:zzz\n");
  });

  test("Ctrl-C stops the stream, and says where to go on", async () => {
    const many = Array.from({ length: 3_000 }, (_, n) => `document:m${String(n).padStart(4, "0")}#viewer@user:many`);
    await put("many.txt", many.join("\n"));
    expect(await relata(["tuple", "import", "many.txt"])).toMatchObject({ exit: 0 });
    const controller = new AbortController();
    const interrupted = await relata(["lookup-resources", "document", "view", "user:many"], {
      stop: controller.signal,
      onStdout: () => controller.abort("SIGINT"),
    });
    expect(interrupted.exit).toBe(4);
    const [, seen = "0", cursor = ""] =
      /^error: interrupted after ([\d,]+) results\n help: go on with --cursor (\S+)\n$/.exec(interrupted.stderr) ?? [];
    const before = interrupted.stdout.trim().split("\n");
    expect(before).toHaveLength(Number(seen.replace(",", "")));
    expect(before.length).toBeLessThan(3_000);
    const rest = await lookup("user:many", "--cursor", cursor);
    const ids = [...before, ...rest.stdout.trim().split("\n")];
    expect(ids).toEqual([...many.map((text) => text.split("#")[0]), "document:public"]);
  });
});

describe("lookup-subjects", () => {
  const lookup = (object: string, kind: string, ...flags: string[]) =>
    relata(["lookup-subjects", object, "view", kind, ...flags]);

  test("prints subjects in order of id, with what their answers depend on", async () => {
    expect((await lookup("document:plan", "user")).stdout).toBe(
      `user:anne\nuser:carl  conditional: needs hour\nuser:dora  allowed until ${END}\nuser:paul\n`,
    );
    expect((await lookup("document:plan", "group#member")).stdout).toBe("group:core#member\ngroup:eng#member\n");
  });

  test("everybody comes first, and those who are not", async () => {
    expect(await lookup("document:public", "user")).toEqual({
      exit: 0,
      stdout: "user:*\nuser:eve  denied\n",
      stderr: "",
    });
    const counted = await lookup("document:public", "user", "--count");
    expect(counted).toMatchObject({ exit: 0, stdout: "everybody but 1, 0 allowed\n" });
    const lines = (await lookup("document:public", "user", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line)).map(({ subjectId, decision }) => [subjectId, decision])).toEqual([
      ["*", "allowed"],
      ["eve", "denied"],
    ]);
    expect((await lookup("document:public", "user", "--ids", "eve,anne")).stdout).toBe("user:anne\n");
  });

  test("nobody is exit code 1", async () => {
    expect(await lookup("document:absent", "user")).toEqual({ exit: 1, stdout: "", stderr: "" });
  });
});

describe("expand", () => {
  const TREE = `document:annex#view
└─ the first, but not the rest
   ├─ any of
   │  ├─ document:annex#viewer
   │  └─ parent->view
   │     └─ document:annex#parent@document:plan
   │        └─ document:plan#view`;

  test("draws the tree", async () => {
    const { exit, stdout, stderr } = await relata(["expand", "document:annex", "view"]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(stdout).toContain(TREE);
    expect(stdout).toContain('document:plan#viewer@user:carl[office_hours:{"opens":8}]');
    expect(stdout).toContain("group:eng#member (a cycle: see above)");
    expect(stdout).not.toContain("user:past");
    expect(stdout).not.toMatch(/[✓✗?]/);
  });

  test("of one level stops at what others are made up of", async () => {
    const { stdout } = await relata(["expand", "document:annex", "view", "--one-level"]);
    expect(stdout).toContain("document:annex#parent@document:plan");
    expect(stdout).not.toContain("user:carl");
  });

  test("comes in pages of nodes as JSON", async () => {
    const whole = await relata(["expand", "document:annex", "view", "--json"]);
    const nodes = whole.stdout.trim().split("\n");
    expect(JSON.parse(nodes[0] ?? "")).toMatchObject({ kind: "KIND_MEMBER", member: "view" });
    const first = await relata(["expand", "document:annex", "view", "--json", "--limit", "4"]);
    const { cursor } = JSON.parse(first.stderr);
    const rest = await relata(["expand", "document:annex", "view", "--json", "--cursor", cursor]);
    expect(rest.stderr).toBe("");
    expect([...first.stdout.trim().split("\n"), ...rest.stdout.trim().split("\n")]).toEqual(nodes);
    const cut = await relata(["expand", "document:annex", "view", "--limit", "4"]);
    expect(cut.stdout.trim().split("\n").length).toBeLessThanOrEqual(4);
    expect(cut.stderr).toContain("stopped after 4 nodes");
  });
});

describe("explain", () => {
  const explain = (subject: string, ...flags: string[]) =>
    relata(["explain", "document:annex", "view", subject, ...flags]);

  test("shows the way that grants", async () => {
    const { exit, stdout } = await explain("user:paul");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^allowed\n✓ document:annex#view\n/);
    expect(stdout).toContain("✓ document:annex#parent@document:plan\n");
    expect(stdout).toContain("✓ group:core#member@user:paul");
    expect(stdout).not.toContain("user:anne");
  });

  test("shows all that was tried, with caveats, their values, and tuples that have ended", async () => {
    const late = await explain("user:carl", "--context", '{"hour": 20}');
    expect(late.exit).toBe(1);
    expect(late.stdout).toMatch(/^denied\n✗ document:annex#view\n/);
    expect(late.stdout).toContain("caveat office_hours: hour >= opens && hour < 18");
    expect(late.stdout).toContain('with {"hour":20,"opens":8}: false');
    const unsaid = await explain("user:carl");
    expect(unsaid.stdout).toMatch(/^conditional: needs hour\n\? document:annex#view\n/);
    expect(unsaid.stdout).toContain('with {"opens":8}: needs hour');
    expect((await explain("user:past")).stdout).toContain(
      "✗ document:plan#viewer@user:past expired 2020-01-01T00:00:00Z",
    );
    expect((await explain("user:eve")).stdout).toMatch(/but not ✓ document:plan#banned/);
  });

  test("as JSON is the API's", async () => {
    const { exit, stdout } = await explain("user:paul", "--json");
    expect(exit).toBe(0);
    const { decision, explanation } = JSON.parse(stdout);
    expect(decision).toBe("allowed");
    expect(explanation.nodes[0]).toMatchObject({ kind: "KIND_MEMBER", member: "view", result: "DECISION_ALLOWED" });
  });

  test("is in colour on a terminal alone", async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const colour = /\u001b\[3\dm/;
    expect((await relata(["explain", "document:plan", "view", "user:anne"], { tty: true })).stdout).toMatch(colour);
    expect((await explain("user:anne")).stdout).not.toMatch(colour);
  });
});
