import { accessIn, admit, tenantDenied } from "../../auth/admission.ts";
import type { Principal } from "../../model/principal.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { Interceptor } from "../edge-call.ts";

/** Selects among the tenants that the caller's identity grants; it can never add one. */
export const TENANT_HEADER = "relata-tenant";

/** A tenant by its slug, suspended ones included; at once where it is known. */
export type FindTenant = (slug: string) => Tenant | Promise<Tenant | undefined>;

/**
 * Asks auth whether this caller may call this method, and puts the call into its tenant. A tenant that was not granted
 * is not even looked up, so that time tells nothing of it.
 */
export function createAdmit(findTenant: FindTenant): Interceptor {
  return (call, next) => {
    const { principal } = call;
    if (principal === undefined) throw new Error("admission comes after authentication");
    const slug = admit(principal, call.procedure, call.transport.header(TENANT_HEADER));
    call.access = accessIn(principal, slug);
    if (slug === undefined) return next(call);
    const found = findTenant(slug);
    if (!(found instanceof Promise)) {
      call.tenant = requireActive(found, slug, principal);
      return next(call);
    }
    return found.then((tenant) => {
      call.tenant = requireActive(tenant, slug, principal);
      return next(call);
    });
  };
}

/** @throws PERMISSION_DENIED, the same for a tenant that is not there and for one that is suspended */
export function requireActive(tenant: Tenant | undefined, slug: string, principal: Principal): Tenant {
  if (tenant === undefined) throw tenantDenied("tenant_unknown", slug, principal);
  if (tenant.state !== "active") throw tenantDenied("tenant_suspended", slug, principal);
  return tenant;
}
