import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../src/storage/embedded/process.ts";

const PREFIX = "relata-test-";

/** A directory that is removed when the test's scope ends (`await using`). Postgres can be started below it, as root too. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

export async function createTempDir(): Promise<TempDir> {
  // Under root Postgres runs as another account, which must be able to come by: TMPDIR may be closed to it.
  const base = process.getuid?.() === 0 ? "/var/tmp" : tmpdir();
  await removeAbandoned(base);
  const path = await mkdtemp(join(base, `${PREFIX}${process.pid}-`));
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Directories of test runs that were killed. */
async function removeAbandoned(base: string): Promise<void> {
  for (const entry of await readdir(base)) {
    const pid = entry.startsWith(PREFIX) ? Number(entry.slice(PREFIX.length).split("-")[0]) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(base, entry), { recursive: true, force: true });
  }
}
