import { LRUCache } from "lru-cache";
import type { Residency } from "../model/residency.ts";
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
  revisions: Pick<RevisionStore, "head">,
  { maxStalenessMs, monotonic, residency }: HeadCacheOptions,
): HeadCache {
  const known = new LRUCache<string, Known>({ max: MAX_TENANTS });
  const reads = new Map<string, Reads>();
  let clock = 0;

  const isRecent = (sinceMs: number): boolean => monotonic() - sinceMs <= maxStalenessMs;

  const remember = (tenantId: string, found: Known): void => {
    if ((known.peek(tenantId)?.order ?? -1) < found.order) known.set(tenantId, found);
  };

  const read = (tenant: TenantPlace): HeadRead => {
    const startedAtMs = monotonic();
    const order = clock++;
    const promise = revisions.head(tenant).then((head) => {
      remember(tenant.id, { head, asOfMs: startedAtMs, order });
      residency?.known(tenant.id)?.learn(head, startedAtMs);
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
      const running = reads.get(tenant.id)?.running;
      return running !== undefined && isRecent(running.startedAtMs) ? running.promise : cache.fresh(tenant);
    },
    fresh(tenant) {
      const entry = reads.get(tenant.id);
      return entry === undefined ? start(tenant).promise : queue(tenant, entry);
    },
    learn(tenantId, head, startedAtMs) {
      residency?.known(tenantId)?.learn(head, startedAtMs);
      const newest = known.peek(tenantId)?.head;
      if (newest !== undefined && newest.revision > head.revision) return;
      remember(tenantId, { head, asOfMs: startedAtMs, order: clock++ });
    },
  };
  return cache;
}
