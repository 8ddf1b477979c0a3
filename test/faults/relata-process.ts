import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

export interface RelataProcess {
  readonly address: string;
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
}

/** `relata serve`, tried again until its database lets it start, as a supervisor would. */
export async function startRelata(env: Readonly<Record<string, string>>): Promise<RelataProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const child = spawn(process.execPath, [MAIN, "serve", "--json"], {
      env: { ...env, PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit");
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const port = await Promise.race([portOf(child), ended.then(() => undefined)]);
    if (port !== undefined) {
      const kill = async () => {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await ended;
      };
      return { address: `127.0.0.1:${port}`, kill };
    }
    if (attempt === 20) throw new Error(`relata does not start: ${errors}`);
  }
}

/** Log lines are JSON too; the one with the ports comes once both servers listen. */
async function portOf(child: ChildProcess): Promise<number | undefined> {
  if (child.stdout === null) throw new Error("no output");
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve) => {
    lines.on("line", (text) => {
      const said = JSON.parse(text) as { readonly grpcPort?: number };
      if (said.grpcPort !== undefined) resolve(said.grpcPort);
    });
  });
}
