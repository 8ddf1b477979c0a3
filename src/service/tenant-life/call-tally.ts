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
  readonly calls: Float64Array;
  readonly lastMs: Float64Array;
}

/** By day since the epoch, then by tenant. */
type Days = Map<number, Map<string, Counted>>;

const DAY_MS = 86_400_000;
const FLUSH_EVERY_MS = 30_000;
/** Of one statement. With so many it is written early; while the database is gone, calls of further tenants are not counted. */
const MAX_TENANTS = 10_000;

export function createCallTally({ life, families, log, flushEveryMs = FLUSH_EVERY_MS }: CallTallyOptions): CallTally {
  let days: Days = new Map();
  let tenants = 0;
  let isFlushing: Promise<void> | undefined;

  const write = async (taken: Days): Promise<void> => {
    try {
      await life.addCalls([...taken].flatMap(([day, of]) => [...of].flatMap((one) => rowsOf(day, one, families))));
    } catch (error) {
      log.warn({ error: String(error) }, "calls of tenants could not be added up; they are added later");
      for (const [day, of] of taken)
        for (const [tenantId, { calls, lastMs }] of of) {
          const one = countedOf(day, tenantId);
          if (one !== undefined) add(one, calls, lastMs);
        }
    }
  };
  const flush = (): Promise<void> => {
    if (isFlushing !== undefined || tenants === 0) return isFlushing ?? Promise.resolve();
    const taken = days;
    days = new Map();
    tenants = 0;
    isFlushing = write(taken).finally(() => {
      isFlushing = undefined;
    });
    return isFlushing;
  };
  const countedOf = (day: number, tenantId: string): Counted | undefined => {
    const known = days.get(day)?.get(tenantId);
    if (known !== undefined) return known;
    if (tenants >= MAX_TENANTS) void flush();
    if (tenants >= MAX_TENANTS) return undefined;
    const one = { calls: new Float64Array(families.length), lastMs: new Float64Array(families.length) };
    const of = days.get(day) ?? new Map<string, Counted>();
    days.set(day, of.set(tenantId, one));
    tenants += 1;
    return one;
  };
  const timer = setInterval(() => void flush(), flushEveryMs).unref();
  return {
    count(tenantId, family, nowMs) {
      const one = countedOf(Math.floor(nowMs / DAY_MS), tenantId);
      if (one === undefined) return;
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

function add(to: Counted, calls: Float64Array, lastMs: Float64Array): void {
  for (const [family, number] of calls.entries()) {
    to.calls[family] = (to.calls[family] ?? 0) + number;
    to.lastMs[family] = Math.max(to.lastMs[family] ?? 0, lastMs[family] ?? 0);
  }
}

function rowsOf(
  day: number,
  [tenantId, { calls, lastMs }]: readonly [string, Counted],
  families: readonly string[],
): readonly CallCount[] {
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
  return families.flatMap((family, index) => {
    const number = calls[index] ?? 0;
    return number === 0 ? [] : [{ tenantId, day: date, family, calls: number, lastCallAtMs: lastMs[index] ?? 0 }];
  });
}
