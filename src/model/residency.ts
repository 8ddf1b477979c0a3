import type { TupleGraph } from "./graph.ts";
import type { TupleSource } from "./need.ts";
import type { Head, Revision } from "./revision.ts";
import type { TenantPlace } from "./tenant.ts";

/** What this process holds of tenants in memory, and how fresh that is. */
export interface Residency {
  /** What is held of the tenant. Counts as use: a tenant nobody knew is followed, and loaded when it fits, from now on. */
  of(tenant: TenantPlace): Holding;
  /** The same without counting as use; undefined when the tenant is not followed. For news that this process has anyway. */
  known(tenantId: string): Holding | undefined;
  stats(): ResidencyStats;
  close(): Promise<void>;
}

export interface Holding {
  /** The newest revision up to which every change has been taken in; undefined until the tenant is followed. */
  readonly applied: Head | undefined;
  /** `applied` was the tenant's newest revision at this instant or later: milliseconds, monotonic; -Infinity when never. */
  readonly confirmedAtMs: number;
  /** Learns that `head` was the newest at `atMs` (monotonic) or later: by a read, or by a write of this process. */
  learn(head: Head, atMs: number): void;
  /** True once `applied` has reached the revision; false when it has not within `waitMs`, or cannot. Rejects when aborted. */
  reach(revision: Revision, waitMs: number, signal?: AbortSignal): Promise<boolean>;
  /** The state at a past revision that memory still has; undefined otherwise. */
  headAt(revision: Revision): Head | undefined;
  /** The whole tenant in memory; undefined when it is not, or not at this revision. Valid until the caller awaits something. */
  graphAt(revision: Revision): TupleGraph | undefined;
  /** Tuples at a revision: from memory where they are, else from the store. */
  source(revision: Revision, signal?: AbortSignal): TupleSource;
}

/** For metrics and readiness. Counts are totals since the start, bytes are now. */
export interface ResidencyStats {
  /** What the resident tenants may use together. */
  readonly budgetBytes: number;
  readonly residentBytes: number;
  readonly tenants: readonly HeldTenant[];
  readonly loads: {
    readonly started: number;
    readonly finished: number;
    readonly refused: number;
    readonly failed: number;
  };
  readonly evictions: number;
  readonly tail: {
    readonly polls: number;
    readonly failures: number;
    /** When the newest read that succeeded began; monotonic, -Infinity before the first. */
    readonly lastSuccessAtMs: number;
    readonly appliedRevisions: number;
    readonly appliedChanges: number;
    /** The longest time that applying kept the thread, milliseconds. */
    readonly longestSliceMs: number;
  };
  /** Reads through Postgres with memory in front of it. */
  readonly cache: {
    readonly bytes: number;
    readonly entries: number;
    readonly hits: number;
    readonly misses: number;
    readonly coalesced: number;
  };
}

export interface HeldTenant {
  readonly tenantId: string;
  /** followed: changes are known, tuples are read from the store; loading; resident: all tuples are in memory. */
  readonly state: "followed" | "loading" | "resident";
  readonly tuples: number;
  readonly bytes: number;
  readonly revision: Revision | undefined;
  /** How long ago `revision` was known to be the newest. */
  readonly confirmedAgoMs: number;
}
