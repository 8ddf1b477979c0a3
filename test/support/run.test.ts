import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createTempDir } from "./temp-dir.ts";

const PROJECT = join(import.meta.dirname, "../..");
const CONFIG = `export default ({ mode }) => ({ test: {
  include: [mode === "long" ? "*.long.js" : "*.test.js"], globalSetup: "./setup.js",
} });`;
const HEAD = `import { beforeAll, describe, expect, it } from "vitest";\n`;

/** Runs test/run.ts on a project of these files. */
async function run(files: Record<string, string>, ...args: string[]) {
  await using directory = await createTempDir();
  await symlink(join(PROJECT, "node_modules"), join(directory.path, "node_modules"));
  const all = { "vitest.config.js": CONFIG, "setup.js": "export function setup() {}", ...files };
  for (const [name, content] of Object.entries(all)) await writeFile(join(directory.path, name), content);
  const child = spawn(process.execPath, [join(PROJECT, "test/run.ts"), "--root", directory.path, ...args], {
    cwd: directory.path,
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { code, output, lastLine: output.trimEnd().split("\n").at(-1) };
}

describe.concurrent("test/run.ts", () => {
  it("counts what passed, and says why something was skipped", async () => {
    const skipping = `it("needs a thing", (context) => context.skip("no thing here"));`;
    const result = await run({ "a.test.js": `${HEAD}it("holds", () => {}); ${skipping}` });
    expect(result).toMatchObject({ code: 0, lastLine: "1 passed, 0 failed, 1 skipped" });
    expect(result.output).toContain("skipped: a.test.js > needs a thing: no thing here");
  });

  it("fails with a failing test, and shows it", async () => {
    const result = await run({ "a.test.js": `${HEAD}it("holds", () => {}); it("breaks", () => expect(1).toBe(2));` });
    expect(result).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed" });
    expect(result.output).toContain("expected 1 to be 2");
  });

  it("fails with a file that cannot be loaded", async () => {
    const result = await run({ "a.test.js": `${HEAD}it("holds", () => {});`, "b.test.js": "throw new Error('no')" });
    expect(result).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed" });
  });

  it("fails with a hook that throws, although its tests were only skipped", async () => {
    const suite = `describe("s", () => { beforeAll(() => { throw new Error("no") }); it("holds", () => {}); });`;
    const result = await run({ "a.test.js": `${HEAD}it("other", () => {}); ${suite}` });
    expect(result).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed, 1 skipped" });
    expect(result.output).toContain("skipped: a.test.js > s > holds: a hook around it failed");
  });

  it("fails with an error nobody awaited", async () => {
    const result = await run({ "a.test.js": `${HEAD}it("holds", () => { Promise.reject(new Error("late")); });` });
    expect(result).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed" });
  });

  it("fails with a setup that throws", async () => {
    const setup = `export function setup() { throw new Error("no") }`;
    const result = await run({ "setup.js": setup, "a.test.js": `${HEAD}it("holds", () => {});` });
    expect(result).toMatchObject({ code: 1, lastLine: "0 passed, 1 failed" });
  });

  it("fails when the run is cut short", async () => {
    const setup = "export function setup() { process.kill(process.pid, 'SIGKILL') }";
    const result = await run({ "setup.js": setup, "a.test.js": `${HEAD}it("holds", () => {});` });
    expect(result).toMatchObject({ code: 1, lastLine: "0 passed, 1 failed" });
  });

  it("fails when the clean-up fails", async () => {
    const setup = `export function setup() { return () => { throw new Error("no") } }`;
    const result = await run({ "setup.js": setup, "a.test.js": `${HEAD}it("holds", () => {});` });
    expect(result).toMatchObject({ code: 1, lastLine: "1 passed, 1 failed" });
  });

  it("fails when no test ran", async () => {
    const result = await run({ "a.test.js": `${HEAD}it("holds", () => {});` }, "no-such-file");
    expect(result).toMatchObject({ code: 1, lastLine: "0 passed, 1 failed" });
  });

  it("runs the long tests instead with --long", async () => {
    const files = {
      "a.test.js": `${HEAD}it("breaks", () => expect(1).toBe(2));`,
      "b.long.js": `${HEAD}it("l", () => {});`,
    };
    expect(await run(files, "--long")).toMatchObject({ code: 0, lastLine: "1 passed, 0 failed" });
  });
});
