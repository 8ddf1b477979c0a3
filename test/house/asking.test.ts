import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevProcess, EPHEMERAL, ROOT, startDev, userEnv } from "../e2e/dev-process.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";

const run = promisify(execFile);
const bin = join(ROOT, "bin", "relata.js");
/** And how many of their examples say what is printed. */
const PAGES = { "asking.md": 10, "audit.md": 0 } as const;
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

/** The blocks of each page in order, run by bash as they stand, against one `relata dev`. */
describe("docs", async () => {
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

  describe.each(Object.entries(PAGES))("%s", async (name, count) => {
    const path = join(ROOT, "docs", name);
    const page = await readFile(path, "utf8");
    const examples = examplesOf(page);
    const printed = new Map<Example, string>();
    afterAll(async () => {
      if (REWRITE) await writeFile(path, rewritten(page, printed));
    });

    it("has its examples", () => {
      expect(examples.length).toBeGreaterThan(1);
      expect(examples.filter(({ expected }) => expected !== undefined)).toHaveLength(count);
    });

    it.each(examples.map((example, index) => [index, example] as const))(
      "example %i prints what the page says",
      async (_, example) => {
        const output = await bash(example.script);
        printed.set(example, output);
        if (!REWRITE && example.expected !== undefined) expect(output).toBe(example.expected);
        // Of a proof, which is no failure of the command.
        expect(output).not.toContain("broken at");
      },
      60_000,
    );
  });
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
