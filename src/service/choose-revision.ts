import { LRUCache } from "lru-cache";
import { RelataError } from "../errors.ts";
import type { Consistency, TokenPosition } from "../model/consistency.ts";
import type { Head, Revision } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import type { HeadCache } from "./head-cache.ts";

/**
 * Picks the revision a request is answered at.
 *
 * Errors: TOKEN_EXPIRED when an exact snapshot has left the readable window; REVISION_UNAVAILABLE when a token is
 * newer than the database or of another history, as after restoring a backup.
 */
export type RevisionChooser = (tenant: TenantPlace, consistency: Consistency, nowMs: number) => Promise<Head>;

const MAX_KNOWN_REVISIONS = 10_000;

export function createRevisionChooser(
  revisions: RevisionStore,
  heads: HeadCache,
  options: { readonly readableWindowMs: number },
): RevisionChooser {
  const history = createHistory(revisions);

  /** Facts of history are kept; that a token is beyond the head is asked of the database each time. */
  const exact = async (tenant: TenantPlace, at: TokenPosition, nowMs: number): Promise<Head> => {
    let newest = heads.peek(tenant.id);
    if (newest === undefined || newest.revision <= at.revision) newest = await heads.fresh(tenant);
    if (at.revision > newest.revision) throw beyondHistory(at, newest);
    if (at.revision === newest.revision) return sameHistory(at, newest);
    const [found, successor] = await Promise.all([history(tenant, at.revision), history(tenant, at.revision + 1)]);
    if (found === undefined || successor === undefined) throw expired(options.readableWindowMs);
    if (successor.committedAtMs < nowMs - options.readableWindowMs) throw expired(options.readableWindowMs);
    return sameHistory(at, found);
  };

  const atLeast = async (tenant: TenantPlace, at: TokenPosition): Promise<Head> => {
    const known = heads.peek(tenant.id);
    const newest = known !== undefined && known.revision >= at.revision ? known : await heads.fresh(tenant);
    if (newest.revision < at.revision) throw beyondHistory(at, newest);
    return newest.revision === at.revision ? sameHistory(at, newest) : newest;
  };

  return async (tenant, consistency, nowMs) => {
    switch (consistency.kind) {
      case "minimize_latency":
        return heads.recent(tenant);
      case "fully_consistent":
        return heads.fresh(tenant);
      case "at_least_as_fresh":
        return atLeast(tenant, consistency.at);
      case "at_exact_snapshot":
        return exact(tenant, consistency.at, nowMs);
    }
  };
}

/** The state at a revision never changes, so what was found is kept; what was not found is not. */
function createHistory(
  revisions: RevisionStore,
): (tenant: TenantPlace, revision: Revision) => Promise<Head | undefined> {
  const facts = new LRUCache<string, Head>({ max: MAX_KNOWN_REVISIONS });
  return async (tenant, revision) => {
    const key = `${tenant.id}@${revision}`;
    const known = facts.get(key);
    if (known !== undefined) return known;
    const found = await revisions.at(tenant, revision);
    if (found !== undefined) facts.set(key, found);
    return found;
  };
}

/** A restored database can grow past a token again; the schema version tells the two histories apart where it differs. */
function sameHistory(at: TokenPosition, found: Head): Head {
  if (found.schemaVersion !== at.schemaVersion) throw beyondHistory(at, found);
  return found;
}

function beyondHistory(at: TokenPosition, newest: Head): RelataError {
  return new RelataError(
    "REVISION_UNAVAILABLE",
    "the database does not have the revision of this token: it was restored from an older backup, or this server " +
      "reads a replica that lags; retry, or drop the token if the data was restored",
    { detail: `token ${at.revision}/${at.schemaVersion}, database ${newest.revision}/${newest.schemaVersion}` },
  );
}

function expired(windowMs: number): RelataError {
  return new RelataError(
    "TOKEN_EXPIRED",
    `the revision of this token is no longer readable: history is kept for ${windowMs / 1000} s; start again without it`,
    { metadata: { readableWindowMs: String(windowMs) } },
  );
}
