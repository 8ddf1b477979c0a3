import type { TokenPosition } from "../model/consistency.ts";
import type { Holding } from "../model/residency.ts";
import type { Head } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import type { Freshness } from "./freshness.ts";
import type { HeadCache } from "./head-cache.ts";
import { beyondHistory, expired, requireReadable, requireSameHistory } from "./history-refusals.ts";
import { createPastRevisions } from "./past-revisions.ts";

/** Finds the state at the revision of a token, while it is readable. @throws TOKEN_EXPIRED, REVISION_UNAVAILABLE */
export interface ExactSnapshots {
  /**
   * From memory, while that is known to be of this history: a database may have been restored from a backup, and have come to
   * the same numbers again with other contents.
   */
  now(holding: Holding | undefined, at: TokenPosition, nowMs: number): Head | undefined;
  /** From the store. Facts of history are kept; that a token is beyond the head is asked of the database each time. */
  find(tenant: TenantPlace, holding: Holding | undefined, at: TokenPosition, nowMs: number): Promise<Head>;
}

export function createExactSnapshots(
  revisions: Pick<RevisionStore, "at">,
  heads: Pick<HeadCache, "fresh">,
  { confirmed, known }: Freshness,
  { readableWindowMs }: { readonly readableWindowMs: number },
): ExactSnapshots {
  const past = createPastRevisions(revisions);
  return {
    now(holding, at, nowMs) {
      const applied = confirmed(holding);
      const found = applied && holding?.headAt(at.revision);
      if (found === undefined) return undefined;
      const successor = holding?.headAt(at.revision + 1);
      requireSameHistory(at, found);
      if (successor !== undefined) requireReadable(successor, nowMs, readableWindowMs);
      return found;
    },
    async find(tenant, holding, at, nowMs) {
      const newest = known(tenant, holding, at.revision + 1) ?? (await heads.fresh(tenant));
      if (at.revision > newest.revision) throw beyondHistory(at, newest);
      if (at.revision === newest.revision) return requireSameHistory(at, newest);
      const [found, successor] = await Promise.all([past(tenant, at.revision), past(tenant, at.revision + 1)]);
      if (found === undefined || successor === undefined) throw expired(readableWindowMs);
      requireReadable(successor, nowMs, readableWindowMs);
      return requireSameHistory(at, found);
    },
  };
}
