/** Where a tenant's rows live. Every statement names both. */
export interface TenantPlace {
  /** UUID, lower case. */
  readonly id: string;
  /** Partition key, 0–63 shared, larger for a partition of the tenant's own. */
  readonly bucket: number;
}

/**
 * `suspended` and everything after it is refused to the tenant's callers, in the same words as a tenant that does not exist.
 * `offboarded` is what stays of a tenant that was removed: its slug is given to nobody else.
 */
export const TENANT_STATES = ["active", "suspended", "offboarding", "offboarded"] as const;
export type TenantState = (typeof TENANT_STATES)[number];

export interface Tenant extends TenantPlace {
  /** What people and tokens call it; unique, `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`. */
  readonly slug: string;
  readonly schemaName: string;
  readonly state: TenantState;
  readonly createdAtMs: number;
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function isTenantSlug(slug: string): boolean {
  return SLUG.test(slug);
}

/** Buckets that tenants share; `sharedBucket` spreads them evenly. */
export const SHARED_BUCKETS = 64;

/** Has the tenant a partition of its own? */
export function isOwnBucket(bucket: number): boolean {
  return bucket >= SHARED_BUCKETS;
}

/** The bucket a new tenant gets: the last six bits of its id, which are random in UUIDs of versions 4 and 7. */
export function sharedBucket(id: string): number {
  return Number.parseInt(id.slice(-2), 16) % SHARED_BUCKETS;
}

const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A UUID in lower case. */
export function isTenantId(id: string): boolean {
  return TENANT_ID.test(id);
}
