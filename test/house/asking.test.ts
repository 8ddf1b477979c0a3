import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevProcess, EPHEMERAL, ROOT, startDev, userEnv } from "../e2e/dev-process.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";

const run = promisify(execFile);
const bin = join(ROOT, "bin", "relata.js");
const PAGE = join(ROOT, "docs", "asking.md");
const REWRITE = process.env["RELATA_REWRITE_EXPECTED"] === "1";

/** A block for the shell, and what it prints where the page says so. */
interface Example {
  readonly script: string;
  readonly expected: string | undefined;
}

function examplesOf(page: string): readonly Example[] {
  const blocks = page.matchAll(/^```sh\n([\s\S]*?)^```$(?:\n\n^```text\n([\s\S]*?)^```$)?/gm);
  return [...blocks].map(([, script = "", expected]) => ({ script, expected }));
}

/** The blocks of the page in order, run by bash as they stand, against one `relata dev`. */
describe("docs/asking.md", async () => {
  const page = await readFile(PAGE, "utf8");
  const examples = examplesOf(page);
  const printed = new Map<Example, string>();
  let folder: TempDir;
  let dev: DevProcess;

  beforeAll(async () => {
    folder = await createTempDir();
    dev = startDev([process.execPath, bin, "dev"], ["--data-dir", join(folder.path, "data"), ...EPHEMERAL]);
    await dev.ready();
  }, 60_000);
  afterAll(async () => {
    dev.child.kill("SIGINT");
    await dev.ended;
    await folder[Symbol.asyncDispose]();
    if (REWRITE) await writeFile(PAGE, rewritten(page, printed));
  });

  async function bash(script: string): Promise<string> {
    const npx = `npx() { shift; "${process.execPath}" "${bin}" "$@" || [ $? = 1 ]; }`;
    const { stdout } = await run("bash", ["-c", `set -eu\n${npx}\n${script}`], {
      cwd: folder.path,
      env: userEnv({
        RELATA_SERVER: /gRPC\s+(\S+)/.exec(dev.stdout())?.[1] ?? "",
        RELATA_HTTP: /HTTP\s+(\S+)/.exec(dev.stdout())?.[1] ?? "",
        RELATA_TOKEN_FILE: /token\s+(\/\S+)/.exec(dev.stdout())?.[1] ?? "",
      }),
    });
    return stdout;
  }

  it("has its examples", () => {
    expect(examples.filter(({ expected }) => expected !== undefined)).toHaveLength(10);
  });

  it.each(examples.map((example, index) => [index, example] as const))(
    "example %i prints what the page says",
    async (_, example) => {
      const output = await bash(example.script);
      printed.set(example, output);
      if (!REWRITE && example.expected !== undefined) expect(output).toBe(example.expected);
    },
    60_000,
  );
});

function rewritten(page: string, printed: ReadonlyMap<Example, string>): string {
  let text = page;
  for (const [{ script, expected }, output] of printed) {
    if (expected === undefined) continue;
    const head = `\`\`\`sh\n${script}\`\`\`\n\n\`\`\`text\n`;
    text = text.replace(`${head}${expected}\`\`\``, () => `${head}${output}\`\`\``);
  }
  return text;
}
