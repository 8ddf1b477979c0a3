import { chmod, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../src/storage/embedded/process.ts";

const PREFIX = "relata-test-";

/** Linux's file system in memory: copying the template, about a thousand small files, takes 25 ms there and 600 on a slow disk. */
const MEMORY = "/dev/shm";
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/** A directory that is removed when the test's scope ends (`await using`). Postgres can be started below it, as root too. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** `disk` for programs, which nothing may run from memory in some containers. */
export async function createTempDir(kind: "memory" | "disk" = "memory"): Promise<TempDir> {
  // Under root Postgres runs as another account, which must be able to come by: TMPDIR may be closed to it.
  const disk = process.getuid?.() === 0 ? "/var/tmp" : tmpdir();
  const base = kind === "memory" && (await isRoomy(MEMORY)) ? MEMORY : disk;
  await removeAbandoned(base);
  const path = await mkdtemp(join(base, `${PREFIX}${process.pid}-`));
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A container's is often 64 MiB. */
async function isRoomy(directory: string): Promise<boolean> {
  const space = await statfs(directory).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize >= MIN_FREE_BYTES;
}

/** Directories of test runs that were killed. */
async function removeAbandoned(base: string): Promise<void> {
  for (const entry of await readdir(base)) {
    const pid = entry.startsWith(PREFIX) ? Number(entry.slice(PREFIX.length).split("-")[0]) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(base, entry), { recursive: true, force: true });
  }
}
