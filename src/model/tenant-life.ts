import type { ChangeOrigin } from "./store.ts";
import type { Tenant } from "./tenant.ts";

/** Where a tenant's rows are to be: among others', or in a partition of its own. */
export type Placement = "shared" | "own";

/**
 * How far a move or a removal has got.
 *
 * A move: `prepare` the place, `copy` what there is, `follow` what is written meanwhile, `mirror` (the tenant is at its new place,
 * its old one is still written for who has not heard), `clear` the old place, `done`.
 * A removal: `refuse` (nobody is let in; calls that were end), `clear` its tuples, `forget` what hangs on it, `done`.
 */
export const JOB_STAGES = ["prepare", "copy", "follow", "mirror", "refuse", "clear", "forget", "done"] as const;
export type JobStage = (typeof JOB_STAGES)[number];

export interface TenantJob {
  readonly tenantId: string;
  readonly kind: "move" | "offboard";
  readonly stage: JobStage;
  /** Of a move: where to. */
  readonly placement: Placement;
  /** Tuples copied, the history of ended ones included; and rows removed. */
  readonly copied: number;
  readonly removed: number;
  readonly startedAtMs: number;
  readonly changedAtMs: number;
}

/** How long to wait until no process has the old address, or lets in the tenant's callers, any more. */
export interface JobPace {
  readonly settleMs: number;
  readonly signal?: AbortSignal;
  /** Is told every stage before it begins, and waited for. */
  readonly onStage?: (job: TenantJob) => void | Promise<void>;
}

/** Calls of one family of methods on one day (UTC), and when the last was. */
export interface CallCount {
  readonly tenantId: string;
  /** `2026-01-31`. */
  readonly day: string;
  readonly family: string;
  readonly calls: number;
  readonly lastCallAtMs: number;
}

export interface TenantUsage {
  /** Live tuples; `counted` is false when there are more: counting stops at a million. */
  readonly tuples: { readonly number: number; readonly counted: boolean };
  /** Writes since the tenant was made. */
  readonly revisions: number;
  readonly schemaVersions: number;
  /** Of tuples and history with their indexes; `measured` is false when others share the partition and it is an estimate. */
  readonly storageBytes: { readonly number: number; readonly measured: boolean };
  readonly activeApiTokens: number;
  readonly lastWriteAtMs: number;
  /** Newest day first. */
  readonly calls: readonly Omit<CallCount, "tenantId">[];
}

/**
 * What becomes of a tenant after it was made. Moving and removing take the maintenance role: MAINTENANCE_UNAVAILABLE in a
 * process that has no connection as such.
 */
export interface TenantLifeStore {
  /** Whether there is a maintenance connection. */
  readonly canMaintain: boolean;
  /** TENANT_NOT_FOUND; TENANT_STATE once it is being removed. Doing it again changes nothing. */
  setState(id: string, state: "active" | "suspended", by: ChangeOrigin): Promise<Tenant>;
  /**
   * Has the tenant's rows moved; `run` does it. Where they are there already, or are on their way, nothing is begun.
   * TENANT_NOT_FOUND; TENANT_STATE while something else is done with the tenant.
   * @returns undefined when there is nothing to do and nothing was done lately.
   */
  beginMove(id: string, placement: Placement, by: ChangeOrigin): Promise<TenantJob | undefined>;
  /** Refuses the tenant's callers for good; `run` removes it. The same errors. */
  beginOffboard(id: string, by: ChangeOrigin): Promise<TenantJob>;
  /** The tenant's last job, done or not. */
  job(id: string): Promise<TenantJob | undefined>;
  /** Tenants whose jobs are not done, those first that nobody has tried for longest. */
  unfinished(limit: number): Promise<readonly string[]>;
  /**
   * Goes on with the tenant's job to its end, from wherever whoever was at it left off. One at a time: TENANT_STATE when
   * another process is at it. Aborting leaves it to be gone on with.
   */
  run(id: string, pace: JobPace): Promise<TenantJob | undefined>;
  /** Adds to what is there. */
  addCalls(calls: readonly CallCount[]): Promise<void>;
  /** @param days of calls, today included. */
  usage(tenant: Tenant, days: number): Promise<TenantUsage>;
  /** Forgets calls of days before `day`. */
  forgetCalls(before: string): Promise<void>;
  /**
   * Forgets changes of credentials and tenants that are older, and revocations that have been obsolete for longer. Who follows the
   * changes and is not as far behind goes on undisturbed.
   */
  forgetTrust(keepMs: number): Promise<void>;
}
