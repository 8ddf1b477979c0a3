import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../storage/embedded/process.ts";

const PREFIX = "relata-demo-";

/** A directory for a database that is thrown away. Removes those of demos that were killed. */
export async function makeTempDir(): Promise<{ path: string; remove(): Promise<void> }> {
  // Under root PostgreSQL runs as another account, which must be able to come by: TMPDIR may be closed to it.
  const base = process.getuid?.() === 0 ? "/var/tmp" : tmpdir();
  for (const entry of await readdir(base)) {
    const pid = entry.startsWith(PREFIX) ? Number(entry.slice(PREFIX.length).split("-")[0]) : Number.NaN;
    // Another account's leftovers are that account's to remove.
    if (Number.isInteger(pid) && !isAlive(pid))
      await rm(join(base, entry), { recursive: true, force: true }).catch(() => {});
  }
  const path = await mkdtemp(join(base, `${PREFIX}${process.pid}-`));
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
