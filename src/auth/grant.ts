import { type Access, accessOf, addAccess, commonAccess, NO_ACCESS } from "../model/access.ts";
import type { Principal } from "../model/principal.ts";
import { SCOPES, type Scope } from "../model/scope.ts";
import { isTenantSlug } from "../model/tenant.ts";
import type { Binding, TrustedIssuer } from "../model/trust.ts";
import { OWN_CLAIMS, ownLimits } from "./own-token.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

type Granted = Pick<Principal, "grant" | "access" | "accessByTenant">;

/**
 * What a proved caller may do, never more than the issuer's `scopes`:
 *  - bound to the platform: the scopes of those bindings, in no tenant;
 *  - of an issuer with a tenant claim: the token's own scopes, in that tenant;
 *  - otherwise: the scopes of each binding in the tenants of that binding. What is granted in one tenant does not reach
 *    another one.
 * @param claims the token's, or what `grantClaims` picked of them
 */
export function grantOf(
  issuer: TrustedIssuer,
  claims: JsonMembers,
  subject: string,
  bound: readonly Binding[],
): Granted {
  const ceiling = accessOf(issuer.scopes);
  // A binding could make more of relata's own tokens than they were issued with, and their `sub` is that of several issuers.
  const platform = issuer.keys.kind === "own" ? [] : bound.filter((binding) => binding.platform);
  if (platform.length > 0) {
    const access = platform.map((binding) => accessWithin(binding, ceiling)).reduce(addAccess, NO_ACCESS);
    return { grant: { kind: "platform" }, access };
  }
  if (issuer.tenant.kind === "claim") {
    const slug = tenantOf(claims, issuer.tenant.claim);
    const access = accessOf(tokenScopes(claims), issuer.keys.kind === "own" ? ownLimits(claims) : []);
    return { grant: { kind: "tenants", slugs: [slug] }, access: commonAccess(access, ceiling) };
  }
  return boundTenants(bound, ceiling, `${issuer.issuer} ${shown(subject)}`);
}

/** The claims that `grantOf` may look at: the others need not be kept with a token. */
export function grantClaims(issuer: TrustedIssuer, claims: JsonMembers): JsonMembers {
  if (issuer.tenant.kind === "bindings") return NO_CLAIMS;
  const names = [issuer.tenant.claim, "scope", "scp", ...(issuer.keys.kind === "own" ? [OWN_CLAIMS.objects] : [])];
  return new Map(names.filter((name) => claims.has(name)).map((name) => [name, claims.get(name)]));
}

const NO_CLAIMS: JsonMembers = new Map();

function accessWithin({ scopes, objects }: Binding, ceiling: Access): Access {
  return commonAccess(accessOf(scopes, objects), ceiling);
}

function tenantOf(claims: JsonMembers, claim: string): string {
  const slug = claims.get(claim);
  if (slug === undefined) refuse("tenant_claim_missing", claim);
  if (typeof slug !== "string" || !isTenantSlug(slug)) refuse("tenant_claim_invalid", `${claim} ${shown(slug)}`);
  return slug;
}

function boundTenants(bound: readonly Binding[], ceiling: Access, who: string): Granted {
  const accessByTenant = new Map<string, Access>();
  for (const binding of bound) {
    const access = accessWithin(binding, ceiling);
    for (const slug of binding.tenants) {
      accessByTenant.set(slug, addAccess(accessByTenant.get(slug) ?? NO_ACCESS, access));
    }
  }
  const [first, ...others] = accessByTenant.values();
  if (first === undefined) refuse("subject_unbound", who);
  const access = others.reduce(commonAccess, first);
  return { grant: { kind: "tenants", slugs: [...accessByTenant.keys()] }, access, accessByTenant };
}

/**
 * The scopes a token carries: `scope` (RFC 8693 §4.2), else `scp` as some servers call it; words in a string, or an array.
 * Words that are no scopes of relata (`openid`, `profile`) mean nothing here.
 */
function tokenScopes(claims: JsonMembers): readonly Scope[] {
  const name = claims.has("scope") ? "scope" : "scp";
  const value = claims.get(name);
  if (value === undefined) return [];
  const words: readonly unknown[] =
    typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : [value];
  if (!words.every((word) => typeof word === "string")) refuse("claim_invalid", name);
  return SCOPES.filter((scope) => words.includes(scope));
}
