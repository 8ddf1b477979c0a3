import type { ObjectLimit } from "../../model/access.ts";
import type { ApiTokenPolicy, NewApiToken } from "../../model/api-token.ts";
import type { AuditDraft, AuditEventName } from "../../model/audit.ts";
import type { BindingKey, NewBinding, Revoked } from "../../model/trust-store.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { PlatformCall, TenantCall } from "../call.ts";
import { originOf } from "../origin.ts";

/** A subject may be a person's; what it is bound to is for good. */
export function bindingPut(call: PlatformCall, { key, tenants, platform, scopes, objects }: NewBinding): AuditDraft {
  return {
    ...bindingDraft("binding.put", call, key),
    details: { tenants, platform, scopes, objects: limitsOf(objects) },
  };
}

export function bindingDeleted(call: PlatformCall, key: BindingKey): AuditDraft {
  return { ...bindingDraft("binding.deleted", call, key), details: {} };
}

function bindingDraft(event: AuditEventName, call: PlatformCall, { issuer, subject, name }: BindingKey) {
  return { event, origin: originOf(call), personal: { issuer, subject, name } };
}

export function jwtRevoked(call: PlatformCall, issuer: string, what: Revoked, reason: string): AuditDraft {
  const details =
    what.kind === "token" ? { what: what.kind } : { what: what.kind, issued_before_ms: what.issuedBeforeMs };
  const named = what.kind === "token" ? { token_id: what.tokenId } : { subject: what.subject };
  return { event: "jwt.revoked", origin: originOf(call), details, personal: { issuer, reason, ...named } };
}

/** A name may say for whom a token is; the secret is nowhere. */
export function apiTokenCreated(call: TenantCall, token: NewApiToken): AuditDraft {
  return apiTokenDraft("api_token.created", call, token, {});
}

export function apiTokenRotated(call: TenantCall, token: NewApiToken, previousExpiresAtMs: number): AuditDraft {
  const lineage = { rotated_from: token.rotatedFrom ?? "", previous_expires_at_ms: previousExpiresAtMs };
  return apiTokenDraft("api_token.rotated", call, token, lineage);
}

export function apiTokenRevoked(call: TenantCall, keyId: string): AuditDraft {
  return { event: "api_token.revoked", origin: originOf(call), details: { key_id: keyId } };
}

export function apiTokenPolicySet(call: TenantCall, policy: ApiTokenPolicy): AuditDraft {
  const { defaultLifetimeMs, maxLifetimeMs, maxActive } = policy;
  const details = {
    default_lifetime_ms: defaultLifetimeMs,
    max_lifetime_ms: maxLifetimeMs,
    max_active: maxActive,
  };
  return { event: "api_token_policy.set", origin: originOf(call), details };
}

function apiTokenDraft(event: AuditEventName, call: TenantCall, token: NewApiToken, more: JsonObject): AuditDraft {
  const { keyId, scopes, objects, allowedCidrs, expiresAtMs, name } = token;
  const details = { key_id: keyId, scopes, objects: limitsOf(objects), expires_at_ms: expiresAtMs, ...more };
  return { event, origin: originOf(call), details, personal: { name, allowed_cidrs: allowedCidrs } };
}

function limitsOf(objects: readonly ObjectLimit[]) {
  return objects.map(({ type, relations = [] }) => ({ type, relations }));
}
