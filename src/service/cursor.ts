import { createHash, timingSafeEqual } from "node:crypto";
import { RelataError } from "../errors.ts";
import type { TokenPosition } from "../model/consistency.ts";
import { canonicalJson } from "./canonical-json.ts";
import { POSITION_BYTES, readPosition, writePosition } from "./position-bytes.ts";
import type { CursorPurpose, Sealer } from "./seal.ts";

/** Of SHA-256 over everything that makes two requests the same question; a cursor is no place for the question itself. */
const QUESTION_HASH_BYTES = 16;
const PLACE_START = POSITION_BYTES + QUESTION_HASH_BYTES;

/** What a caller is told who sends a cursor of this verb with another question. */
const OTHER_QUESTION: Readonly<Record<CursorPurpose, string>> = {
  "read-cursor": "a Read with another filter; repeat that filter",
  "export-cursor": "another Export",
  "resources-cursor": "a LookupResources with another question; repeat everything but the limit",
  "subjects-cursor": "a LookupSubjects with another question; repeat everything but the limit",
  "expand-cursor": "an Expand of something else, or of another depth; repeat everything but the limit",
};

/**
 * Makes the cursors of one answer: everything but the place in it is the same for all of them.
 * @param question what must be the same when the cursor comes back, whatever the order of its keys
 */
export function createCursorWriter(
  sealer: Sealer,
  purpose: CursorPurpose,
  position: TokenPosition,
  question: object,
): (place: string) => string {
  const prefix = Buffer.concat([writePosition(position), hashOf(question)]);
  return (place) => sealer.seal(purpose, Buffer.concat([prefix, Buffer.from(place)]));
}

/**
 * Authenticates a cursor of this verb, tenant and question. Forged and foreign ones get the same INVALID_CURSOR; one of
 * the tenant's own with another question is told so.
 */
export function openCursor(
  sealer: Sealer,
  purpose: CursorPurpose,
  tenantId: string,
  question: object,
  cursor: string,
): { readonly at: TokenPosition; readonly place: string } {
  const payload = sealer.open(purpose, cursor);
  if (payload === undefined || payload.length < PLACE_START) throw invalidCursor("not sealed by a known key");
  const at = readPosition(payload);
  if (at.tenantId !== tenantId) throw invalidCursor("sealed for another tenant");
  if (!timingSafeEqual(payload.subarray(POSITION_BYTES, PLACE_START), hashOf(question)))
    throw new RelataError("INVALID_CURSOR", `the cursor belongs to ${OTHER_QUESTION[purpose]}`, {
      metadata: { field: "cursor" },
    });
  return { at, place: Buffer.from(payload.subarray(PLACE_START)).toString("utf8") };
}

/** Also for a place that its verb cannot read: sealed here, yet none. */
export function invalidCursor(detail: string): RelataError {
  return new RelataError(
    "INVALID_CURSOR",
    "the cursor was not issued here by this method; pass one on exactly as an answer of the same method gave it",
    { detail },
  );
}

function hashOf(question: object): Buffer {
  return createHash("sha256").update(canonicalJson(question)).digest().subarray(0, QUESTION_HASH_BYTES);
}
