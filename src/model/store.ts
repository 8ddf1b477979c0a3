import type { ChangeStore } from "./change.ts";
import type { TupleSource } from "./need.ts";
import type { Head, Revision } from "./revision.ts";
import type { Tenant, TenantPlace } from "./tenant.ts";
import type { JsonObject, Tuple, TupleFilter, TupleKey } from "./tuple.ts";

/**
 * The storage port. Two stores implement it: Postgres (storage/postgres) and memory (storage/memory); one suite
 * (test/storage/suite.ts) holds for both. All failures are RelataErrors. Aborting `signal` rejects with CANCELLED.
 */
export interface Store {
  readonly tenants: TenantStore;
  readonly revisions: RevisionStore;
  readonly schemas: SchemaStore;
  readonly tuples: TupleStore;
  readonly changes: ChangeStore;
  /** Resolves when the store answers; STORE_UNAVAILABLE otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface TenantStore {
  /** TENANT_ALREADY_EXISTS when the slug is taken. `schemaName` defaults to the slug. */
  create(input: { readonly slug: string; readonly schemaName?: string }, by: ChangeOrigin): Promise<Tenant>;
  bySlug(slug: string): Promise<Tenant | undefined>;
  byId(id: string): Promise<Tenant | undefined>;
  /** In slug order, those after `afterSlug`. */
  list(page: { readonly afterSlug?: string; readonly limit: number }): Promise<readonly Tenant[]>;
}

export interface RevisionStore {
  /** The newest committed revision. */
  head(tenant: TenantPlace): Promise<Head>;
  /** The state at `revision`; undefined when the tenant never had it or it has been garbage-collected. */
  at(tenant: TenantPlace, revision: Revision): Promise<Head | undefined>;
}

/** Who changed something and in which request; kept in the revision's row. */
export interface ChangeOrigin {
  /** `issuer|subject` of the caller. */
  readonly actor: string;
  readonly requestId: string;
  /** Which credential proved the caller: `jwt:<jti>`, `api_token:<key id>`; absent where there is none to name. */
  readonly credential?: string;
  /** IP address the call came from. */
  readonly address?: string;
}

export interface StoredSchema {
  readonly name: string;
  readonly version: number;
  readonly text: string;
  readonly createdAtMs: number;
}

export interface SchemaStore {
  /** The text of one version of the tenant's own schema; undefined when there is none. */
  read(tenant: TenantPlace, version: number): Promise<StoredSchema | undefined>;
  /**
   * Stores `text` as the next version under the tenant's schema name and points the tenant at it: one transaction,
   * one revision. `expectedVersion` is the version the change was compared with: WRITE_CONFLICT when the tenant has
   * moved on. `strands` select tuples that the new schema could not hold: SCHEMA_STRANDS_TUPLES names one that exists.
   */
  write(tenant: TenantPlace, change: SchemaChangeRequest): Promise<Head>;
}

export interface SchemaChangeRequest {
  readonly text: string;
  readonly expectedVersion: number;
  readonly strands: readonly StrandProbe[];
  readonly origin: ChangeOrigin;
}

/** Live tuples that must not exist, expired or not, and what to tell a person when one does (`cannot remove relation "viewer" …`). */
export interface StrandProbe {
  readonly filter: TupleFilter;
  /** Set: only tuples with (true) or without (false) a caveat or an expiry count. */
  readonly caveat?: string | false;
  readonly expiration?: boolean;
  /** Set: only tuples that carry a value for this parameter of their caveat count. */
  readonly parameter?: string;
  /** False: tuples whose subject is a wildcard (`user:*`) do not count. A filter alone cannot tell `user` from `user:*`. */
  readonly wildcard?: false;
  readonly message: string;
}

export type TupleOperation = "create" | "touch" | "delete";

export interface TupleUpdate {
  readonly operation: TupleOperation;
  readonly tuple: Tuple;
}

export interface Precondition {
  readonly expect: "must_match" | "must_not_match";
  readonly filter: TupleFilter;
}

export interface WriteRequest {
  /** No two of the same tuple. */
  readonly updates: readonly TupleUpdate[];
  readonly preconditions: readonly Precondition[];
  /** The schema version the updates were validated against: WRITE_CONFLICT when the tenant has moved on. */
  readonly schemaVersion: number;
  readonly idempotency?: Idempotency;
  readonly metadata?: JsonObject;
  /** The request's instant, milliseconds since the epoch: preconditions and CREATE do not see what has expired by then. */
  readonly nowMs: number;
  readonly origin: ChangeOrigin;
}

export interface Idempotency {
  /** Chosen by the client, unique per tenant. */
  readonly key: string;
  /** SHA-256, hex, of the request's meaning: the same key with another hash is IDEMPOTENCY_KEY_REUSED. */
  readonly requestHash: string;
}

export interface WriteResult {
  readonly head: Head;
  /** True when an earlier call with the same idempotency key did the work; `head` is then that call's. */
  readonly replayed: boolean;
}

export interface DeleteRequest {
  readonly filter: TupleFilter;
  readonly preconditions: readonly Precondition[];
  /** At most this many tuples; with more matching: TOO_MANY_TUPLES_TO_DELETE, or a part of them when `allowPartial`. */
  readonly limit: number;
  readonly allowPartial: boolean;
  /** Set: the schema version the filters were validated against, and WRITE_CONFLICT when the tenant has moved on. */
  readonly schemaVersion?: number;
  readonly idempotency?: Idempotency;
  readonly metadata?: JsonObject;
  /** The request's instant, for its preconditions. What is deleted is every stored tuple that matches, expired or not. */
  readonly nowMs: number;
  readonly origin: ChangeOrigin;
}

export interface DeleteResult extends WriteResult {
  readonly deleted: number;
  /** False when more matching tuples remain. */
  readonly complete: boolean;
}

/** Tuples visible at a revision that have not expired by an instant. */
export interface TuplePageQuery {
  readonly revision: Revision;
  /** Milliseconds since the epoch; undefined: all that is stored, expired or not, for who must not overlook any. */
  readonly nowMs: number | undefined;
  readonly filter: TupleFilter;
  /** Go on after this tuple, there or not, which the filter selects. */
  readonly after?: TupleKey;
  readonly limit: number;
}

export interface TupleStore {
  /** Rules: CREATE of a live tuple is TUPLE_ALREADY_EXISTS, of one that has expired replaces it; TOUCH replaces caveat and expiry; DELETE of a missing tuple does nothing. Every acknowledged write makes exactly one revision. */
  write(tenant: TenantPlace, request: WriteRequest): Promise<WriteResult>;
  deleteMatching(tenant: TenantPlace, request: DeleteRequest): Promise<DeleteResult>;
  /** In key order (bytewise). */
  page(tenant: TenantPlace, query: TuplePageQuery, signal?: AbortSignal): Promise<readonly Tuple[]>;
  /** The solver's reader. */
  source(tenant: TenantPlace, revision: Revision, signal?: AbortSignal): TupleSource;
}
