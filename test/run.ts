// What `npm test` runs: node test/run.ts [--long] [vitest's own filters and options]
//
// Vitest runs in a child process, so that whatever becomes of it, the last line tells the outcome:
// `12 passed, 0 failed`, or `11 passed, 0 failed, 1 skipped`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Tally } from "./support/tally.ts";

/** From the last test to the end of the run: workers, the database and its directory go. */
const END_TIMEOUT_MS = 30_000;

/** Compiled code and stripped types, for this run's many processes and the next run: half of what starting `relata` costs. */
const COMPILE_CACHE = join(import.meta.dirname, "..", "node_modules", ".cache", "node-compile");

const args = process.argv.slice(2);
const { tally, succeeded } = await runVitest(args.map((arg) => (arg === "--long" ? "--mode=long" : arg)));
const problem = judge(tally, succeeded);
for (const { test, reason } of tally?.skipped ?? []) {
  console.log(`skipped: ${test}: ${reason ?? 'no reason given (give one: context.skip("why"))'}`);
}
if (problem !== undefined) console.log(problem);
// A run that broke without a failing test must not read like a good one.
const failed = tally?.failed || (problem === undefined ? 0 : 1);
const skipped = tally?.skipped.length ? `, ${tally.skipped.length} skipped` : "";
console.log(`${tally?.passed ?? 0} passed, ${failed} failed${skipped}`);
process.exitCode = problem === undefined ? 0 : 1;

function judge(outcome: Tally | undefined, wasSuccess: boolean): string | undefined {
  if (outcome === undefined) return "the run ended without a result: see above";
  if (outcome.failed > 0) return "some tests failed: see above";
  if (outcome.passed === 0) return "no test ran: see above";
  return wasSuccess ? undefined : "every test passed, but the run failed: see above";
}

async function runVitest(vitestArgs: readonly string[]): Promise<{ tally: Tally | undefined; succeeded: boolean }> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const reporters = ["--reporter=default", `--reporter=${join(import.meta.dirname, "support", "tally.ts")}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...vitestArgs], {
    // Failures go to the same stream as the rest, or a log of it would lack them.
    stdio: ["ignore", "inherit", 1, "ipc"],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env },
  });
  let tally: Tally | undefined;
  child.on("message", (message) => {
    tally = message as Tally;
  });
  // A terminal's Ctrl-C reaches the child as well: let it clean up, then tell the outcome.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const closed = once(child, "close");
  await Promise.race([closed, once(child, "message")]);
  // Vitest waits for ever for a process that a test left running, if it holds the worker's output open.
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  const [code] = await closed;
  clearTimeout(timer);
  return { tally, succeeded: code === 0 };
}
