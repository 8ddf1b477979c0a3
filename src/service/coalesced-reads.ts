import type { TenantPlace } from "../model/tenant.ts";

/** At most one read under way per tenant, and one more waiting behind it that all later askers share. */
export interface CoalescedReads<Value> {
  /** The answer of a read that began after this call. */
  fresh(tenant: TenantPlace): Promise<Value>;
  /** The read under way. */
  running(tenantId: string): RunningRead<Value> | undefined;
}

export interface RunningRead<Value> {
  readonly startedAtMs: number;
  readonly promise: Promise<Value>;
}

interface Reads<Value> {
  readonly running: RunningRead<Value>;
  next: Promise<Value> | undefined;
}

export function createCoalescedReads<Value>(
  monotonic: () => number,
  read: (tenant: TenantPlace, startedAtMs: number) => Promise<Value>,
): CoalescedReads<Value> {
  const reads = new Map<string, Reads<Value>>();

  const start = (tenant: TenantPlace): Promise<Value> => {
    const startedAtMs = monotonic();
    const promise = read(tenant, startedAtMs);
    const entry: Reads<Value> = { running: { startedAtMs, promise }, next: undefined };
    reads.set(tenant.id, entry);
    const settle = (): void => {
      if (entry.next === undefined && reads.get(tenant.id) === entry) reads.delete(tenant.id);
    };
    promise.then(settle, settle);
    return promise;
  };

  return {
    running: (tenantId) => reads.get(tenantId)?.running,
    fresh(tenant) {
      const entry = reads.get(tenant.id);
      if (entry === undefined) return start(tenant);
      entry.next ??= entry.running.promise.then(
        () => start(tenant),
        () => start(tenant),
      );
      return entry.next;
    },
  };
}
