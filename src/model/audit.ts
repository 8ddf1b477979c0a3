import type { ChangeOrigin } from "./store.ts";
import type { JsonObject } from "./tuple.ts";

/** The chain of events that belong to no tenant; a tenant's own chain has the tenant's id. */
export const PLATFORM_CHAIN = "00000000-0000-0000-0000-000000000000";

/** Everything that is put on record. API: add, never rename. */
export const AUDIT_EVENTS = [
  "tuples.written",
  "tuples.deleted",
  "schema.written",
  "tenant.created",
  "tenant.suspended",
  "tenant.resumed",
  "tenant.moved",
  "tenant.exported",
  "tenant.offboarded",
  "api_token.created",
  "api_token.rotated",
  "api_token.revoked",
  "binding.put",
  "binding.deleted",
  "jwt.revoked",
  "client.created",
  "client.rotated",
  "client.deleted",
  "signing_key.rotated",
  "token.issued",
  "token.revoked",
  "token.refused",
  "refresh_token.reused",
  "authentication.refused",
  "tenant.refused",
  "scope.refused",
  "personal.erased",
  "audit.pruned",
] as const;
export type AuditEventName = (typeof AUDIT_EVENTS)[number];

/** What happened, before it has a place in its chain. */
export interface AuditDraft {
  readonly event: AuditEventName;
  readonly origin: ChangeOrigin;
  /** Facts that stay for good: counts, ids of relata's own, revisions, versions. Nothing that could name a person. */
  readonly details: JsonObject;
  /**
   * Facts that may name persons (subjects, tuples, addresses). The chain holds a salted digest of them only, so they can be
   * erased. The caller and its address come from `origin` and need not be repeated.
   */
  readonly personal?: JsonObject;
}
