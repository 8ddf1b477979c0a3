import { LRUCache } from "lru-cache";
import type { Residency } from "../model/residency.ts";
import type { Head, Revision } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import { createCoalescedReads } from "./coalesced-reads.ts";

/** The newest known head of each tenant, and how old that knowledge is. */
export interface HeadCache {
  /** A head that was the newest at some instant of the last `maxStalenessMs`. */
  recent(tenant: TenantPlace): Promise<Head>;
  /** A head read from the store after this call began, so that every write acknowledged before is in it. */
  fresh(tenant: TenantPlace): Promise<Head>;
  /** What is known without asking, if it is recent enough. */
  peek(tenantId: string): Head | undefined;
  /** Learns of a write that this process did. `startedAtMs` is when it was sent. */
  learn(tenantId: string, head: Head, startedAtMs: number): void;
  /** A request is answered at a revision that memory does not have: nobody after it is shown an older one. */
  showed(tenantId: string, revision: Revision): void;
  /** The newest revision that this process wrote or showed in the last `maxStalenessMs`; 0 for none. */
  shown(tenantId: string): Revision;
}

export interface HeadCacheOptions {
  readonly maxStalenessMs: number;
  /** Milliseconds that only pass: what the wall clock does makes no head older or younger. */
  readonly monotonic: () => number;
  /** Is told every head that is read or written here, and knows some by itself. */
  readonly residency?: Pick<Residency, "known"> | undefined;
}

interface Known {
  readonly head: Head;
  /** The head was current at this instant or later. */
  readonly asOfMs: number;
  /** Orders what was learned; a slow read never replaces what a later one found. */
  readonly order: number;
}

const MAX_TENANTS = 100_000;

export function createHeadCache(
  revisions: Pick<RevisionStore, "head">,
  { maxStalenessMs, monotonic, residency }: HeadCacheOptions,
): HeadCache {
  const known = new LRUCache<string, Known>({ max: MAX_TENANTS });
  const shown = new LRUCache<string, { readonly revision: Revision; readonly atMs: number }>({ max: MAX_TENANTS });
  let clock = 0;

  const isRecent = (sinceMs: number): boolean => monotonic() - sinceMs <= maxStalenessMs;

  const remember = (tenantId: string, found: Known): void => {
    if ((known.peek(tenantId)?.order ?? -1) < found.order) known.set(tenantId, found);
  };

  const reads = createCoalescedReads(monotonic, (tenant: TenantPlace, startedAtMs) => {
    const order = clock++;
    return revisions.head(tenant).then((head) => {
      remember(tenant.id, { head, asOfMs: startedAtMs, order });
      residency?.known(tenant.id)?.learn(head, startedAtMs);
      return head;
    });
  });

  /** What the residency knows without having been told. */
  const applied = (tenantId: string): Head | undefined => {
    const holding = residency?.known(tenantId);
    return holding !== undefined && isRecent(holding.confirmedAtMs) ? holding.applied : undefined;
  };

  const cache: HeadCache = {
    peek(tenantId) {
      const found = known.get(tenantId);
      const told = found !== undefined && isRecent(found.asOfMs) ? found.head : undefined;
      const followed = applied(tenantId);
      return told !== undefined && followed !== undefined && told.revision < followed.revision
        ? followed
        : (told ?? followed);
    },
    async recent(tenant) {
      const found = cache.peek(tenant.id);
      if (found !== undefined) return found;
      const running = reads.running(tenant.id);
      return running !== undefined && isRecent(running.startedAtMs) ? running.promise : cache.fresh(tenant);
    },
    fresh: reads.fresh,
    learn(tenantId, head, startedAtMs) {
      residency?.known(tenantId)?.learn(head, startedAtMs);
      cache.showed(tenantId, head.revision);
      const newest = known.peek(tenantId)?.head;
      if (newest !== undefined && newest.revision > head.revision) return;
      remember(tenantId, { head, asOfMs: startedAtMs, order: clock++ });
    },
    showed(tenantId, revision) {
      if (cache.shown(tenantId) < revision) shown.set(tenantId, { revision, atMs: monotonic() });
    },
    shown(tenantId) {
      const last = shown.get(tenantId);
      if (last === undefined) return 0;
      if (isRecent(last.atMs)) return last.revision;
      shown.delete(tenantId);
      return 0;
    },
  };
  return cache;
}
