import type { Explanation } from "../engine/explain.ts";
import { type ErrorReason, RelataError } from "../errors.ts";
import { formatTupleKey } from "../model/tuple-text.ts";

const OF_CAVEATS: ReadonlySet<ErrorReason> = new Set(["CAVEAT_EVALUATION_FAILED", "INVALID_CAVEAT_CONTEXT"]);

/**
 * A caveat that failed is an error whose message names the caveat, not the tuple: stored tuples are not for everybody who
 * may ask. Whoever may see an explanation may see them, and needs them to mend what failed.
 */
export function locateFailure(error: RelataError, explain: () => Explanation): RelataError {
  if (!OF_CAVEATS.has(error.reason)) return error;
  const tuple = explain()
    .nodes.map(({ what }) => what)
    .find((what) => what.kind === "tuple" && what.caveat?.result.kind === "failed");
  if (tuple?.kind !== "tuple") return error;
  const key = formatTupleKey(tuple.tuple);
  return new RelataError(error.reason, `${error.message} (of the tuple ${key})`, {
    metadata: { ...error.metadata, tuple: key },
    cause: error,
  });
}
