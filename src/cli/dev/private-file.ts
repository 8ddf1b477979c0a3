import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Only the account that wrote it may read it. */
const PRIVATE_MODE = 0o600;

/** Writes a secret so that a reader sees the old or the new text, never a part, and nobody else sees any. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: PRIVATE_MODE, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The JSON kept at `path`; made by `make`, and kept, the first time. */
export async function keptPrivately<T>(path: string, make: () => Promise<T>): Promise<T> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = await make();
  await writePrivate(path, `${JSON.stringify(made)}\n`);
  return made;
}
