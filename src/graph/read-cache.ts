import { LRUCache } from "lru-cache";
import type { TupleStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import { bytesOfPart } from "./read-keys.ts";
import { type KeptPart, TenantReads } from "./tenant-reads.ts";

/** Rows read from the store, of all tenants together; the least recently used leave. */
export interface ReadCache {
  /** An empty memory for a tenant, whoever has one already, whose place is asked for with each read. Forgets on its own what does not fit. */
  reads(place: () => TenantPlace): TenantReads;
  readonly counts: ReadCounts;
}

/** Parts of needs (see read-keys.ts): totals since the start; bytes and entries are now. */
export interface ReadCounts {
  /** Estimated. */
  readonly bytes: number;
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  /** Waited for what another request was reading. */
  readonly coalesced: number;
}

/** Bounded by bytes, or by the number of parts. 0 keeps nothing; concurrent reads are shared all the same. */
export type ReadCacheSize = { readonly maxBytes: number } | { readonly maxEntries: number };

/** An answer larger than this share of the cache would push out too much, and is not kept. */
const LARGEST_SHARE = 1 / 16;

export function createReadCache(store: Pick<TupleStore, "source">, size: ReadCacheSize): ReadCache {
  const tally = { hits: 0, misses: 0, coalesced: 0 };
  const parts = createLru(size);
  const shelf = {
    tally,
    keep: (part: KeptPart) => {
      if (parts === undefined) return false;
      parts.set(part, part);
      return parts.has(part);
    },
    use: (part: KeptPart) => void parts?.get(part),
    drop: (part: KeptPart) => void parts?.delete(part),
  };
  return {
    reads: (place) => new TenantReads((revision, signal) => store.source(place(), revision, signal), shelf),
    get counts() {
      return { ...tally, bytes: parts?.calculatedSize ?? 0, entries: parts?.size ?? 0 };
    },
  };
}

function createLru(size: ReadCacheSize): LRUCache<KeptPart, KeptPart> | undefined {
  const dispose = (part: KeptPart) => part.owner.left(part);
  const sizeCalculation = ({ key, rows }: KeptPart) => bytesOfPart(key, rows ?? []);
  if ("maxEntries" in size)
    return size.maxEntries === 0
      ? undefined
      : new LRUCache({ max: size.maxEntries, sizeCalculation, dispose, maxSize: Number.MAX_SAFE_INTEGER });
  if (size.maxBytes === 0) return undefined;
  const maxEntrySize = Math.max(1, Math.floor(size.maxBytes * LARGEST_SHARE));
  return new LRUCache({ maxSize: size.maxBytes, maxEntrySize, sizeCalculation, dispose });
}
