import { RelataError } from "../errors.ts";
import { isTenantSlug, type Tenant } from "../model/tenant.ts";
import type { PlatformCall } from "./call.ts";
import type { VerbDeps } from "./deps.ts";
import { originOf } from "./origin.ts";

/** `schemaName` empty for the slug. */
export interface CreateTenantRequest {
  readonly slug: string;
  readonly schemaName: string;
}

export type CreateTenant = (call: PlatformCall, request: CreateTenantRequest) => Promise<Tenant>;

export function createCreateTenant({ store }: Pick<VerbDeps, "store">): CreateTenant {
  return async (call, { slug, schemaName }) => {
    requireSlug("slug", slug);
    if (schemaName !== "") requireSlug("schema_name", schemaName);
    return store.tenants.create(schemaName === "" ? { slug } : { slug, schemaName }, originOf(call));
  };
}

/** INVALID_REQUEST at `field`. */
export function requireSlug(field: string, text: string): void {
  if (!isTenantSlug(text))
    throw new RelataError(
      "INVALID_REQUEST",
      `${field} must be 1 to 63 lower-case letters, digits and "-", and neither start nor end with "-"`,
      { metadata: { field } },
    );
}
