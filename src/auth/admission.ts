import { RelataError } from "../errors.ts";
import { type Access, isWithin, NO_ACCESS } from "../model/access.ts";
import type { Principal } from "../model/principal.ts";
import type { Scope } from "../model/scope.ts";
import { shown } from "./refusal.ts";
import { type MethodAccess, methodAccess } from "./scope.ts";

/** Why a proved caller is turned away: codes for the log, the beginning of `RelataError.detail`. */
export const DENIALS = {
  method_unknown: "no scope is defined for the method, so nobody may call it",
  out_of_reach: "the caller holds the scope, narrowed to other objects",
  scope_missing: "the caller does not hold the method's scope in this tenant",
  platform_only: "the method is for platform principals",
  tenant_only: "the method needs a tenant, and a platform principal is in none",
  tenant_not_granted: "the relata-tenant header names a tenant the caller has no access to: a cross-tenant attempt",
  tenant_unknown: "the tenant granted does not exist (any more)",
  tenant_suspended: "the tenant granted is suspended",
  tenant_ambiguous: "the caller is bound to several tenants and the relata-tenant header names none",
} as const satisfies Record<string, string>;

export type DenialReason = keyof typeof DENIALS;

const NO_TENANT =
  "no access to this tenant. The relata-tenant header selects one of the tenants that your credential is bound to; " +
  "leave it out when there is one only";
const NO_METHOD = "this credential may not call this method";

/**
 * Decides whether a caller may call a method, and in which tenant.
 * @param requestedTenant the `relata-tenant` header: it selects among the tenants granted, and adds none
 * @returns the tenant's slug; undefined for a method outside any tenant
 * @throws PERMISSION_DENIED, the same for a tenant of others and one that does not exist
 */
export function admit(principal: Principal, method: string, requestedTenant: string | undefined): string | undefined {
  const access = requireKind(principal, method);
  const tenant = inTenant(access, principal, requestedTenant) ? chooseTenant(principal, requestedTenant) : undefined;
  requireScope(principal, method, tenant);
  return tenant;
}

/**
 * A principal of a tenant calls what either kind may call in its tenant, a platform principal in none. One that names a tenant
 * means to be in it, and must not get an answer about all of them.
 */
function inTenant({ kind }: MethodAccess, { grant }: Principal, requestedTenant: string | undefined): boolean {
  return kind === "tenant" || (kind === "either" && (grant.kind === "tenants" || requestedTenant !== undefined));
}

/** The tenant a request is for: the only one granted, or the one of those granted that the header names. */
export function chooseTenant(principal: Principal, requestedTenant: string | undefined): string {
  const { grant } = principal;
  if (grant.kind === "platform") return deny("tenant_only", NO_TENANT, principal);
  if (requestedTenant !== undefined) {
    if (grant.slugs.includes(requestedTenant)) return requestedTenant;
    return deny("tenant_not_granted", NO_TENANT, principal, shown(requestedTenant));
  }
  const [only] = grant.slugs;
  return grant.slugs.length === 1 && only !== undefined ? only : deny("tenant_ambiguous", NO_TENANT, principal);
}

/**
 * The refusal for a tenant that was granted and turns out not to exist or to be suspended: to the caller it is the same as
 * for a tenant of others.
 */
export function tenantDenied(reason: "tenant_unknown" | "tenant_suspended", slug: string, by: Principal): RelataError {
  return denial(reason, NO_TENANT, by, shown(slug));
}

/**
 * @param method full name, as in METHOD_SCOPES
 * @param tenant the tenant chosen; without it only scopes count that the caller holds in every tenant granted
 * @throws PERMISSION_DENIED
 */
export function requireScope(principal: Principal, method: string, tenant?: string): void {
  const access = requireKind(principal, method);
  if (access.kind === "public") return;
  requireHeld(principal, access.scope, method, tenant);
}

/** What a caller may do in the tenant chosen; without one, on the platform, or in every tenant granted. */
export function accessIn(principal: Principal, tenant: string | undefined): Access {
  if (tenant === undefined || principal.accessByTenant === undefined) return principal.access;
  return principal.accessByTenant.get(tenant) ?? NO_ACCESS;
}

/**
 * @param what needs the scope: a method, or an option of one that shows more than the method's own scope allows
 * @throws PERMISSION_DENIED
 */
export function requireHeld(principal: Principal, scope: Scope, what: string, tenant?: string): void {
  if (accessIn(principal, tenant).has(scope)) return;
  const message = `this credential lacks the scope "${scope}", which ${what} needs`;
  deny("scope_missing", message, principal, scope, { scope });
}

/**
 * Of a call that goes on: its scope reaches at least as far as it did.
 * @param before what the caller could do when it was let in
 * @throws PERMISSION_DENIED
 */
export function requireKept(principal: Principal, method: string, before: Access, now: Access): void {
  const access = methodAccess(method);
  if (access === undefined || access.kind === "public" || before === now) return;
  const { scope } = access;
  const reach = before.get(scope);
  if (reach !== undefined && isWithin(new Map([[scope, reach]]), now)) return;
  throw outOfReach(principal, scope, `what ${method} was let in for`);
}

/** The refusal for what a scope that was narrowed to some objects does not reach. `what` comes from the request. */
export function outOfReach(principal: Principal, scope: Scope, what: string): RelataError {
  const message = `this credential's scope "${scope}" is narrowed to other objects: it does not reach ${what}`;
  return denial("out_of_reach", message, principal, `${scope} ${shown(what)}`, { scope });
}

function requireKind(principal: Principal, method: string): MethodAccess {
  const access = methodAccess(method);
  if (access === undefined) return deny("method_unknown", NO_METHOD, principal, shown(method));
  const platform = principal.grant.kind === "platform";
  if (access.kind === "platform" && !platform) return deny("platform_only", NO_METHOD, principal, method);
  if (access.kind === "tenant" && platform) return deny("tenant_only", NO_METHOD, principal, method);
  return access;
}

function deny(...why: Parameters<typeof denial>): never {
  throw denial(...why);
}

function denial(
  reason: DenialReason,
  message: string,
  principal: Principal,
  about = "",
  metadata: Readonly<Record<string, string>> = {},
): RelataError {
  const detail = `${reason}: ${about} by ${shown(principal.actor)}`;
  return new RelataError("PERMISSION_DENIED", message, { detail, metadata });
}
