import { RelataError } from "../errors.ts";
import type { TokenPosition } from "../model/consistency.ts";
import type { Head } from "../model/revision.ts";

/** A restored database can grow past a token again; the schema version tells the two histories apart where it differs. */
export function requireSameHistory(at: TokenPosition, found: Head): Head {
  if (found.schemaVersion !== at.schemaVersion) throw beyondHistory(at, found);
  return found;
}

/** A revision is readable for so long after its successor was committed. */
export function requireReadable(successor: Head, nowMs: number, windowMs: number): void {
  if (successor.committedAtMs < nowMs - windowMs) throw expired(windowMs);
}

export function beyondHistory(at: TokenPosition, newest: Head): RelataError {
  return new RelataError(
    "REVISION_UNAVAILABLE",
    "the database does not have the revision of this token: it was restored from an older backup, or this server " +
      "reads a replica that lags; retry, or drop the token if the data was restored",
    { detail: `token ${at.revision}/${at.schemaVersion}, database ${newest.revision}/${newest.schemaVersion}` },
  );
}

export function expired(windowMs: number): RelataError {
  return new RelataError(
    "TOKEN_EXPIRED",
    `the revision of this token is no longer readable: history is kept for ${windowMs / 1000} s; start again without it`,
    { metadata: { readableWindowMs: String(windowMs) } },
  );
}
