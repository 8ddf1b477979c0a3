import { execFile } from "node:child_process";
import { access, chown, constants, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { RelataError } from "../../errors.ts";
import { type Account, firstUnsearchable } from "./account.ts";
import { draftPrefix, removeAbandoned, renameUnlessThere } from "./draft.ts";
import { errorCode } from "./process.ts";

export const SUPERUSER = "postgres";
/** PostgreSQL reads nothing else from its environment: messages and sort order must not depend on who starts it. */
export const SERVER_ENV = { LC_ALL: "C", PATH: "/usr/bin:/bin" } as const;

const CLUSTER = "pgdata";

/** Makes `dataDir` where it is missing, and sees that the server's account can reach it. Returns the cluster's place. */
export async function prepareDataDir(dataDir: string, account: Account | undefined): Promise<string> {
  try {
    // Under root other accounts must pass through; the cluster inside is closed to them.
    await mkdir(dataDir, { recursive: true, mode: account === undefined ? 0o700 : 0o755 });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const message = `cannot use the data directory ${dataDir}: ${errorCode(cause)}; name another one`;
    throw new RelataError("STORE_UNAVAILABLE", message, { cause });
  }
  const closed = account && (await firstUnsearchable(dataDir, account));
  if (closed !== undefined) {
    throw new RelataError(
      "STORE_UNAVAILABLE",
      `relata runs as root and PostgreSQL as ${account?.name}, which may not enter ${closed}: use a data directory elsewhere (below /var/lib, say), or set DATABASE_URL`,
    );
  }
  return join(dataDir, CLUSTER);
}

/** True when there is a cluster. Throws STORE_UNAVAILABLE when it belongs to an account PostgreSQL does not run as. */
export async function isInitialized(pgdata: string, account: Account | undefined): Promise<boolean> {
  const found = await stat(pgdata).catch(() => undefined);
  if (found === undefined) return false;
  const uid = account?.uid ?? process.getuid?.();
  if (found.uid === uid) return true;
  throw new RelataError(
    "STORE_UNAVAILABLE",
    `${pgdata} belongs to uid ${found.uid}, and PostgreSQL would run as uid ${uid}: start relata as the user who made it, or use another data directory`,
  );
}

/**
 * Makes a cluster (0.5–0.9 s). It is made under another name and appears by one rename: killed halfway it leaves no
 * half cluster, and of two that do this at once the first wins.
 */
export async function initCluster(
  binDir: string,
  pgdata: string,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  await removeAbandoned(dirname(pgdata), CLUSTER);
  const draft = await mkdtemp(draftPrefix(pgdata));
  if (account !== undefined) await chown(draft, account.uid, account.gid);
  const args = ["-D", draft, "-U", SUPERUSER, "-A", "trust", "--locale=C", "-E", "UTF8", "--no-instructions"];
  try {
    await promisify(execFile)(join(binDir, "initdb"), durable ? args : [...args, "--no-sync"], {
      ...(account && { uid: account.uid, gid: account.gid }),
      cwd: "/",
      env: SERVER_ENV,
    });
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    throw initFailure(binDir, cause);
  }
  await renameUnlessThere(draft, pgdata);
}

function initFailure(binDir: string, cause: unknown): RelataError {
  // The kernel says ENOENT of a program that exists when its loader does not: glibc's, on Alpine.
  const message =
    errorCode(cause) === "ENOENT"
      ? `cannot run ${join(binDir, "initdb")}: it is built for glibc (2.27 or newer), which systems on musl such as Alpine lack; set DATABASE_URL`
      : `initdb failed: ${lastLine(cause)}`;
  return new RelataError("STORE_UNAVAILABLE", message, { cause });
}

function lastLine(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
  return said.split("\n").findLast((line) => /error|fatal|could not|cannot/i.test(line)) ?? (said || String(cause));
}
