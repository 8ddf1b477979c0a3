import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, it } from "vitest";
import "../../support/postgres-global.ts";
import { createTempDir } from "../../support/temp-dir.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** What a quiet machine is needed for: six runs of the engine in processes of their own, which take turns. */
const RUNS = ["a", "slow-a", "b", "slow-b", "c", "slow-c"] as const;
const SLOWER = ["--slow-solver", "0.3"];

/** `npm run bench` with these arguments. @returns its exit code and what it printed */
async function bench(...args: readonly string[]): Promise<{ readonly exit: number; readonly text: string }> {
  const env = { ...process.env, DATABASE_URL: inject("testCluster").admin.url };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["bench/run.ts", ...args], { cwd: ROOT, env });
    return { exit: 0, text: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== "number") throw error;
    return { exit: code, text: stdout + stderr };
  }
}

describe("runs of the engine, and runs of one whose solver takes 30 % longer", () => {
  let compare: (a: string, b: string) => ReturnType<typeof bench>;
  beforeAll(async () => {
    const folder = await createTempDir();
    const file = (run: string) => join(folder.path, `${run}.json`);
    for (const run of RUNS) {
      const slower = run.startsWith("slow") ? SLOWER : [];
      const ran = await bench("engine", "--quick", "--tuples", "100000", "--no-report", "--json", file(run), ...slower);
      expect(ran.exit, ran.text).toBe(0);
    }
    compare = (a, b) => bench("compare", file(a), file(b));
    return () => folder[Symbol.asyncDispose]();
  }, 900_000);

  it.each([
    ["a", "slow-a"],
    ["b", "slow-b"],
    ["c", "slow-c"],
  ])("%s against %s: worse", async (a, b) => {
    const { exit, text } = await compare(a, b);
    expect(exit, text).toBe(1);
    expect(text).toContain("check_vs_compute");
  });

  it.each([
    ["a", "b"],
    ["b", "c"],
    ["slow-a", "slow-b"],
    ["slow-b", "slow-c"],
  ])("%s against %s: nothing worse", async (a, b) => {
    const { exit, text } = await compare(a, b);
    expect(exit, text).toBe(0);
  });
});
