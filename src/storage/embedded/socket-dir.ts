import { createHash } from "node:crypto";
import { chown, lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RelataError } from "../../errors.ts";
import type { Account } from "./account.ts";
import { errorCode } from "./process.ts";

/** The socket's address must be shorter than 104 bytes on macOS and 108 on Linux. */
const MAX_SOCKET_BYTES = 100;

/**
 * Where the server's Unix socket goes: the cluster itself, which only the server's account and root may enter (there is no
 * password), or a directory of the same kind in /tmp, named after the cluster, when that path is too long.
 */
export async function prepareSocketDir(pgdata: string, port: number, account: Account | undefined): Promise<string> {
  if (Buffer.byteLength(join(pgdata, `.s.PGSQL.${port}`)) < MAX_SOCKET_BYTES) return pgdata;
  const directory = `/tmp/relata-${createHash("sha256").update(pgdata).digest("hex").slice(0, 16)}`;
  try {
    await mkdir(directory, { mode: 0o700 });
    if (account !== undefined) await chown(directory, account.uid, account.gid);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  // Anybody can make a directory in /tmp first: use it only when nobody else can enter it.
  const { uid, mode } = await lstat(directory);
  if (uid === (account?.uid ?? process.getuid?.()) && (mode & 0o170777) === 0o040700) return directory;
  throw new RelataError(
    "STORE_UNAVAILABLE",
    `${pgdata} is too long for a Unix socket, and ${directory} belongs to somebody else: use a shorter data directory`,
  );
}
