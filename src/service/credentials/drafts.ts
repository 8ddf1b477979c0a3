import type { AuditDraft, AuditEventName } from "../../model/audit.ts";
import type { BindingKey, NewBinding, Revoked } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import { originOf } from "../origin.ts";

/** A subject may be a person's; what it is bound to is for good. */
export function bindingPut(call: PlatformCall, { key, tenants, platform, scopes, objects }: NewBinding): AuditDraft {
  const limits = objects.map(({ type, relations = [] }) => ({ type, relations }));
  return { ...bindingDraft("binding.put", call, key), details: { tenants, platform, scopes, objects: limits } };
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
