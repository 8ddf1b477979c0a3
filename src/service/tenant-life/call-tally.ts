import type { Logger } from "../../log.ts";
import type { CallCount, TenantLifeStore } from "../../model/tenant-life.ts";

/** Adds up calls by tenant and family, and now and then writes them down. */
export interface CallTally {
  /** @param family a place in the list of families @param nowMs milliseconds since the epoch */
  count(tenantId: string, family: number, nowMs: number): void;
  /** Writes down what is left. */
  close(): Promise<void>;
}

export interface CallTallyOptions {
  readonly life: Pick<TenantLifeStore, "addCalls">;
  readonly families: readonly string[];
  readonly log: Logger;
  /** Default 30,000. */
  readonly flushEveryMs?: number;
}

interface Counted {
  /** Days since the epoch. */
  readonly day: number;
  readonly calls: Float64Array;
  readonly lastMs: Float64Array;
}

const DAY_MS = 86_400_000;
const FLUSH_EVERY_MS = 30_000;
/** Of one statement, and so tenants remembered while the database is gone: calls of further ones are not counted. */
const MAX_TENANTS = 10_000;

export function createCallTally({ life, families, log, flushEveryMs = FLUSH_EVERY_MS }: CallTallyOptions): CallTally {
  let counted = new Map<string, Counted>();
  let isFlushing: Promise<void> | undefined;

  const write = async (taken: Map<string, Counted>): Promise<void> => {
    try {
      await life.addCalls([...taken].flatMap(([tenantId, one]) => rowsOf(tenantId, one, families)));
    } catch (error) {
      log.warn(
        { tenants: taken.size, error: String(error) },
        "calls of tenants could not be added up; they are added later",
      );
      for (const [tenantId, one] of taken) merge(counted, tenantId, one);
    }
  };
  const flush = (): Promise<void> => {
    if (isFlushing !== undefined || counted.size === 0) return isFlushing ?? Promise.resolve();
    const taken = counted;
    counted = new Map();
    isFlushing = write(taken).finally(() => {
      isFlushing = undefined;
    });
    return isFlushing;
  };
  const timer = setInterval(() => void flush(), flushEveryMs).unref();
  return {
    count(tenantId, family, nowMs) {
      const day = Math.floor(nowMs / DAY_MS);
      let one = counted.get(tenantId);
      if (one === undefined || one.day !== day) {
        // Midnight: what the tenant has of the day before is written first.
        if (one !== undefined) void flush();
        if (counted.size >= MAX_TENANTS) return;
        one = { day, calls: new Float64Array(families.length), lastMs: new Float64Array(families.length) };
        counted.set(tenantId, one);
      }
      one.calls[family] = (one.calls[family] ?? 0) + 1;
      one.lastMs[family] = nowMs;
    },
    async close() {
      clearInterval(timer);
      await isFlushing;
      await flush();
    },
  };
}

function merge(counted: Map<string, Counted>, tenantId: string, one: Counted): void {
  const newer = counted.get(tenantId);
  if (newer === undefined) {
    if (counted.size < MAX_TENANTS) counted.set(tenantId, one);
    return;
  }
  if (newer.day !== one.day) return;
  for (const [family, calls] of one.calls.entries()) {
    newer.calls[family] = (newer.calls[family] ?? 0) + calls;
    newer.lastMs[family] = Math.max(newer.lastMs[family] ?? 0, one.lastMs[family] ?? 0);
  }
}

function rowsOf(tenantId: string, { day, calls, lastMs }: Counted, families: readonly string[]): readonly CallCount[] {
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
  return families.flatMap((family, index) => {
    const number = calls[index] ?? 0;
    return number === 0 ? [] : [{ tenantId, day: date, family, calls: number, lastCallAtMs: lastMs[index] ?? 0 }];
  });
}
