import { LRUCache } from "lru-cache";
import type { Head } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";

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
}

interface Known {
  readonly head: Head;
  /** The head was current at this instant or later. */
  readonly asOfMs: number;
  /** Orders what was learned; a slow read never replaces what a later one found. */
  readonly order: number;
}

interface HeadRead {
  readonly startedAtMs: number;
  readonly promise: Promise<Head>;
}

/** At most one read under way per tenant, and one more waiting behind it that all later askers share. */
interface Reads {
  running: HeadRead;
  next: Promise<Head> | undefined;
}

const MAX_TENANTS = 100_000;

export function createHeadCache(
  revisions: RevisionStore,
  options: { readonly maxStalenessMs: number; readonly now: () => number },
): HeadCache {
  const { maxStalenessMs, now } = options;
  const known = new LRUCache<string, Known>({ max: MAX_TENANTS });
  const reads = new Map<string, Reads>();
  let clock = 0;

  /** A clock that was set back makes knowledge old, not young: else other processes' writes stay unseen until it catches up. */
  const isRecent = (sinceMs: number): boolean => {
    const ageMs = now() - sinceMs;
    return ageMs >= 0 && ageMs <= maxStalenessMs;
  };

  const remember = (tenantId: string, found: Known): void => {
    if ((known.peek(tenantId)?.order ?? -1) < found.order) known.set(tenantId, found);
  };

  const read = (tenant: TenantPlace): HeadRead => {
    const startedAtMs = now();
    const order = clock++;
    const promise = revisions.head(tenant).then((head) => {
      remember(tenant.id, { head, asOfMs: startedAtMs, order });
      return head;
    });
    return { startedAtMs, promise };
  };

  const start = (tenant: TenantPlace): HeadRead => {
    const running = read(tenant);
    const entry: Reads = { running, next: undefined };
    reads.set(tenant.id, entry);
    const settle = (): void => {
      if (entry.next === undefined && reads.get(tenant.id) === entry) reads.delete(tenant.id);
    };
    running.promise.then(settle, settle);
    return running;
  };

  const queue = (tenant: TenantPlace, entry: Reads): Promise<Head> => {
    entry.next ??= entry.running.promise.then(
      () => start(tenant).promise,
      () => start(tenant).promise,
    );
    return entry.next;
  };

  const cache: HeadCache = {
    peek(tenantId) {
      const found = known.get(tenantId);
      return found !== undefined && isRecent(found.asOfMs) ? found.head : undefined;
    },
    async recent(tenant) {
      const found = cache.peek(tenant.id);
      if (found !== undefined) return found;
      const running = reads.get(tenant.id)?.running;
      return running !== undefined && isRecent(running.startedAtMs) ? running.promise : cache.fresh(tenant);
    },
    fresh(tenant) {
      const entry = reads.get(tenant.id);
      return entry === undefined ? start(tenant).promise : queue(tenant, entry);
    },
    learn(tenantId, head, startedAtMs) {
      const newest = known.peek(tenantId)?.head;
      if (newest !== undefined && newest.revision > head.revision) return;
      remember(tenantId, { head, asOfMs: startedAtMs, order: clock++ });
    },
  };
  return cache;
}
