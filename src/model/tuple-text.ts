import { type ErrorReason, RelataError } from "../errors.ts";
import {
  formatSubject,
  isObjectId,
  isRelationName,
  isTypeName,
  MAX_OBJECT_ID_BYTES,
  MAX_RELATION_BYTES,
  MAX_TYPE_BYTES,
  type ObjectRef,
  type SubjectRef,
  WILDCARD_ID,
} from "./object.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";
import type { JsonObject, JsonValue, Tuple, TupleKey } from "./tuple.ts";

/**
 * The text form of tuples, the one SpiceDB's tools use:
 * `document:readme#viewer@group:eng#member[on_network:{"cidr":"10.0.0.0/8"}][expiration:2030-01-01T00:00:00Z]`.
 *
 * Object ids may hold `@` and `:` (not `#`, `[` or `]`), so the text is read from the left: a type ends at its first `:`, an
 * object id at the first `#`, a relation at the first `@`. That is unambiguous.
 */
interface Reader {
  readonly text: string;
  readonly what: "tuple" | "object" | "subject";
  readonly reason: ErrorReason;
}

/** Only this much of a bad text is repeated in an error. */
const MAX_QUOTED = 200;

/** @throws RelataError INVALID_TUPLE, with the column (from 1) of the mistake. */
export function parseTuple(text: string): Tuple {
  const reader: Reader = { text, what: "tuple", reason: "INVALID_TUPLE" };
  const hash = text.indexOf("#");
  if (hash < 0) {
    fail(reader, text.length, 'expected "#" and a relation after the object');
  }
  const object = readObject(reader, 0, hash);
  const at = text.indexOf("@", hash + 1);
  if (at < 0) {
    fail(reader, text.length, 'expected "@" and a subject after the relation');
  }
  const relation = readRelation(reader, hash + 1, at);
  const bracket = text.indexOf("[", at + 1);
  const subjectEnd = bracket < 0 ? text.length : bracket;
  const subject = readSubject(reader, at + 1, subjectEnd);
  return {
    objectType: object.type,
    objectId: object.id,
    relation,
    subjectType: subject.type,
    subjectId: subject.id,
    subjectRelation: subject.relation,
    ...readAttributes(reader, subjectEnd),
  };
}

/** The exact inverse of parseTuple. A caveat's empty context is left out. */
export function formatTuple(tuple: Tuple): string {
  return formatTupleKey(tuple) + formatCaveat(tuple.caveat) + formatExpiry(tuple.expiresAtMs);
}

/** Without caveat and expiry: what errors name a tuple by, since a context can be long. */
export function formatTupleKey(key: TupleKey): string {
  const subject = { type: key.subjectType, id: key.subjectId, relation: key.subjectRelation };
  return `${key.objectType}:${key.objectId}#${key.relation}@${formatSubject(subject)}`;
}

/** `type:id`, no wildcard. @throws RelataError INVALID_OBJECT. */
export function parseObject(text: string): ObjectRef {
  return readObject({ text, what: "object", reason: "INVALID_OBJECT" }, 0, text.length);
}

/** `type:id`, `type:id#relation`, `type:id#...` (the same as `type:id`) or `type:*`. @throws RelataError INVALID_SUBJECT. */
export function parseSubject(text: string): SubjectRef {
  return readSubject({ text, what: "subject", reason: "INVALID_SUBJECT" }, 0, text.length);
}

function readObject(reader: Reader, start: number, end: number): ObjectRef {
  const colon = readTypeEnd(reader, start, end, "an object");
  const id = reader.text.slice(colon + 1, end);
  if (id === WILDCARD_ID) {
    fail(reader, colon + 1, "a wildcard can only be a subject, not an object");
  }
  checkId(reader, colon + 1, id);
  return { type: reader.text.slice(start, colon), id };
}

function readSubject(reader: Reader, start: number, end: number): SubjectRef {
  const colon = readTypeEnd(reader, start, end, "a subject");
  const type = reader.text.slice(start, colon);
  const hash = reader.text.indexOf("#", colon + 1);
  const idEnd = hash < 0 || hash >= end ? end : hash;
  const id = reader.text.slice(colon + 1, idEnd);
  if (id !== WILDCARD_ID) {
    checkId(reader, colon + 1, id);
  }
  if (idEnd === end) {
    return { type, id, relation: "" };
  }
  if (reader.text.slice(idEnd + 1, end) === "...") {
    return { type, id, relation: "" };
  }
  const relation = readRelation(reader, idEnd + 1, end);
  if (id === WILDCARD_ID) {
    fail(reader, idEnd, `a wildcard has no relation: write ${type}:*`);
  }
  return { type, id, relation };
}

/** Position of the `:` that ends a valid type name. */
function readTypeEnd(reader: Reader, start: number, end: number, where: string): number {
  const colon = reader.text.indexOf(":", start);
  if (colon < 0 || colon >= end) {
    fail(reader, end, `expected "type:id" for ${where}`);
  }
  const type = reader.text.slice(start, colon);
  if (type === "") {
    fail(reader, start, 'expected a type before ":"');
  }
  if (!isTypeName(type)) {
    fail(reader, start, `${quote(type)} is not a type name (a-z, 0-9 and _, at most ${MAX_TYPE_BYTES} bytes)`);
  }
  return colon;
}

