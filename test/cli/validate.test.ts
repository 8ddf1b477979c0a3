import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { runTestCli } from "./run-cli.ts";

const SCHEMA = `schema: |-
  definition user {}
  definition document {
    relation viewer: user
    permission view = viewer
  }
`;

let dir: TempDir;
beforeAll(async () => {
  dir = await createTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

async function validate(text: string, ...flags: string[]) {
  await writeFile(join(dir.path, "case.yaml"), text);
  return runTestCli(["validate", ...flags, "case.yaml"], { cwd: dir.path });
}

test("a file whose assertions all hold passes", async () => {
  const result = await validate(`${SCHEMA}relationships: |-
  // a comment, and a blank line

  document:1#viewer@user:anne
assertions:
  assertTrue: ["document:1#view@user:anne", 'document:1#view@user:anne with {"a": 1}']
  assertFalse: ["document:1#view@user:ben"]
`);
  expect(result).toEqual({ exit: 0, stdout: "PASS case.yaml: 3 assertions hold over 1 tuple\n", stderr: "" });
});

describe("what cannot be evaluated is told by line, and ends with 2", () => {
  test.each([
    ["no YAML", "a: [1", /case\.yaml:1: not valid YAML/],
    ["a list", "- a\n", /case\.yaml:1: a validation file is a YAML mapping/],
    ["two documents", `${SCHEMA}---\na: 1\n`, /several/],
    ["the same key twice", `${SCHEMA}assertions: {}\nassertions: {}\n`, /case\.yaml:8: not valid YAML: .*unique/],
    [
      "an unknown key",
      `${SCHEMA}relations: ""\n`,
      /case\.yaml:7: unknown key `relations`\n {2}help: known keys: schema/,
    ],
    ["an old key", `${SCHEMA}validation_tuples: []\n`, /case\.yaml:7: `validation_tuples` is a key of an old format/],
    ["another old key", `${SCHEMA}namespace_configs: []\n`, /`namespace_configs` is a key of an old format/],
    ["no schema", "relationships: |-\n  a:1#b@c:d\n", /a schema is missing/],
    ["two schemas", `${SCHEMA}schemaFile: x.zed\n`, /either `schema` or `schemaFile`/],
    ["a schema that is a list", "schema: [a]\n", /`schema` must be text/],
    ["a schema from the network", "schemaFile: https://example.com/x.zed\n", /local file, not a URL/],
    ["a schema file that is not there", "schemaFile: gone.zed\n", /case\.yaml:1: cannot read gone\.zed: no such file/],
    [
      "a schema that does not compile",
      "schema: |-\n  definition user {}\n  definition a {\n    relation r: usr\n  }\n",
      /case\.yaml:4:17: error: .*usr.*\n {2}4 \| {5}relation r: usr\n/,
    ],
    [
      "a bad tuple",
      `${SCHEMA}relationships: |-\n  document:1#viewer@user:anne\n  document:1#viewer\n`,
      /case\.yaml:9: invalid tuple "document:1#viewer"/,
    ],
    ["tuples as a list", `${SCHEMA}relationships: ["a:1#b@c:d"]\n`, /case\.yaml:7: `relationships` must be text/],
    ["a tuple of no known type", `${SCHEMA}relationships: |-\n  folder:1#viewer@user:anne\n`, /case\.yaml:8: .*folder/],
    ["a tuple on a permission", `${SCHEMA}relationships: |-\n  document:1#view@user:anne\n`, /case\.yaml:8: .*view/],
    ["a subject that is not allowed", `${SCHEMA}relationships: |-\n  document:1#viewer@document:2\n`, /case\.yaml:8: /],
    [
      "a tuple given twice",
      `${SCHEMA}relationships: |-\n  document:1#viewer@user:a\n  document:1#viewer@user:a\n`,
      /case\.yaml:9: document:1#viewer@user:a is given twice, first on line 8/,
    ],
    [
      "an unknown list of assertions",
      `${SCHEMA}assertions:\n  assertMaybe: []\n`,
      /case\.yaml:8: unknown key `assertMaybe` under assertions/,
    ],
    ["assertions as a list", `${SCHEMA}assertions: []\n`, /`assertions` must be a mapping/],
    [
      "a list that is none",
      `${SCHEMA}assertions:\n  assertTrue: "document:1#view@user:a"\n`,
      /`assertTrue` must be a list/,
    ],
    ["an assertion that is a number", `${SCHEMA}assertions:\n  assertTrue: [1]\n`, /must be a string/],
    [
      "an assertion without a subject",
      `${SCHEMA}assertions:\n  assertTrue: ["document:1#view"]\n`,
      /case\.yaml:8: .*expected "@"/,
    ],
    [
      "an assertion with a caveat",
      `${SCHEMA}assertions:\n  assertTrue: ["document:1#view@user:a[c]"]\n`,
      /holds no caveat/,
    ],
    [
      "a context that is no JSON",
      `${SCHEMA}assertions:\n  assertTrue: ["document:1#view@user:a with {x}"]\n`,
      /after "with" is not JSON/,
    ],
    [
      "a context that is no object",
      `${SCHEMA}assertions:\n  assertTrue: ["document:1#view@user:a with [1]"]\n`,
      /must be a JSON object/,
    ],
    ["validation as a list", `${SCHEMA}validation: []\n`, /case\.yaml:7: `validation` must be a mapping/],
    [
      "an expected relation without a permission",
      `${SCHEMA}validation:\n  document:1: []\n`,
      /expected object#relation/,
    ],
    [
      "an expected relation that is no list",
      `${SCHEMA}validation:\n  document:1#view: x\n`,
      /case\.yaml:8: `document:1#view` must be a list/,
    ],
    [
      "an expected subject that is a list",
      `${SCHEMA}validation:\n  document:1#view:\n    - [user:anne]\n`,
      /case\.yaml:9: an expected subject must be a string; quote it/,
    ],
    [
      "an expected subject without its relations",
      `${SCHEMA}validation:\n  document:1#view:\n    - "[user:anne]"\n`,
      /case\.yaml:9: not what an expected subject looks like.*\n {2}help: a line reads \[subject\] is/,
    ],
    [
      "exceptions of somebody who is not everybody",
      `${SCHEMA}validation:\n  document:1#view:\n    - "[user:anne - {user:b}] is <document:1#viewer>"\n`,
      /only a wildcard has exceptions, and user:anne is none/,
    ],
    [
      "an exception that is no subject",
      `${SCHEMA}validation:\n  document:1#view:\n    - "[user:* - {b}] is <document:1#viewer>"\n`,
      /case\.yaml:9: invalid subject "b"/,
    ],
  ])("%s", async (_what, text, message) => {
    const result = await validate(text);
    expect(result.stdout).toMatch(message);
    expect(result.stdout).toMatch(/^BAD {2}case\.yaml/);
    expect(result.exit).toBe(2);
  });
});

test("every mistake of a file is told at once", async () => {
  const result = await validate(
    `${SCHEMA}relationships: |-\n  nonsense\nassertions:\n  assertTrue: [""]\nextra: 1\n`,
    "--json",
  );
  const { verdict, problems } = JSON.parse(result.stdout);
  expect(verdict).toBe("broken");
  expect(problems.map(({ line }: { line: number }) => line).sort()).toEqual([10, 11, 8].sort());
});

test("a .zed file is compiled and linted", async () => {
  await writeFile(join(dir.path, "x.zed"), "definition user {}\n");
  const result = await runTestCli(["validate", "x.zed", "gone.zed"], { cwd: dir.path });
  expect(result.exit).toBe(2);
  expect(result.stdout).toMatch(
    /^PASS x\.zed: schema compiles\nBAD {2}gone\.zed[\s\S]*no such file\n2 files: 1 passed, 0 failed, 1 bad/,
  );
});

const ROOT = new URL("../..", import.meta.url).pathname;
const CONFORMANCE = new URL("../../../shared/conformance/spicedb", import.meta.url).pathname;

test("SpiceDB's own files all pass", async (context) => {
  if (!existsSync(CONFORMANCE)) return context.skip(`${CONFORMANCE} is not here`);
  const files = readdirSync(CONFORMANCE).filter((file) => file.endsWith(".yaml"));
  expect(files.length).toBeGreaterThan(30);
  const result = await runTestCli(["validate", "--json", ...files], { cwd: CONFORMANCE });
  const reports = result.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(reports.map(({ file, verdict }) => `${file} ${verdict}`)).toEqual(files.map((file) => `${file} passed`));
  expect(reports.flatMap(({ assertions }) => assertions).length).toBeGreaterThan(190);
  expect(result.exit).toBe(0);
});

test("every scenario and model of this project passes", async () => {
  const files = ["schema/cases", "schema/examples"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith(".yaml") ? [join(folder, name)] : [])),
  );
  expect(files.length).toBeGreaterThan(30);
  const result = await runTestCli(["validate", ...files]);
  expect(result.stdout.split("\n").filter((line) => /^(FAIL|BAD)/.test(line))).toEqual([]);
  expect(result.exit).toBe(0);
});
