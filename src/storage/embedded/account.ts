import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { RelataError } from "../../errors.ts";

/** The account PostgreSQL runs as; it refuses to run as root, and initdb refuses a uid without an entry in passwd. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined when PostgreSQL can run as whoever runs relata; an existing unprivileged account when that is root. */
export async function serverAccount(passwdFile = "/etc/passwd"): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile(passwdFile, "utf8")).split("\n").map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const found = accounts.find(([name]) => name === wanted);
    // macOS writes nobody's uid as -2.
    if (found !== undefined) return { name: wanted, uid: Number(found[2]) >>> 0, gid: Number(found[3]) >>> 0 };
  }
  throw new RelataError(
    "STORE_UNAVAILABLE",
    "PostgreSQL does not run as root, and this system has no account postgres or nobody to run it as: run relata as an ordinary user, or set DATABASE_URL",
  );
}

/** The first of `path` and its parents that `account` may not search; undefined when it may search all of them. */
export async function firstUnsearchable(path: string, account: Account): Promise<string | undefined> {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const { uid, gid, mode } = await stat(directory);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}
