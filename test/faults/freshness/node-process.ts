import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ClockMessage } from "./steered-clock.ts";

const CLOCK = join(import.meta.dirname, "steered-clock.ts");
const MAIN = join(import.meta.dirname, "../../../src/main.ts");
/** `relata serve --json`; an entry of a test's own says the same when it is ready. */
export const SERVE: readonly string[] = [MAIN, "serve", "--json"];

/** A node that runs. */
export interface NodeProcess {
  /** Of the gRPC port. */
  readonly address: string;
  readonly httpUrl: string;
  readonly pid: number;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Puts the wall clock this far from the real one. Resolves once it is. */
  setClock(offsetMs: number): Promise<void>;
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
  /** The end of what it logged. */
  log(): string;
}

const ATTEMPTS = 30;
const LOG_LINES = 40;

/** Tried again until its database lets it start, as a supervisor would; undefined when aborted. */
export async function startNode(
  program: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<NodeProcess | undefined> {
  const said: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt += 1) {
    const child = spawn(process.execPath, ["--import", CLOCK, ...program], {
      env: { ...env, PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const ended = once(child, "exit");
    const kill = async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await ended;
    };
    const stop = () => void child.kill("SIGKILL");
    signal.addEventListener("abort", stop, { once: true });
    const ports = await Promise.race([portsOf(child, said), ended.then(() => undefined)]);
    if (ports !== undefined && child.pid !== undefined) return nodeOf(child, child.pid, ports, kill, said);
    signal.removeEventListener("abort", stop);
    await kill();
  }
  if (signal.aborted) return undefined;
  throw new Error(`relata does not start: ${said.join("\n")}`);
}

function nodeOf(
  child: ChildProcess,
  pid: number,
  ports: Ports,
  kill: () => Promise<void>,
  said: readonly string[],
): NodeProcess {
  return {
    address: `127.0.0.1:${ports.grpcPort}`,
    httpUrl: `http://127.0.0.1:${ports.httpPort}`,
    pid,
    signal: (signal) => void child.kill(signal),
    async setClock(offsetMs) {
      const message: ClockMessage = { offsetMs };
      const held = Promise.race([once(child, "message"), once(child, "exit")]);
      child.send(message, () => {});
      await held;
    },
    kill,
    log: () => said.join("\n"),
  };
}

interface Ports {
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** Log lines are JSON too; the one with the ports comes once both servers listen. */
function portsOf(child: ChildProcess, said: string[]): Promise<Ports> {
  const note = (text: string) => {
    said.push(text);
    if (said.length > LOG_LINES) said.shift();
  };
  if (child.stdout === null || child.stderr === null) throw new Error("no output");
  createInterface({ input: child.stderr }).on("line", note);
  return new Promise((resolve) => {
    if (child.stdout === null) throw new Error("no output");
    createInterface({ input: child.stdout }).on("line", (text) => {
      note(text);
      const ports = portsIn(text);
      if (ports?.grpcPort !== undefined) resolve(ports);
    });
  });
}

function portsIn(text: string): Ports | undefined {
  try {
    return JSON.parse(text) as Ports;
  } catch {
    return undefined;
  }
}
