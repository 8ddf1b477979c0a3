import { LRUCache } from "lru-cache";
import type { TenantStore } from "../model/store.ts";
import type { Tenant } from "../model/tenant.ts";
import type { FindTenant } from "./interceptors/admit.ts";

/** How long a suspension or a new tenant may take to be noticed by each process. */
const FRESH_MS = 5_000;
/** Unknown slugs come from tokens too; a new tenant should not have to wait. */
const UNKNOWN_FRESH_MS = 500;
const MAX_TENANTS = 10_000;

/** Tenants by slug, so that a call does not cost a query to find its own. Reads under way are shared. */
export function createTenantCache(tenants: Pick<TenantStore, "bySlug">): FindTenant {
  const cache = new LRUCache<string, Entry>({ max: MAX_TENANTS, ttl: FRESH_MS });
  return (slug) => {
    const known = cache.get(slug);
    if (known !== undefined) return known.tenant ?? known.asked;
    const entry: Entry = { asked: tenants.bySlug(slug), tenant: undefined };
    cache.set(slug, entry);
    const isCached = (): boolean => cache.peek(slug) === entry;
    entry.asked.then(
      (tenant) => {
        entry.tenant = tenant;
        if (tenant === undefined && isCached()) cache.set(slug, entry, { ttl: UNKNOWN_FRESH_MS });
      },
      () => {
        if (isCached()) cache.delete(slug);
      },
    );
    return entry.asked;
  };
}

interface Entry {
  readonly asked: Promise<Tenant | undefined>;
  /** Once the read has found it. */
  tenant: Tenant | undefined;
}
