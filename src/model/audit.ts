import type { Decision } from "./decision.ts";
import type { ObjectRef, SubjectRef } from "./object.ts";
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
  "api_token_policy.set",
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

/** The last event that went. What is before it, no proof needs. */
export interface Checkpoint extends ChainPosition {
  /** The chain itself says so (event audit.pruned). */
  readonly isNoted: boolean;
}

/** Which events; all that are set must hold. */
export interface AuditFilter {
  /** Empty: all. */
  readonly events: readonly string[];
  /** `issuer|subject`. */
  readonly actor?: string;
  readonly requestId?: string;
  /** Text in the personal part: a subject, an object, a credential, an address. */
  readonly mentions?: string;
}

export interface AuditPageQuery {
  readonly filter: AuditFilter;
  readonly oldestFirst: boolean;
  /** Go on behind this event, in the direction asked for. */
  readonly after?: { readonly recordedAtMs: number; readonly seq: number };
  /** Milliseconds since the epoch, inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
  readonly limit: number;
}

export interface AuditPage {
  readonly events: readonly SealedEvent[];
  /** Where to go on; undefined when there is no more. A page may be short, or empty, and yet have a next one. */
  readonly next?: { readonly recordedAtMs: number; readonly seq: number };
}

/** One answered question, as the log of decisions keeps it. */
export interface LoggedDecision {
  /** Milliseconds since the epoch. */
  readonly decidedAtMs: number;
  /** Tells decisions of one millisecond apart. */
  readonly number: number;
  /** `Check` or `BatchCheck`. */
  readonly method: string;
  readonly actor: string;
  readonly requestId: string;
  /** `document:readme`. */
  readonly object: string;
  readonly permission: string;
  /** `user:ann`, `group:eng#member`. */
  readonly subject: string;
  readonly outcome: string;
  readonly revision: number;
}

export interface DecisionPageQuery {
  readonly actor?: string;
  readonly outcome?: string;
  readonly object?: string;
  readonly subject?: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Newest first, so those before this one. */
  readonly before?: { readonly decidedAtMs: number; readonly number: number };
  readonly limit: number;
}

export interface DecisionPage {
  readonly decisions: readonly LoggedDecision[];
  readonly next?: { readonly decidedAtMs: number; readonly number: number };
}

export interface AuditStore {
  /** Puts on record what was no change of stored data, all in one transaction. */
  append(chain: string, drafts: readonly AuditDraft[]): Promise<void>;
  /** The newest event's place; undefined when nothing was ever recorded. */
  head(chain: string): Promise<ChainPosition | undefined>;
  /** The place of the newest event that has been pruned; undefined while the chain is whole. */
  checkpoint(chain: string): Promise<Checkpoint | undefined>;
  /** The place of one event that is there. */
  position(chain: string, seq: number): Promise<ChainPosition | undefined>;
  /** In the order they were recorded, or backwards. Looks at a bounded number of events. */
  page(chain: string, query: AuditPageQuery, signal?: AbortSignal): Promise<AuditPage>;
  /** Bodies of the events personal.erased behind a place. */
  erasures(
    chain: string,
    after: { readonly recordedAtMs: number; readonly seq: number },
  ): Promise<readonly Uint8Array[]>;
  logDecisions(tenantId: string, decisions: readonly LoggedDecision[]): Promise<void>;
  decisions(tenantId: string, query: DecisionPageQuery, signal?: AbortSignal): Promise<DecisionPage>;
  /** Makes room for the months to come; cheap when there is. */
  preparePartitions(): Promise<void>;
}

/** A caller that was turned away. */
export interface Refusal {
  readonly event: "authentication.refused" | "tenant.refused" | "scope.refused" | "token.refused";
  /** The private code, such as `signature_invalid`; never a piece of a credential. */
  readonly reason: string;
  /** `relata.v1.AuthorizationService/Check`. */
  readonly method: string;
  readonly requestId: string;
  /** Empty when unknown. */
  readonly address: string;
  /** Of a caller that was proved. */
  readonly actor?: string;
  readonly credential?: string;
  /** The tenant that was asked for, as it was written. */
  readonly tenant?: string;
}

/** Takes refusals in at once; what becomes of them is its own concern. */
export interface RefusalLog {
  record(refusal: Refusal): void;
}

/** A decision as it is at hand when it is made; texts are made of it later. */
export interface MadeDecision {
  readonly tenantId: string;
  readonly decidedAtMs: number;
  readonly method: string;
  readonly actor: string;
  readonly requestId: string;
  readonly object: ObjectRef;
  readonly permission: string;
  readonly subject: SubjectRef;
  readonly outcome: Decision["kind"];
  readonly revision: number;
}

export interface DecisionLog {
  /** Asked first, so that nothing is made of a decision that is not kept. */
  wants(outcome: Decision["kind"]): boolean;
  /** Takes it in at once, or counts it as dropped. */
  record(decision: MadeDecision): void;
}
