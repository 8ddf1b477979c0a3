import { RelataError } from "../errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { PlatformCall } from "./call.ts";
import { requireSlug } from "./create-tenant.ts";
import type { VerbDeps } from "./deps.ts";

export type TenantName =
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "slug"; readonly slug: string };

export type GetTenant = (call: PlatformCall, name: TenantName) => Promise<Tenant>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** TENANT_NOT_FOUND. Only platform principals come here, who may know which tenants there are. */
export function createGetTenant({ store }: Pick<VerbDeps, "store">): GetTenant {
  return async (_call, name) => {
    const tenant = await find(store, name);
    if (tenant === undefined)
      throw new RelataError("TENANT_NOT_FOUND", `there is no tenant with this ${name.kind}`, {
        metadata: { field: name.kind },
      });
    return tenant;
  };
}

async function find(store: VerbDeps["store"], name: TenantName): Promise<Tenant | undefined> {
  if (name.kind === "slug") {
    requireSlug("slug", name.slug);
    return store.tenants.bySlug(name.slug);
  }
  if (!UUID.test(name.id))
    throw new RelataError("INVALID_REQUEST", "id must be a UUID in lower case, as TenantService.Create returned it", {
      metadata: { field: "id" },
    });
  return store.tenants.byId(name.id);
}
