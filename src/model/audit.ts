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

/** An event in its chain, as it is stored. */
export interface SealedEvent {
  /** The tenant's id, or PLATFORM_CHAIN. */
  readonly chain: string;
  /** From 1 on, without gaps. */
  readonly seq: number;
  /** Milliseconds since the epoch; never before that of the event ahead of it. */
  readonly recordedAtMs: number;
  readonly event: string;
  readonly requestId: string;
  /** Canonical JSON (RFC 8785), the bytes the hash is over. */
  readonly body: Uint8Array;
  /** SHA-256 of this event and, through the one before it, of all before it. */
  readonly hash: Uint8Array;
  /** The rest is undefined once erased. */
  readonly actor?: string;
  /** Canonical JSON. */
  readonly personal?: Uint8Array;
  readonly personalSalt?: Uint8Array;
}

/** A place in a chain: what comes after it is sealed to `hash`. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly recordedAtMs: number;
}

export interface AuditStore {
  /** Puts on record what was no change of stored data, all in one transaction. */
  append(chain: string, drafts: readonly AuditDraft[]): Promise<void>;
  /** The newest event's place; undefined when nothing was ever recorded. */
  head(chain: string): Promise<ChainPosition | undefined>;
}
