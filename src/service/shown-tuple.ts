import { RelataError } from "../errors.ts";
import { reaches } from "../model/access.ts";
import type { TupleKey } from "../model/tuple.ts";
import { formatTupleKey, parseTuple } from "../model/tuple-text.ts";
import type { PlatformCall } from "./call.ts";

/** As much of a call as says what its caller may read. */
type Reading = Pick<PlatformCall, "access">;

/**
 * A stored tuple that stands in the way of a schema: whole for whoever may read it. To others without its ids, or else the
 * scopes of schemas would read tuples, one text after the other.
 */
export function shownTuple({ access }: Reading, tuple: TupleKey): string {
  const reach = access.get("tuples:read");
  if (reach !== undefined && reaches(reach, tuple.objectType, tuple.relation)) return formatTupleKey(tuple);
  return formatTupleKey({ ...tuple, objectId: HIDDEN, subjectId: tuple.subjectId === "*" ? "*" : HIDDEN });
}

/** No id may be so. */
const HIDDEN = "…";

/** The refusal of a schema as its caller may see it; any other error as it is. */
export function shownRefusal(call: Reading, error: unknown): unknown {
  if (!(error instanceof RelataError) || error.reason !== "SCHEMA_STRANDS_TUPLES") return error;
  const { tuple = "" } = error.metadata;
  const shown = shownTuple(call, parseTuple(tuple));
  if (shown === tuple) return error;
  return new RelataError(
    error.reason,
    error.message.replace(tuple, () => shown),
    { metadata: { tuple: shown } },
  );
}
