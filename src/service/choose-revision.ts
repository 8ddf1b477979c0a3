import type { Consistency, TokenPosition } from "../model/consistency.ts";
import type { Holding } from "../model/residency.ts";
import type { Head } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import { createExactSnapshots } from "./exact-snapshot.ts";
import { createFreshness, type FreshnessOptions } from "./freshness.ts";
import type { HeadCache } from "./head-cache.ts";
import { beyondHistory, requireSameHistory } from "./history-refusals.ts";

/**
 * Picks the revision a request is answered at: one that memory has, wherever the request allows it. `holding` is what memory
 * has of the tenant; without one everything is asked of the store.
 *
 * Errors: TOKEN_EXPIRED when an exact snapshot has left the readable window; REVISION_UNAVAILABLE when a token is
 * newer than the database or of another history, as after restoring a backup.
 */
export interface RevisionChooser {
  /** Without waiting, from what is known; undefined when something must be asked first. */
  now(tenant: TenantPlace, holding: Holding | undefined, wanted: Wanted): Head | undefined;
  /** Asks and waits where it must. */
  choose(tenant: TenantPlace, holding: Holding | undefined, wanted: Wanted): Promise<Head>;
}

export interface Wanted {
  readonly consistency: Consistency;
  /** The request's instant, milliseconds since the epoch: the readable window is counted back from it. */
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

export interface RevisionChooserOptions extends FreshnessOptions {
  readonly readableWindowMs: number;
}

export function createRevisionChooser(
  revisions: Pick<RevisionStore, "at">,
  heads: HeadCache,
  options: RevisionChooserOptions,
): RevisionChooser {
  const freshness = createFreshness(heads, options);
  const { now, known, reached } = freshness;
  const snapshots = createExactSnapshots(revisions, heads, freshness, options);

  /** Memory's head where it has got as far as `found`; else `found`, for the store to answer at. */
  const inMemory = (tenant: TenantPlace, holding: Holding | undefined, found: Head): Head => {
    const applied = holding?.applied;
    if (applied !== undefined && applied.revision >= found.revision) return applied;
    heads.showed(tenant.id, found.revision);
    return found;
  };

  const atLeast = async (tenant: TenantPlace, holding: Holding | undefined, at: TokenPosition): Promise<Head> => {
    const newest = await heads.fresh(tenant);
    if (newest.revision < at.revision) throw beyondHistory(at, newest);
    satisfying(at, newest);
    return inMemory(tenant, holding, newest);
  };

  return {
    now(tenant, holding, { consistency, nowMs }) {
      switch (consistency.kind) {
        case "minimize_latency":
          return now(tenant, holding, heads.shown(tenant.id));
        case "fully_consistent":
          return undefined;
        case "at_least_as_fresh":
          return satisfying(consistency.at, now(tenant, holding, consistency.at.revision));
        case "at_exact_snapshot":
          return snapshots.now(holding, consistency.at, nowMs);
      }
    },
    async choose(tenant, holding, { consistency, nowMs, signal }) {
      switch (consistency.kind) {
        case "minimize_latency": {
          const shown = heads.shown(tenant.id);
          await reached(holding, shown, signal);
          const head = known(tenant, holding, shown) ?? (await heads.recent(tenant));
          return inMemory(tenant, holding, head.revision < shown ? await heads.fresh(tenant) : head);
        }
        case "fully_consistent": {
          const head = await heads.fresh(tenant);
          await reached(holding, head.revision, signal);
          return inMemory(tenant, holding, head);
        }
        case "at_least_as_fresh": {
          const { at } = consistency;
          await reached(holding, at.revision, signal);
          const head = satisfying(at, known(tenant, holding, at.revision));
          return head === undefined ? atLeast(tenant, holding, at) : inMemory(tenant, holding, head);
        }
        case "at_exact_snapshot":
          return (
            snapshots.now(holding, consistency.at, nowMs) ?? snapshots.find(tenant, holding, consistency.at, nowMs)
          );
      }
    },
  };
}

/** @throws REVISION_UNAVAILABLE when `head` is at the token's revision and of another history */
function satisfying(at: TokenPosition, head: Head | undefined): Head | undefined {
  return head?.revision === at.revision ? requireSameHistory(at, head) : head;
}
