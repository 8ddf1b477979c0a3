import type { EvaluationLimits } from "../engine/limits.ts";
import { RelataError } from "../errors.ts";
import type { JsonObject } from "../model/tuple.ts";

/** What one request may ask for. Defaults are in config.ts. */
export interface ServiceLimits {
  readonly maxStalenessMs: number;
  /** How long a request that must see a certain revision waits for memory to have it, before the store is read. */
  readonly tokenWaitMs: number;
  readonly readableWindowMs: number;
  readonly maxUpdatesPerWrite: number;
  readonly maxPreconditions: number;
  readonly maxBatchItems: number;
  /** Tuples per page read from the store while streaming. */
  readonly maxReadPage: number;
  readonly maxDelete: number;
  /** Problems one evaluation may visit. */
  readonly maxNodes: number;
  /** Tuples one evaluation may read. */
  readonly maxRows: number;
  /** Tuples that LookupResources may meet on its way from the subject to the results, which are not counted. */
  readonly maxLookupRows: number;
  readonly maxSchemaBytes: number;
  /** Of a write's metadata, as JSON. */
  readonly metadataMaxBytes: number;
  readonly maxContextualTuples: number;
  /** Of a request's context, as JSON. */
  readonly maxContextBytes: number;
  /** Of the context a tuple carries for its caveat, as JSON. */
  readonly maxCaveatContextBytes: number;
  /** Ids a lookup may be narrowed to. */
  readonly maxCandidates: number;
  /** Nodes per page of Expand. */
  readonly maxExpandNodes: number;
}

/** A batch may cost more than one Check, but not as much as all its items alone might. */
const MAX_BATCH_FACTOR = 10;

export function batchLimits(limits: EvaluationLimits, items: number): EvaluationLimits {
  const factor = Math.min(Math.max(items, 1), MAX_BATCH_FACTOR);
  return { maxNodes: limits.maxNodes * factor, maxRows: limits.maxRows * factor };
}

/** TOO_MANY_ITEMS that names the field and both numbers. */
export function requireAtMost(field: string, count: number, max: number): void {
  if (count > max)
    throw new RelataError(
      "TOO_MANY_ITEMS",
      `${field} has ${count} entries; at most ${max} are allowed in one request`,
      {
        metadata: { field, count: String(count), max: String(max) },
      },
    );
}

/** INVALID_REQUEST that names the field and both numbers. */
export function requireJsonSize(field: string, value: JsonObject | undefined, maxBytes: number): void {
  if (value === undefined || isEmpty(value)) return;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > maxBytes)
    throw new RelataError("INVALID_REQUEST", `${field} has ${bytes} bytes as JSON; at most ${maxBytes} are allowed`, {
      metadata: { field, bytes: String(bytes), max: String(maxBytes) },
    });
}

/** Most contexts are, and to write them down as JSON only to measure them takes 0.1 µs. */
function isEmpty(value: JsonObject): boolean {
  for (const _ in value) return false;
  return true;
}
