import { createHash, timingSafeEqual } from "node:crypto";
import { RelataError } from "../errors.ts";
import type { TokenPosition } from "../model/consistency.ts";
import type { TupleFilter, TupleKey } from "../model/tuple.ts";
import { canonicalJson } from "./canonical-json.ts";
import { POSITION_BYTES, readPosition, writePosition } from "./position-bytes.ts";
import type { Sealer } from "./seal.ts";

const FILTER_HASH_BYTES = 16;
const KEY_START = POSITION_BYTES + FILTER_HASH_BYTES;

/** Makes the cursors of one Read: everything but the place in it is the same for all its tuples. */
export function createCursorWriter(
  sealer: Sealer,
  position: TokenPosition,
  filter: TupleFilter,
): (after: TupleKey) => string {
  const prefix = Buffer.concat([writePosition(position), filterHash(filter)]);
  return (after) => sealer.seal("read-cursor", Buffer.concat([prefix, Buffer.from(keyFields(after).join("\0"))]));
}

/**
 * Authenticates a cursor of this tenant and this filter. Forged and foreign ones get the same INVALID_CURSOR; one of
 * the tenant's own with another filter is told so.
 */
export function openCursor(
  sealer: Sealer,
  tenantId: string,
  filter: TupleFilter,
  cursor: string,
): { readonly at: TokenPosition; readonly after: TupleKey } {
  const payload = sealer.open("read-cursor", cursor);
  if (payload === undefined || payload.length < KEY_START) throw invalidCursor("not sealed by a known key");
  const at = readPosition(payload);
  if (at.tenantId !== tenantId) throw invalidCursor("sealed for another tenant");
  if (!timingSafeEqual(payload.subarray(POSITION_BYTES, KEY_START), filterHash(filter)))
    throw new RelataError("INVALID_CURSOR", "the cursor belongs to a Read with another filter; repeat that filter", {
      metadata: { field: "cursor" },
    });
  return { at, after: readKey(payload.subarray(KEY_START)) };
}

function readKey(bytes: Uint8Array): TupleKey {
  const [objectType, objectId, relation, subjectType, subjectId, subjectRelation] = Buffer.from(bytes)
    .toString("utf8")
    .split("\0");
  if (
    objectType === undefined ||
    objectId === undefined ||
    relation === undefined ||
    subjectType === undefined ||
    subjectId === undefined ||
    subjectRelation === undefined
  )
    throw invalidCursor("sealed, but not six fields");
  return { objectType, objectId, relation, subjectType, subjectId, subjectRelation };
}

function keyFields(key: TupleKey): readonly string[] {
  return [key.objectType, key.objectId, key.relation, key.subjectType, key.subjectId, key.subjectRelation];
}

function filterHash(filter: TupleFilter): Buffer {
  return createHash("sha256").update(canonicalJson(filter)).digest().subarray(0, FILTER_HASH_BYTES);
}

function invalidCursor(detail: string): RelataError {
  return new RelataError(
    "INVALID_CURSOR",
    "the cursor was not issued here; pass one on exactly as an answer of this API gave it",
    { detail },
  );
}
