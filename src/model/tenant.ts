/** Where a tenant's rows live. Every statement names both. */
export interface TenantPlace {
  /** UUID, lower case. */
  readonly id: string;
  /** Partition key, 0–63 shared, larger for a partition of the tenant's own. */
  readonly bucket: number;
}

export type TenantState = "active" | "suspended";

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
