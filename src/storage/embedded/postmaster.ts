import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelataError } from "../../errors.ts";
import { isAlive } from "./process.ts";

/** What a running server says of itself in its data directory's postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  /** The file's last line. */
  readonly status: "starting" | "ready" | "stopping" | undefined;
}

/** How long a server that shows no sign of stopping gets: its watchdog sees the death of its parent within milliseconds. */
const NOTICE_MS = 1500;
/** How long a server that is stopping gets: its watchdog ends it the hard way after 10 s. */
const STOPPING_MS = 20_000;
const POLL_MS = 10;
/** Above every system's limit (4,194,304 on Linux): no process has this id. */
const NOBODYS_PID = 5_000_000;

/** Undefined when there is no file, or one being written just now. */
export async function readPostmaster(pgdata: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(pgdata, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const word = lines[7]?.trim();
  return { pid, status: word === "starting" || word === "ready" || word === "stopping" ? word : undefined };
}

/**
 * Returns once no server runs on `pgdata`. A server whose relata was just killed is on its way out and is waited for;
 * one that is in use fails with STORE_UNAVAILABLE naming its pid.
 */
export async function awaitFree(pgdata: string): Promise<void> {
  const started = performance.now();
  for (;;) {
    const postmaster = await readPostmaster(pgdata);
    if (postmaster === undefined || !isAlive(postmaster.pid)) return;
    if (await isSomebodyElse(postmaster.pid)) return await disown(pgdata, postmaster.pid);
    const patience = postmaster.status === "stopping" ? STOPPING_MS : NOTICE_MS;
    if (performance.now() - started > patience) throw alreadyRunning(pgdata, postmaster.pid);
    await sleep(POLL_MS);
  }
}

export function alreadyRunning(pgdata: string, pid: number): RelataError {
  return new RelataError(
    "STORE_UNAVAILABLE",
    `another PostgreSQL (pid ${pid}) is running on ${pgdata}: stop the relata that started it, or use another data directory`,
    { metadata: { pid: String(pid) } },
  );
}

/**
 * After a power cut the id in the file may belong to any program by now, and in a container whose first process buries
 * nobody a killed server stays on as a zombie. Only Linux tells; elsewhere assume the worst.
 */
async function isSomebodyElse(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // `pid (name) state …`
  return stat !== undefined && !/^\d+ \(postgres\) [^ZX]/.test(stat);
}

/**
 * PostgreSQL would take the stranger for itself and refuse to start. Removing the file would also remove the key by which
 * it finds backends that outlived their postmaster, so only the id is replaced, by one nobody has.
 */
async function disown(pgdata: string, pid: number): Promise<void> {
  const file = join(pgdata, "postmaster.pid");
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.startsWith(`${pid}\n`)) await writeFile(file, text.replace(/^\d+/, String(NOBODYS_PID)));
}

/** The socket's lock is stale whenever nobody holds the data directory: the socket directory is that server's alone. */
export async function removeStaleSocket(socketDir: string, port: number): Promise<void> {
  for (const suffix of ["", ".lock"]) await rm(join(socketDir, `.s.PGSQL.${port}${suffix}`), { force: true });
}
