import type { Holding } from "../model/residency.ts";
import type { Head, Revision } from "../model/revision.ts";
import type { TenantPlace } from "../model/tenant.ts";
import type { HeadCache } from "./head-cache.ts";

/** What is known of a tenant's newest revision, in memory (`holding`) and from heads that were read or written here. */
export interface Freshness {
  /** What memory has, if that was the newest not long ago. */
  confirmed(holding: Holding | undefined): Head | undefined;
  /** What a request that wants `atLeast` gets without waiting: undefined too where memory may soon be there. */
  now(tenant: TenantPlace, holding: Holding | undefined, atLeast: Revision): Head | undefined;
  /** A recent head from `atLeast` on: memory's own, which costs nothing to read at, before one that is newer. */
  known(tenant: TenantPlace, holding: Holding | undefined, atLeast: Revision): Head | undefined;
  /** Waits a little for memory to get to a revision. A tail that has not been heard of for long is not waited for. */
  reached(holding: Holding | undefined, revision: Revision, signal: AbortSignal | undefined): Promise<void>;
}

export interface FreshnessOptions {
  readonly maxStalenessMs: number;
  /** How long a request waits for memory to get there, before it is answered from the store instead. */
  readonly tokenWaitMs: number;
  readonly monotonic: () => number;
}

export function createFreshness(
  heads: Pick<HeadCache, "peek" | "showed">,
  { maxStalenessMs, tokenWaitMs, monotonic }: FreshnessOptions,
): Freshness {
  const confirmed = (holding: Holding | undefined): Head | undefined =>
    holding !== undefined && monotonic() - holding.confirmedAtMs <= maxStalenessMs ? holding.applied : undefined;
  /** Memory that has got as far as a recent head is as recent, whether it is known to be the newest or not. */
  const peeked = (tenant: TenantPlace, holding: Holding | undefined, atLeast: Revision): Head | undefined => {
    const head = heads.peek(tenant.id);
    if (head === undefined || head.revision < atLeast) return undefined;
    const applied = holding?.applied;
    if (applied !== undefined && applied.revision >= head.revision) return applied;
    heads.showed(tenant.id, head.revision);
    return head;
  };
  return {
    confirmed,
    now: (tenant, holding, atLeast) => {
      const applied = confirmed(holding);
      if (applied === undefined) return peeked(tenant, holding, atLeast);
      return applied.revision >= atLeast ? applied : undefined;
    },
    known: (tenant, holding, atLeast) => {
      const applied = confirmed(holding);
      return applied !== undefined && applied.revision >= atLeast ? applied : peeked(tenant, holding, atLeast);
    },
    reached: async (holding, revision, signal) => {
      const applied = confirmed(holding);
      if (holding !== undefined && applied !== undefined && applied.revision < revision)
        await holding.reach(revision, tokenWaitMs, signal);
    },
  };
}
