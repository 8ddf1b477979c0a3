import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevProcess, EPHEMERAL, ROOT, startDev, userEnv } from "../e2e/dev-process.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";

const run = promisify(execFile);
const bin = join(ROOT, "bin", "relata.js");

/** The blocks of the README's first-schema section, run by bash as they stand, against a `relata dev` of its own. */
describe("the README's first schema", () => {
  let folder: TempDir;
  let dev: DevProcess;
  let blocks: readonly string[];

  beforeAll(async () => {
    folder = await createTempDir();
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const section = readme.split("## Your first schema")[1]?.split("\n## ")[0] ?? "";
    blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body = ""]) => body);
    dev = startDev([process.execPath, bin, "dev"], ["--data-dir", join(folder.path, "data"), ...EPHEMERAL]);
    await dev.ready();
  }, 60_000);
  afterAll(async () => {
    dev.child.kill("SIGINT");
    await dev.ended;
    await folder[Symbol.asyncDispose]();
  });

  function printed(pattern: RegExp): string {
    return pattern.exec(dev.stdout())?.[1] ?? "";
  }

  async function bash(block: string): Promise<readonly string[]> {
    const script = `set -eu\nnpx() { shift; "${process.execPath}" "${bin}" "$@" || [ $? = 1 ]; }\n${block}`;
    const { stdout } = await run("bash", ["-c", script], {
      cwd: folder.path,
      env: userEnv({ RELATA_SERVER: printed(/gRPC\s+(\S+)/), RELATA_TOKEN_FILE: printed(/token\s+(\/\S+)/) }),
    });
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("is written, and its assertions hold, without a server", async () => {
    expect(blocks).toHaveLength(4);
    const lines = await bash(blocks[0] ?? "");
    expect(lines.at(-1)).toMatch(/4 assertions hold|4 of 4/);
  });

  it("is pushed and answers every check as the comment beside it says", async () => {
    const block = blocks[2] ?? "";
    const expected = [...block.matchAll(/^npx relata check .*# (\w+)$/gm)].map(([, answer]) => answer);
    expect(expected).toEqual(["allowed", "denied", "allowed", "denied"]);
    const lines = await bash(block);
    expect(lines.filter((line) => /^(allowed|denied)\b/.test(line)).map((line) => line.split(" ")[0])).toEqual(
      expected,
    );
  }, 60_000);

  it("answers over HTTP", async () => {
    const block = (blocks[3] ?? "").replace("http://127.0.0.1:8080", printed(/HTTP\s+(\S+)/));
    const [answer = ""] = await bash(block);
    expect(JSON.parse(answer)).toMatchObject({ decision: "DECISION_ALLOWED" });
  });

  it("gives a CI a token of its own, and finds all that on record", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const section = readme.split("## Who may call")[1]?.split("\n## ")[0] ?? "";
    const [block = ""] = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body = ""]) => body);
    const said = (await bash(block)).join("\n");
    expect(said).toMatch(/^API token \w{12} written to ci-token\nallowed\nKEY ID /);
    expect(said).toMatch(/^\d+ +\S+Z +api_token\.created +/m);
    expect(said).toMatch(/^sound: \d+ events/m);
  }, 60_000);
});
