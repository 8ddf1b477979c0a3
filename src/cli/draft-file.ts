import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { cannotWrite } from "./files.ts";

/** Only the account that wrote it may read it. */
const PRIVATE_MODE = 0o600;

/** A file that is not there under its name until it is whole. */
export interface DraftFile {
  readonly path: string;
  write(text: string): Promise<void>;
  /** Puts it in place of whatever was there; readers see the old or the new, never a part. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** Opened before what it is for, so that a path that cannot be written to costs nothing. @throws CliError */
export async function openDraft(context: CliContext, path: string): Promise<DraftFile> {
  const target = resolve(context.cwd, path);
  const there = await stat(target).catch(() => undefined);
  if (there?.isDirectory()) throw badInput(`cannot write ${path}: this is a directory, not a file`, { where: path });
  const draft = `${target}.${randomBytes(6).toString("hex")}`;
  const handle: FileHandle = await open(draft, "wx", PRIVATE_MODE).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  return {
    path,
    write: async (text) => {
      await handle.writeFile(text);
    },
    keep: async () => {
      await handle.sync();
      await handle.close();
      await rename(draft, target);
    },
    discard: async () => {
      await handle.close().catch(() => undefined);
      await rm(draft, { force: true });
    },
  };
}
