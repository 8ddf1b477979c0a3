import { type ErrorReason, RelataError } from "../errors.ts";
import {
  isObjectId,
  isRelationName,
  isTypeName,
  MAX_OBJECT_ID_BYTES,
  MAX_RELATION_BYTES,
  MAX_TYPE_BYTES,
} from "../model/object.ts";

/** Only this much of a bad value is repeated in an error. */
const MAX_QUOTED = 80;

/** The text of a field; `field` is its path in the request, such as `updates[3].tuple.object.id`. */
export function requireTypeName(text: string, field: string, reason: ErrorReason): string {
  if (isTypeName(text)) return text;
  throw badField(
    reason,
    field,
    `${what(text)} a definition name: lower-case letters, digits and "_", prefixes separated by "/", at most ${MAX_TYPE_BYTES} bytes`,
  );
}

export function requireRelationName(text: string, field: string, reason: ErrorReason): string {
  if (isRelationName(text)) return text;
  throw badField(
    reason,
    field,
    `${what(text)} a relation or permission name: lower-case letters, digits and "_", at most ${MAX_RELATION_BYTES} bytes`,
  );
}

export function requireObjectId(text: string, field: string, reason: ErrorReason): string {
  if (isObjectId(text)) return text;
  throw badField(
    reason,
    field,
    `${what(text)} an object id: 1 to ${MAX_OBJECT_ID_BYTES} of the characters a-z A-Z 0-9 / _ | - = + . @ : ~ % !`,
  );
}

export function badField(reason: ErrorReason, field: string, problem: string): RelataError {
  return new RelataError(reason, `${field} ${problem}`, { metadata: { field } });
}

function what(text: string): string {
  if (text === "") return "is empty, where it must be";
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  // toWellFormed: half a surrogate pair, cut here or sent so, has no UTF-8.
  return `is ${JSON.stringify(cut.toWellFormed())}${text.length > MAX_QUOTED ? ` (${text.length} characters)` : ""}, where it must be`;
}
