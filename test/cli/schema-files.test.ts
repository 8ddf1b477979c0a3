import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { runTestCli } from "./run-cli.ts";

const UGLY = `definition user {}
// people may read
definition document { relation viewer:user
    permission view=viewer }
`;
const PRETTY = `definition user {}

// people may read
definition document {
  relation viewer: user
  permission view = viewer
}
`;

let dir: TempDir;
const put = async (name: string, text: string) => {
  await mkdir(join(dir.path, name, ".."), { recursive: true });
  await writeFile(join(dir.path, name), text);
  return name;
};
const run = (...argv: string[]) => runTestCli(argv, { cwd: dir.path });

beforeAll(async () => {
  dir = await createTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

describe("schema fmt", () => {
  test("prints the canonical form and changes nothing", async () => {
    await put("a.zed", UGLY);
    expect(await run("schema", "fmt", "a.zed")).toEqual({ exit: 0, stdout: PRETTY, stderr: "" });
    expect(await readFile(join(dir.path, "a.zed"), "utf8")).toBe(UGLY);
  });

  test("reads stdin as -", async () => {
    const result = await runTestCli(["schema", "fmt", "-"], { stdin: UGLY });
    expect(result).toEqual({ exit: 0, stdout: PRETTY, stderr: "" });
  });

  test("--check says which files are not formatted", async () => {
    await put("b.zed", UGLY);
    await put("c.zed", PRETTY);
    expect(await run("schema", "fmt", "--check", "b.zed", "c.zed")).toMatchObject({
      exit: 1,
      stdout: "not formatted: b.zed\n",
    });
    expect(await run("schema", "fmt", "--check", "c.zed")).toMatchObject({
      exit: 0,
      stdout: "1 file in canonical form\n",
    });
  });

  test("--write rewrites, and then there is nothing left to do", async () => {
    await put("d.zed", UGLY);
    expect(await run("schema", "fmt", "--write", "d.zed")).toMatchObject({ exit: 0, stdout: "rewrote d.zed\n" });
    expect(await readFile(join(dir.path, "d.zed"), "utf8")).toBe(PRETTY);
    expect(await run("schema", "fmt", "--write", "d.zed")).toMatchObject({
      exit: 0,
      stdout: "1 file in canonical form\n",
    });
  });

  test("a file that cannot be parsed is shown with a caret and left alone", async () => {
    const text = "definition user {\n  relation a = user\n}\n";
    await put("e.zed", text);
    const result = await run("schema", "fmt", "--write", "e.zed");
    expect(result).toMatchObject({ exit: 2, stdout: "" });
    expect(result.stderr).toMatch(/^e\.zed:2:14: error: .*\n {2}2 \| {3}relation a = user\n {4}\| +\^/);
    expect(result.stderr).toContain("error: e.zed cannot be parsed");
    expect(await readFile(join(dir.path, "e.zed"), "utf8")).toBe(text);
  });

  test.each([
    ["a file that is not there", "nope.zed", "cannot read nope.zed: no such file"],
    ["a directory", ".", "this is a directory, not a file"],
  ])("%s", async (_what, file, message) => {
    const result = await run("schema", "fmt", file);
    expect(result.exit).toBe(2);
    expect(result.stderr).toContain(message);
  });
});

describe("schema lint", () => {
  test("is silent about a clean schema", async () => {
    await put("f.zed", PRETTY);
    expect(await run("schema", "lint", "f.zed")).toEqual({ exit: 0, stdout: "f.zed: nothing to say\n", stderr: "" });
  });

  test("warnings end with 1, errors with 2, each with its place", async () => {
    await put("g.zed", "definition user {}\ndefinition a {\n  relation r: user\n  permission view = view_r\n}\n");
    const result = await run("schema", "lint", "g.zed");
    expect(result.exit).toBe(2);
    expect(result.stdout).toMatch(/g\.zed:4:21: error: "view_r"/);
    await put("h.zed", "definition user {}\ndefinition a {\n  relation r: user\n  permission p = (r + r) - r & r\n}\n");
    const warned = await run("schema", "lint", "--json", "h.zed");
    expect(warned.exit).toBe(1);
    const { errors, warnings, diagnostics } = JSON.parse(warned.stdout);
    expect(errors).toBe(0);
    expect(warnings).toBeGreaterThan(0);
    expect(diagnostics[0]).toMatchObject({ severity: "warning", file: "h.zed", line: 4 });
  });

  test("imports are found beside the file that names them, and errors in them are told there", async () => {
    await put(
      "model/main.zed",
      'use import\nimport "parts/user.zed"\ndefinition doc {\n  relation viewer: user\n  permission view = viewer\n}\n',
    );
    await put("model/parts/user.zed", "definition user {}\n");
    expect(await run("schema", "lint", "model/main.zed")).toMatchObject({ exit: 0 });
    await put("model/parts/user.zed", "definition user {\n  relation boss: usr\n}\n");
    const result = await run("schema", "lint", "model/main.zed");
    expect(result.exit).toBe(2);
    expect(result.stdout).toMatch(/model\/parts\/user\.zed:2:18: error: .*usr/);
    expect(result.stdout).toContain("2 |   relation boss: usr");
  });

  test("an import that is not there", async () => {
    await put("lonely.zed", 'use import\nimport "gone.zed"\n');
    const result = await run("schema", "lint", "lonely.zed");
    expect(result.exit).toBe(2);
    expect(result.stdout).toMatch(/lonely\.zed:2:\d+: error: there is no file "gone\.zed"/);
  });
});

describe("schema diff --against", () => {
  test("says what is added, changed and removed; a breaking change ends with 1", async () => {
    await put(
      "old.zed",
      "definition user {}\ndefinition doc {\n  relation viewer: user\n  relation old: user\n  permission view = viewer + old\n}\n",
    );
    await put(
      "new.zed",
      "definition user {}\ndefinition doc {\n  relation viewer: user\n  relation editor: user\n  permission view = viewer + editor\n}\n",
    );
    const result = await run("schema", "diff", "new.zed", "--against", "old.zed");
    expect(result.exit).toBe(1);
    expect(result.stdout).toMatch(/^! relation "old" of doc removed \(breaking/m);
    expect(result.stdout).toMatch(/^\+ relation "editor" of doc added/m);
    expect(result.stdout).toMatch(/^~ permission "view" of doc/m);
    const same = await run("schema", "diff", "new.zed", "--against", "new.zed");
    expect(same).toEqual({ exit: 0, stdout: "no changes\n", stderr: "" });
  });

  test("a file that does not compile is shown, not compared", async () => {
    await put("broken.zed", "definition doc {\n  relation viewer: usr\n}\n");
    const result = await run("schema", "diff", "broken.zed", "--against", "new.zed");
    expect(result).toMatchObject({ exit: 2, stdout: "" });
    expect(result.stderr).toMatch(/broken\.zed:2:20: error[\s\S]*error: broken\.zed does not compile: 1 error/);
  });
});
