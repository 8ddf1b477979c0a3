import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const READY_TIMEOUT_MS = 60_000;

/** What a user's own shell has: none of npm's variables, and the Node that is installed instead of this project's. */
export function userEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|VITE_|TEST$|NODE_|RELATA_|FORCE_COLOR|NO_COLOR)/i.test(name),
  );
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  // Where test/run.ts keeps compiled code: processes begin in half the time.
  const cache = process.env["NODE_COMPILE_CACHE"];
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }),
    ...more,
  };
}

/** Node as installed on this machine, when it is older than relata needs; undefined otherwise. */
export async function olderNode(): Promise<string | undefined> {
  for (const part of (userEnv()["PATH"] ?? "").split(delimiter)) {
    const node = join(part, "node");
    if (!existsSync(node)) continue;
    const { stdout } = await run(`${node} -p process.versions.node`);
    return Number(stdout.split(".")[0]) < 24 ? node : undefined;
  }
  return undefined;
}

/** A `relata dev` that is being watched. */
export interface DevProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves once it has printed everything; rejects when it ends before. */
  ready(): Promise<void>;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export const EPHEMERAL = ["--grpc-port", "0", "--http-port", "0", "--issuer-port", "0"];

/** @param command such as `[process.execPath, "src/main.ts"]` or `["npm", "start", "--"]`; run in the project's folder */
export function startDev(command: readonly string[], flags: readonly string[], env = userEnv()): DevProcess {
  const [file = "", ...args] = [...command, ...flags];
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.stderr += text;
  });
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  const ready = async () => {
    const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
    while (!texts.stdout.includes("Ctrl-C ends it")) {
      const told = once(child.stdout, "data", { signal: timeout });
      const over = ended.then((code) => {
        throw new Error(`dev ended with ${code}: ${texts.stderr}`);
      });
      await Promise.race([told, over]);
    }
  };
  return { child, pid: child.pid ?? 0, stdout: () => texts.stdout, stderr: () => texts.stderr, ready, ended };
}

/** One thing to paste, as it stands in the output, and what the comment below it says it prints. */
export interface Pasted {
  readonly command: string;
  readonly answer: string;
}

export function pastedFrom(stdout: string): readonly Pasted[] {
  const part = stdout.slice(stdout.indexOf("Paste into another terminal"), stdout.indexOf("Ctrl-C ends it"));
  return part
    .split("\n\n")
    .slice(1)
    .filter((block) => block.trim() !== "")
    .map((block) => {
      const lines = block.split("\n");
      return { command: block, answer: (lines.at(-1) ?? "").replace(/^# /, "") };
    });
}

export interface ShellRun {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Pastes into a shell in the project's folder. */
export async function run(command: string, env = userEnv()): Promise<ShellRun> {
  const child = spawn("sh", ["-c", command], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(child, "close");
  return { exit: code ?? signal, stdout, stderr };
}
