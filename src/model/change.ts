import type { FoundTraits } from "./need.ts";
import type { Head, Revision } from "./revision.ts";
import type { TenantPlace } from "./tenant.ts";
import type { TupleKey } from "./tuple.ts";

/** A tuple as the store has it: its key, and its caveat (with the context's exact text) and end. */
export type StoredTuple = TupleKey & FoundTraits;

/** What a revision did to one tuple. A tuple whose caveat or end was replaced is a `put` alone. */
export type TupleChange =
  | { readonly kind: "put"; readonly tuple: StoredTuple }
  | { readonly kind: "remove"; readonly tuple: TupleKey };

/** One revision of a tenant. No two changes of the same tuple; none at all when it changed the schema. */
export interface RevisionChanges {
  readonly head: Head;
  readonly changes: readonly TupleChange[];
}

export interface ChangePage {
  /** The state that the database has at `after`; undefined when it has no such revision, or no longer. A reader of changes compares it with its own. */
  readonly base: Head | undefined;
  /** Whole revisions, in order and without gaps, from `after + 1`. */
  readonly revisions: readonly RevisionChanges[];
  /** Everything committed before the read began is in. */
  readonly complete: boolean;
}

/**
 * Tuples as bytes, to be taken over without a string for each. Field f of tuple i (object type, object id, relation,
 * subject type, subject id, subject relation) is `bytes[bounds[12 i + 2 f] .. bounds[12 i + 2 f + 1])`, ASCII.
 */
export interface TupleBatch {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly bounds: Uint32Array;
  /** By index; most tuples have none. */
  readonly traits: ReadonlyMap<number, FoundTraits>;
}

/** A tenant at one revision, all of it, in the order of its keys. */
export interface TenantSnapshot {
  readonly head: Head;
  /** Batches of some thousand tuples; the next is read when it is asked for. A batch is valid until then. */
  readonly batches: AsyncIterable<TupleBatch>;
}

export interface ChangeStore {
  /** The newest revisions of many tenants, in one statement. Tenants that do not exist are left out. */
  heads(tenants: readonly TenantPlace[], signal?: AbortSignal): Promise<ReadonlyMap<string, Head>>;
  /** What happened after `after`: revisions of together about `limit` changes, at least one if there is one. */
  since(tenant: TenantPlace, after: Revision, limit: number, signal?: AbortSignal): Promise<ChangePage>;
  /** How many tuples the tenant has, counted up to `limit`. */
  count(tenant: TenantPlace, limit: number, signal?: AbortSignal): Promise<number>;
  /** Ending the iteration early, or aborting, ends the read. */
  snapshot(tenant: TenantPlace, signal?: AbortSignal): Promise<TenantSnapshot>;
  /**
   * Tells every process, soon and together with other news, that the tenant has a new revision: a hint that may be lost.
   * Never waits and never fails.
   */
  announce(tenantId: string, revision: Revision): void;
  /** Hears such hints from now on, over lost connections, until the signal aborts. `lost` says that some may have been missed. */
  listen(heard: (hint: ChangeHint) => void, signal: AbortSignal): void;
}

export type ChangeHint =
  | { readonly kind: "changed"; readonly tenantId: string; readonly revision: Revision }
  | { readonly kind: "lost" };
