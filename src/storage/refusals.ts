import { RelataError } from "../errors.ts";
import type { Precondition } from "../model/store.ts";
import type { Tuple, TupleFilter } from "../model/tuple.ts";
import { formatFilter } from "../model/tuple-filter.ts";
import { formatTupleKey } from "../model/tuple-text.ts";

/*
 * What stores refuse, in the same words whichever store says it. After a refusal nothing has changed.
 */

export function tenantNotFound(): RelataError {
  return new RelataError("TENANT_NOT_FOUND", "There is no such tenant.");
}

export function tenantAlreadyExists(slug: string, cause?: unknown): RelataError {
  return new RelataError("TENANT_ALREADY_EXISTS", `There is already a tenant "${slug}".`, {
    metadata: { tenant: slug },
    ...(cause !== undefined && { cause }),
  });
}

/** @throws WRITE_CONFLICT when the schema is no longer the one the caller looked at. */
export function requireSchemaVersion(current: number, expected: number): void {
  if (current === expected) return;
  throw new RelataError(
    "WRITE_CONFLICT",
    `The tenant's schema is at version ${current}, not at ${expected} as when the request was checked; nothing was written. Look at the current schema and try again.`,
    { metadata: { schemaVersion: String(current) } },
  );
}

export function tupleAlreadyExists(tuple: Tuple): RelataError {
  const text = formatTupleKey(tuple);
  return new RelataError(
    "TUPLE_ALREADY_EXISTS",
    `CREATE of ${text}, which exists already. Nothing was written; use TOUCH where it may exist.`,
    { metadata: { tuple: text } },
  );
}

/** @param matched indexes of the preconditions whose filter matches a live tuple. @throws for the first that fails. */
export function requirePreconditions(preconditions: readonly Precondition[], matched: ReadonlySet<number>): void {
  for (const [index, { expect, filter }] of preconditions.entries()) {
    if (matched.has(index) === (expect === "must_match")) continue;
    const found = expect === "must_match" ? "no tuple matches" : "a tuple matches";
    throw new RelataError(
      "PRECONDITION_FAILED",
      `Precondition ${index + 1} failed: ${found} ${formatFilter(filter)}. Nothing was written.`,
      { metadata: { precondition: String(index), filter: formatFilter(filter) } },
    );
  }
}

export function idempotencyKeyReused(key: string): RelataError {
  return new RelataError(
    "IDEMPOTENCY_KEY_REUSED",
    "This idempotency key was used for another request. Use a new key for a new request.",
    { metadata: { idempotencyKey: key } },
  );
}

export function tooManyToDelete(limit: number, filter: TupleFilter): RelataError {
  return new RelataError(
    "TOO_MANY_TUPLES_TO_DELETE",
    `More than ${limit} tuples match ${formatFilter(filter)}; nothing was deleted. Narrow the filter, or allow partial deletion and repeat.`,
    { metadata: { limit: String(limit) } },
  );
}

export function tupleIsStranded(message: string, tuple: Tuple): RelataError {
  const text = formatTupleKey(tuple);
  return new RelataError("SCHEMA_STRANDS_TUPLES", `${message}: ${text} would be stranded`, {
    metadata: { tuple: text },
  });
}

export function budgetExhausted(maxRows: number): RelataError {
  return new RelataError(
    "BUDGET_EXHAUSTED",
    `Answering this needs more than ${maxRows} tuples. Ask something narrower, or have the limit raised.`,
    { metadata: { maxRows: String(maxRows) } },
  );
}
