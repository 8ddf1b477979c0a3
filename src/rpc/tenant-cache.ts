import { LRUCache } from "lru-cache";
import { RelataError } from "../errors.ts";
import type { TenantStore } from "../model/store.ts";
import type { Tenant } from "../model/tenant.ts";
import type { FindTenant } from "./interceptors/admit.ts";

/** Says when a tenant's state or place is not as it was: by its id, or undefined when any of them may be not. */
export type TenantNews = (heard: (tenantId: string | undefined) => void) => void;

/** News comes at once; this is for what the log of changes does not tell, a row that was changed by hand. */
const FRESH_MS = 5_000;
/** Unknown slugs come from tokens too; a new tenant should not have to wait. */
const UNKNOWN_FRESH_MS = 500;
const MAX_TENANTS = 10_000;

/** Readings that news overtook, one after the other, before it is given up. */
const MAX_READINGS = 4;

/**
 * Tenants by slug, so that a call does not cost a query to find its own. Reads under way are shared. What was read before news
 * of the tenant was heard, or began to be read before, is used by nobody after, however late it comes.
 */
export function createTenantCache(tenants: Pick<TenantStore, "bySlug">, news?: TenantNews): FindTenant {
  const cache = new LRUCache<string, Entry>({ max: MAX_TENANTS, ttl: FRESH_MS });
  /** Apart from the cache, which forgets one that takes longer than an entry stays fresh while callers still wait for it. */
  const underWay = new Set<Entry>();
  news?.((tenantId) => {
    // Of a read under way nobody knows yet which tenant it will find.
    for (const entry of underWay) entry.overtaken = true;
    // Rare, and at most some thousand entries.
    for (const [slug, entry] of cache.entries()) {
      const { tenant } = entry;
      if (tenantId !== undefined && tenant !== undefined && tenant.id !== tenantId) continue;
      // Who waited for it may not have gone on yet.
      entry.overtaken = true;
      cache.delete(slug);
    }
  });

  const begin = (slug: string): Entry => {
    const entry: Entry = { asked: tenants.bySlug(slug), tenant: undefined, overtaken: false };
    cache.set(slug, entry);
    underWay.add(entry);
    const isCached = (): boolean => cache.peek(slug) === entry;
    entry.asked.then(
      (tenant) => {
        underWay.delete(entry);
        entry.tenant = tenant;
        if (tenant === undefined && isCached()) cache.set(slug, entry, { ttl: UNKNOWN_FRESH_MS });
      },
      () => {
        underWay.delete(entry);
        if (isCached()) cache.delete(slug);
      },
    );
    return entry;
  };

  const wait = async (slug: string, first: Entry): Promise<Tenant | undefined> => {
    let entry = first;
    for (let readingsLeft = MAX_READINGS; readingsLeft > 0; readingsLeft -= 1) {
      const tenant = await entry.asked;
      if (!entry.overtaken) return tenant;
      entry = cache.get(slug) ?? begin(slug);
    }
    throw new RelataError("CREDENTIALS_UNCONFIRMED", "this tenant changes faster than it can be read: try again soon", {
      retryAfterMs: 250,
    });
  };

  return (slug) => {
    const entry = cache.get(slug) ?? begin(slug);
    return entry.tenant ?? wait(slug, entry);
  };
}

interface Entry {
  readonly asked: Promise<Tenant | undefined>;
  /** Once the read has found it. */
  tenant: Tenant | undefined;
  /** News came before the read had ended, or since. */
  overtaken: boolean;
}
