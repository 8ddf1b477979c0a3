import { isCidr } from "../../auth/address-list.ts";
import { newApiToken, newKeyId } from "../../auth/api-token-format.ts";
import { RelataError } from "../../errors.ts";
import { isObjectScope, type ObjectLimit } from "../../model/access.ts";
import type { ApiTokenFacts, ApiTokenPolicy, NewApiToken } from "../../model/api-token.ts";
import type { Scope } from "../../model/scope.ts";
import type { TenantCall } from "../call.ts";
import { invalid, requireText } from "./fields.ts";
import { isApiTokenCaller } from "./held-by-caller.ts";

/** What a token may do and from where. */
export interface ApiTokenRights {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
  readonly allowedCidrs: readonly string[];
}

/** The secret is shown once: here. */
export interface IssuedApiToken {
  readonly secret: string;
  readonly token: NewApiToken;
}

const MAX_NAME = 100;
const MAX_CIDRS = 100;

/** @throws INVALID_REQUEST for rights that would mean nothing, or not what they seem to */
export function requireRights({ name, scopes, objects, allowedCidrs }: ApiTokenRights): void {
  requireText("name", name, 1, MAX_NAME);
  if (scopes.length === 0) throw invalid("scopes", "are empty: such a token could do nothing");
  const whole = objects.length === 0 ? undefined : scopes.find((scope) => !isObjectScope(scope));
  if (whole !== undefined)
    throw invalid("objects", `cannot narrow the scope "${whole}", which concerns the tenant as a whole`);
  if (allowedCidrs.length > MAX_CIDRS) throw invalid("allowed_cidrs", `are more than ${MAX_CIDRS}`);
  const wrong = allowedCidrs.findIndex((cidr) => !isCidr(cidr));
  if (wrong >= 0)
    throw invalid(`allowed_cidrs[${wrong}]`, "is no address or CIDR such as 192.0.2.0/24 or 2001:db8::/32");
}

/**
 * @param lifetimeMs undefined: the policy's default
 * @throws CREDENTIAL_TOO_BROAD for a life beyond the policy's, or beyond that of the API token that asks
 */
export function issueApiToken(
  env: string,
  call: TenantCall,
  rights: ApiTokenRights,
  life: { readonly lifetimeMs: number | undefined; readonly policy: ApiTokenPolicy; readonly rotatedFrom?: string },
): IssuedApiToken {
  const { tenant, principal, nowMs } = call;
  const { name, scopes, objects, allowedCidrs } = rights;
  const keyId = newKeyId();
  const { text, digest } = newApiToken(env, keyId);
  const token: NewApiToken = {
    keyId,
    tenantId: tenant.id,
    name,
    scopes,
    objects,
    allowedCidrs,
    digest,
    createdAtMs: nowMs,
    createdBy: principal.actor,
    expiresAtMs: endOf(call, life.lifetimeMs, life.policy),
    ...(life.rotatedFrom !== undefined && { rotatedFrom: life.rotatedFrom }),
  };
  return { secret: text, token };
}

/** @throws TOO_MANY_CREDENTIALS */
export function requireRoom({ active, policy }: ApiTokenFacts, ending: number): void {
  if (active - ending < policy.maxActive) return;
  throw new RelataError(
    "TOO_MANY_CREDENTIALS",
    `this tenant has ${active} active API tokens, and its policy allows ${policy.maxActive}: revoke some`,
    { metadata: { active: String(active), max: String(policy.maxActive) } },
  );
}

function inDays(ms: number): string {
  const days = ms / 86_400_000;
  return Number.isInteger(days) ? `${days} days` : `${ms / 1000} s`;
}

function endOf({ principal, nowMs }: TenantCall, lifetimeMs: number | undefined, policy: ApiTokenPolicy): number {
  if (lifetimeMs !== undefined && lifetimeMs > policy.maxLifetimeMs) {
    throw new RelataError(
      "CREDENTIAL_TOO_BROAD",
      `lifetime is longer than this tenant's policy allows: ${inDays(policy.maxLifetimeMs)}`,
      { metadata: { field: "lifetime", maxSeconds: String(policy.maxLifetimeMs / 1000) } },
    );
  }
  const endMs = nowMs + (lifetimeMs ?? policy.defaultLifetimeMs);
  // A JWT's end says when its issuer wants to be asked again; an API token's, how long its maker was to be trusted.
  if (!isApiTokenCaller(principal) || endMs <= principal.expiresAtMs) return endMs;
  if (lifetimeMs === undefined) return principal.expiresAtMs;
  throw new RelataError("CREDENTIAL_TOO_BROAD", "lifetime goes beyond the end of the API token that asks for it", {
    metadata: { field: "lifetime" },
  });
}