function readRelation(reader: Reader, start: number, end: number): string {
  const relation = reader.text.slice(start, end);
  if (relation === "") {
    fail(reader, start, 'expected a relation after "#"');
  }
  if (!isRelationName(relation)) {
    fail(
      reader,
      start,
      `${quote(relation)} is not a relation name (a-z, 0-9 and _, at most ${MAX_RELATION_BYTES} bytes)`,
    );
  }
  return relation;
}

function checkId(reader: Reader, start: number, id: string): void {
  if (id === "") {
    fail(reader, start, 'expected an id after ":"');
  }
  if (id.length > MAX_OBJECT_ID_BYTES) {
    fail(reader, start, `an id has at most ${MAX_OBJECT_ID_BYTES} bytes, this one has more`);
  }
  if (!isObjectId(id)) {
    const bad = [...id].findIndex((character) => !isObjectId(character));
    const character = [...id][bad] ?? "";
    const allowed = "letters, digits and / _ | - = + . @ : ~ % !";
    fail(reader, start + Math.max(bad, 0), `${quote(character)} is not allowed in an id (${allowed})`);
  }
}

/** `[caveat:{json}]` and `[expiration:time]`, in either order, each at most once, up to the end of the text. */
function readAttributes(reader: Reader, start: number): Pick<Tuple, "caveat" | "expiresAtMs"> {
  const found: { caveat?: NonNullable<Tuple["caveat"]>; expiresAtMs?: number } = {};
  let at = start;
  while (at < reader.text.length) {
    if (reader.text[at] !== "[") {
      fail(reader, at, 'expected "[caveat]", "[expiration:time]" or the end');
    }
    const nameEnd = endOfName(reader, at + 1);
    const name = reader.text.slice(at + 1, nameEnd);
    if (name === "expiration") {
      if (found.expiresAtMs !== undefined) {
        fail(reader, at, "a tuple has at most one expiration");
      }
      const close = reader.text.indexOf("]", nameEnd);
      const time = reader.text.slice(nameEnd + 1, close < 0 ? undefined : close);
      const expiresAtMs = parseTimestamp(time);
      if (close < 0 || expiresAtMs === undefined) {
        fail(reader, nameEnd, `expected an RFC 3339 time such as 2030-01-01T00:00:00Z and "]", found ${quote(time)}`);
      }
      found.expiresAtMs = expiresAtMs;
      at = close + 1;
      continue;
    }
    if (found.caveat !== undefined) {
      fail(reader, at, "a tuple has at most one caveat");
    }
    if (!isTypeName(name)) {
      fail(reader, at + 1, `${quote(name)} is not a caveat name`);
    }
    const { context, end } = readContext(reader, nameEnd);
    found.caveat = { name, context };
    at = end;
  }
  return found;
}

function endOfName(reader: Reader, start: number): number {
  for (let at = start; at < reader.text.length; at++) {
    const character = reader.text[at];
    if (character === ":" || character === "]") {
      return at;
    }
  }
  return fail(reader, reader.text.length, 'expected "]"');
}

/** Reads `]` or `:{…}]`. */
function readContext(reader: Reader, start: number): { context: JsonObject; end: number } {
  if (reader.text[start] === "]") {
    return { context: {}, end: start + 1 };
  }
  const end = endOfJsonObject(reader.text, start + 1);
  if (end < 0) {
    fail(reader, start + 1, "expected a JSON object as the caveat's context");
  }
  const context = parseJsonObject(reader.text.slice(start + 1, end));
  if (context === undefined) {
    fail(reader, start + 1, "the caveat's context is not a valid JSON object");
  }
  if (reader.text[end] !== "]") {
    fail(reader, end, 'expected "]" after the caveat\'s context');
  }
  return { context, end: end + 1 };
}

/** Past the closing brace of the object that starts at `start`, or -1. Braces in strings do not count. */
function endOfJsonObject(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") {
        at++;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === "{") {
      depth++;
    } else if (character === "}") {
      depth--;
    }
    if (depth === 0) {
      return !inString && character === "}" ? at + 1 : -1;
    }
  }
  return -1;
}

function parseJsonObject(text: string): JsonObject | undefined {
  try {
    // 1e999 parses as Infinity, which no JSON can hold again.
    const value: JsonValue = JSON.parse(text, (_key, member: unknown) => {
      if (typeof member === "number" && !Number.isFinite(member)) {
        throw new RangeError("number out of range");
      }
      return member;
    });
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function formatCaveat(caveat: Tuple["caveat"]): string {
  if (caveat === undefined) {
    return "";
  }
  return Object.keys(caveat.context).length === 0
    ? `[${caveat.name}]`
    : `[${caveat.name}:${JSON.stringify(caveat.context)}]`;
}

function formatExpiry(expiresAtMs: number | undefined): string {
  return expiresAtMs === undefined ? "" : `[expiration:${formatTimestamp(expiresAtMs)}]`;
}

function fail(reader: Reader, offset: number, problem: string): never {
  const column = offset + 1;
  throw new RelataError(
    reader.reason,
    `invalid ${reader.what} ${quote(reader.text)}: ${problem}, at column ${column}`,
    { metadata: { column: String(column) } },
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}
