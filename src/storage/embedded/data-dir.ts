import { join } from "node:path";
import { RelataError } from "../../errors.ts";

/** Below this, root's data and the runtime copied for the server's account lie; it is reachable by every account. */
export const SYSTEM_HOME = "/var/lib/relata";

/**
 * Where the data of the embedded PostgreSQL called `name` lies by default: /var/lib/relata/<name> for root (its home is
 * closed to the server's account), else $XDG_DATA_HOME/relata/<name>, else ~/.local/share/relata/<name>.
 */
export function defaultDataDir(name: string, env: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return join(SYSTEM_HOME, name);
  const dataHome = env["XDG_DATA_HOME"] || (env["HOME"] && join(env["HOME"], ".local", "share"));
  if (dataHome) return join(dataHome, "relata", name);
  throw new RelataError(
    "STORE_UNAVAILABLE",
    "cannot tell where to keep the data: HOME is not set; name a data directory",
  );
}
