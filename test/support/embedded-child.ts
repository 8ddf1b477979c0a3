import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connectionTo, type PgConnection } from "./postgres-connection.ts";

/** Another node process with a PostgreSQL of its own. Killed when the test's scope ends (`await using`). */
export interface EmbeddedChild extends AsyncDisposable {
  readonly child: ChildProcess;
  /** PostgreSQL's. */
  readonly pid: number;
  readonly connection: PgConnection;
  /** SIGKILL; resolves when the process has ended. Its PostgreSQL may not have, yet. */
  kill(): Promise<void>;
}

/** Starts test/support/embedded-parent.ts. Throws the child's own error when PostgreSQL does not start there. */
export async function spawnEmbedded(
  dataDir: string,
  { durable = false, ...options }: SpawnOptions & { readonly durable?: boolean } = {},
): Promise<EmbeddedChild> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "embedded-parent.ts"), dataDir, durable ? "durable" : ""],
    {
      ...options,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const said = await firstLine(child);
  if (said.error !== undefined) throw new Error(said.error);
  const ended = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await ended;
  };
  return { child, pid: said.pid, connection: connectionTo(said.connection), kill, [Symbol.asyncDispose]: kill };
}

interface Said {
  readonly error?: string;
  readonly pid: number;
  readonly connection: Omit<PgConnection, "url">;
}

async function firstLine(child: ChildProcess): Promise<Said> {
  if (child.stdout === null) throw new Error("the child's output is not a pipe");
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "close").then(() => Promise.reject(new Error("the child ended without a word")));
  const [line] = await Promise.race([once(lines, "line"), ended]);
  return JSON.parse(String(line));
}
