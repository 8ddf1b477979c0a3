import { isAscii } from "node:buffer";
import type { CheckRequest, CheckResponse } from "../gen/relata/v1/authorization_service_pb.ts";
import type { ObjectReference, SubjectReference } from "../gen/relata/v1/core_pb.ts";

/**
 * Check's messages by hand, as nearly all of them are: a question of an object, a permission and a subject and nothing else, in
 * the order of their fields and in ASCII; an answer of a decision and a token. Whatever is not exactly so is undefined
 * here and left to protobuf-es, which takes 1.5 µs to read such a question and 2.5 to write such an answer; this
 * takes 0.4 and 0.2, of a Check of 12.
 */
export function readPlainCheck(bytes: Buffer): CheckRequest | undefined {
  if (!isAscii(bytes)) return undefined;
  const cursor: Cursor = { bytes, text: bytes.toString("latin1"), at: 0, end: bytes.length };
  const object = readObject(cursor, OBJECT);
  const permission = object === undefined ? undefined : readText(cursor, PERMISSION);
  const subject = permission === undefined ? undefined : readSubject(cursor, SUBJECT);
  if (object === undefined || permission === undefined || subject === undefined) return undefined;
  if (cursor.at !== bytes.length) return undefined;
  return plainCheck(object, permission, subject);
}

/** A question without anything that a Check may have besides. */
export function plainCheck(object: ObjectReference, permission: string, subject: SubjectReference): CheckRequest {
  return {
    $typeName: "relata.v1.CheckRequest",
    permission,
    withDebug: false,
    contextualTuples: [],
    withExplanation: false,
    object,
    subject,
  };
}

/** Field numbers with the wire type of what has a length. */
const [OBJECT, PERMISSION, SUBJECT] = [0x0a, 0x12, 0x1a];
const [TYPE, ID] = [0x0a, 0x12];
const [SUBJECT_OBJECT, SUBJECT_RELATION] = [0x0a, 0x12];

interface Cursor {
  readonly bytes: Buffer;
  /** The same as text: to cut six strings out of one takes less than to decode six. */
  readonly text: string;
  at: number;
  /** Of the message that is being read. */
  end: number;
}

/** The end of a field of this tag, whose content follows; -1 when the next field is another, or longer than one byte can say. */
function enter(cursor: Cursor, tag: number): number {
  const { bytes, at } = cursor;
  if (at + 2 > cursor.end || bytes[at] !== tag) return -1;
  const length = bytes[at + 1] as number;
  const end = at + 2 + length;
  if (length >= 0x80 || end > cursor.end) return -1;
  cursor.at = at + 2;
  return end;
}

function readText(cursor: Cursor, tag: number): string | undefined {
  const end = enter(cursor, tag);
  if (end < 0) return undefined;
  const { text, at } = cursor;
  cursor.at = end;
  return text.slice(at, end);
}

function readObject(cursor: Cursor, tag: number): ObjectReference | undefined {
  const end = enter(cursor, tag);
  if (end < 0) return undefined;
  const outer = cursor.end;
  cursor.end = end;
  const type = readText(cursor, TYPE);
  const id = type === undefined ? undefined : readText(cursor, ID);
  cursor.end = outer;
  if (type === undefined || id === undefined || cursor.at !== end) return undefined;
  return { $typeName: "relata.v1.ObjectReference", type, id };
}

function readSubject(cursor: Cursor, tag: number): SubjectReference | undefined {
  const end = enter(cursor, tag);
  if (end < 0) return undefined;
  const outer = cursor.end;
  cursor.end = end;
  const object = readObject(cursor, SUBJECT_OBJECT);
  const relation = object === undefined || cursor.at === end ? "" : readText(cursor, SUBJECT_RELATION);
  cursor.end = outer;
  if (object === undefined || relation === undefined || cursor.at !== end) return undefined;
  return { $typeName: "relata.v1.SubjectReference", relation, object };
}

const [DECISION, TOKEN] = [0x08, 0x1a];

export function writePlainCheck(answer: CheckResponse): Buffer | undefined {
  const { decision, consistencyToken: token } = answer;
  const more = answer.debug ?? answer.expiresAt ?? answer.explanation ?? answer.$unknown;
  if (more !== undefined || answer.missingContext.length > 0) return undefined;
  if (decision < 1 || decision >= 0x80 || token.length < 1 || token.length >= 0x80) return undefined;
  // As many bytes as characters: ASCII.
  if (Buffer.byteLength(token) !== token.length) return undefined;
  const bytes = Buffer.allocUnsafe(4 + token.length);
  bytes[0] = DECISION;
  bytes[1] = decision;
  bytes[2] = TOKEN;
  bytes[3] = token.length;
  bytes.write(token, 4, "latin1");
  return bytes;
}
