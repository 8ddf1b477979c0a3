import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, isAlive } from "./process.ts";

// A directory that takes a while to fill is filled under another name, `<name>.<pid>-<random>`, and renamed.

/** For mkdtemp. */
export function draftPrefix(target: string): string {
  return `${target}.${process.pid}-`;
}

/** Renames a directory; when `target` is there already (and not empty), drops `draft` instead. */
export async function renameUnlessThere(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes drafts of `name` whose maker was killed halfway. */
export async function removeAbandoned(directory: string, name: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    const pid = entry.startsWith(`${name}.`) ? Number.parseInt(entry.slice(name.length + 1), 10) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) {
      await rm(join(directory, entry), { recursive: true, force: true });
    }
  }
}
