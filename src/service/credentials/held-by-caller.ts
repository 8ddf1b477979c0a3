import { isCidrWithin } from "../../auth/address-list.ts";
import { RelataError } from "../../errors.ts";
import { accessOf, isWithin, type ObjectLimit } from "../../model/access.ts";
import type { Scope } from "../../model/scope.ts";
import type { PlatformCall, TenantCall } from "../call.ts";

/**
 * Nobody hands out more than he holds in this tenant, or on the platform.
 * @throws CREDENTIAL_TOO_BROAD
 */
export function requireHeldByCaller(
  { access }: Pick<PlatformCall, "access">,
  { scopes, objects }: { readonly scopes: readonly Scope[]; readonly objects: readonly ObjectLimit[] },
): void {
  if (isWithin(accessOf(scopes, objects), access)) return;
  const missing = scopes.filter((scope) => !isWithin(accessOf([scope], objects), access));
  throw new RelataError(
    "CREDENTIAL_TOO_BROAD",
    `this would hold more than your own credential does, which lacks: ${missing.join(", ")}${objects.length > 0 ? " of these objects" : ""}`,
    { metadata: { scopes: missing.join(" ") } },
  );
}

/**
 * Who may call from some addresses only does not hand out what is good from others.
 * @throws CREDENTIAL_TOO_BROAD
 */
export function requireAddressesOfCaller(
  { principal }: TenantCall,
  { allowedCidrs }: { readonly allowedCidrs: readonly string[] },
): void {
  const { allowedCidrs: own = [] } = principal;
  if (own.length === 0) return;
  if (allowedCidrs.length > 0 && allowedCidrs.every((cidr) => isCidrWithin(cidr, own))) return;
  throw new RelataError(
    "CREDENTIAL_TOO_BROAD",
    `this would be good from more addresses than your own credential, which is from ${own.slice(0, 10).join(", ")}`,
    { metadata: { field: "allowed_cidrs" } },
  );
}

/**
 * An API token's end says how long its maker was to be trusted, so it gives out nothing that has no end, or no addresses.
 * @throws CREDENTIAL_TOO_BROAD
 */
export function requireNoApiToken({ principal }: TenantCall): void {
  if (!isApiTokenCaller(principal)) return;
  throw new RelataError(
    "CREDENTIAL_TOO_BROAD",
    "a client's secret has no end, and your API token has one: use a token of your identity provider for this",
  );
}

export function isApiTokenCaller({ credential }: TenantCall["principal"]): boolean {
  return credential.startsWith("api_token:");
}
