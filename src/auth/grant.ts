import { type Principal, SCOPES, type Scope } from "../model/principal.ts";
import { isTenantSlug } from "../model/tenant.ts";
import type { Binding, TrustedIssuer } from "../model/trust.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

type Granted = Pick<Principal, "grant" | "scopes" | "scopesByTenant">;

/**
 * What a proved caller may do, never more than the issuer's `scopes`:
 *  - bound to the platform: the scopes of those bindings, in no tenant;
 *  - of an issuer with a tenant claim: the token's own scopes, in that tenant;
 *  - otherwise: the scopes of each binding in the tenants of that binding. What is granted in one tenant does not reach
 *    another one.
 */
export function grantOf(
  issuer: TrustedIssuer,
  claims: JsonMembers,
  subject: string,
  bound: readonly Binding[],
): Granted {
  const ceiling = new Set(issuer.scopes);
  const platform = bound.filter((binding) => binding.platform);
  if (platform.length > 0) {
    const scopes = limited(
      platform.flatMap((binding) => binding.scopes),
      ceiling,
    );
    return { grant: { kind: "platform" }, scopes };
  }
  if (issuer.tenant.kind === "claim") {
    const slug = tenantOf(claims, issuer.tenant.claim);
    return { grant: { kind: "tenants", slugs: [slug] }, scopes: limited(tokenScopes(claims), ceiling) };
  }
  return boundTenants(bound, ceiling, `${issuer.issuer} ${shown(subject)}`);
}

function limited(scopes: Iterable<Scope>, ceiling: ReadonlySet<Scope>): Set<Scope> {
  return new Set([...scopes].filter((scope) => ceiling.has(scope)));
}

function tenantOf(claims: JsonMembers, claim: string): string {
  const slug = claims.get(claim);
  if (slug === undefined) refuse("tenant_claim_missing", claim);
  if (typeof slug !== "string" || !isTenantSlug(slug)) refuse("tenant_claim_invalid", `${claim} ${shown(slug)}`);
  return slug;
}

function boundTenants(bound: readonly Binding[], ceiling: ReadonlySet<Scope>, who: string): Granted {
  const scopesByTenant = new Map<string, ReadonlySet<Scope>>();
  for (const binding of bound) {
    const scopes = limited(binding.scopes, ceiling);
    for (const slug of binding.tenants) {
      scopesByTenant.set(slug, new Set([...scopes, ...(scopesByTenant.get(slug) ?? [])]));
    }
  }
  const [first, ...others] = scopesByTenant.values();
  if (first === undefined) refuse("subject_unbound", who);
  const everywhere = others.reduce<ReadonlySet<Scope>>(limited, first);
  return { grant: { kind: "tenants", slugs: [...scopesByTenant.keys()] }, scopes: everywhere, scopesByTenant };
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
