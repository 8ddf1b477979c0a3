import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fromJson } from "../../bench/report/json.ts";
import { WORKLOAD_NAMES } from "../../bench/workloads/workloads.ts";
import { makeTempDir } from "../../src/cli/demo/temp-dir.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** What the bench promises of two quiet cores. Needs a quiet machine: with a load of 11 on two cores it took 238 s, which says nothing of the bench. */
const PROMISED_SECONDS = 120;
const MOST_MS = 600_000;

interface Ended {
  readonly exit: number | string | null | undefined;
  readonly output: string;
}

/** As somebody runs it who has nothing but Node. */
function runQuick(directory: string): Promise<Ended> {
  const { DATABASE_URL: _, ...env } = process.env;
  const args = ["bench/run.ts", "--quick", "--report", directory];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: ROOT, env, timeout: MOST_MS, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ exit: error === null ? 0 : error.code, output: `${stdout}${stderr}` });
      },
    );
  });
}

it(
  "npm run bench -- --quick asks every workload, gets right answers, and ends within two minutes",
  async () => {
    const directory = await makeTempDir();
    try {
      const begin = performance.now();
      const { exit, output } = await runQuick(directory.path);
      const seconds = (performance.now() - begin) / 1000;
      expect(exit, output).toBe(0);
      expect(output).toContain("every one right");
      const files = await readdir(directory.path);
      expect(files.map((file) => file.replace(/^.*-quick/, "")).toSorted()).toEqual([".html", ".json", ".md"]);
      const json = files.find((file) => file.endsWith(".json")) ?? "";
      const { answers, mode } = fromJson(await readFile(join(directory.path, json), "utf8"));
      expect([mode, answers.wrong]).toEqual(["quick", []]);
      for (const name of WORKLOAD_NAMES) expect(answers.byWorkload?.[name] ?? 0, name).toBeGreaterThan(0);
      expect(seconds, `seconds, with a load of ${loadavg()[0]}: is the machine quiet?`).toBeLessThan(PROMISED_SECONDS);
    } finally {
      await directory.remove();
    }
  },
  MOST_MS + 10_000,
);
