import type { ErrorReason } from "../errors.ts";
import { RelataError } from "../errors.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import { formatObject, formatSubject, isObjectId, MAX_OBJECT_ID_BYTES, WILDCARD_ID } from "../model/object.ts";
import type { AllowedSubject, Definition, Member, Relation, Schema } from "../model/schema.ts";
import type { Tuple, TupleKey } from "../model/tuple.ts";
import { formatTupleKey } from "../model/tuple-text.ts";
import type { SubjectKind } from "./reachability.ts";
import type { Question } from "./solver.ts";

/**
 * Everything a question names exists. A subject that can never reach the member is no error: the answer is "no".
 * @throws INVALID_OBJECT, INVALID_SUBJECT, WILDCARD_NOT_ALLOWED, UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION
 */
export function validateQuestion(schema: Schema, { object, member, subject }: Question): void {
  validateObjectMember(schema, object, member);
  validateSubject(schema, subject);
}

/** @throws INVALID_SUBJECT, WILDCARD_NOT_ALLOWED, UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION */
export function validateSubject(schema: Schema, subject: SubjectRef): void {
  validateSubjectKind(schema, subject);
  if (subject.id === WILDCARD_ID) {
    throw new RelataError(
      "WILDCARD_NOT_ALLOWED",
      `a question is about one subject, not about ${formatSubject(subject)}; name a ${subject.type}`,
    );
  }
  requireId(subject.id, "INVALID_SUBJECT", `subject ${formatSubject(subject)}`);
}

/** @throws UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION */
export function validateMember(schema: Schema, type: string, name: string): Member {
  return memberIn(definitionOf(schema, type), name);
}

/** @throws INVALID_OBJECT, UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION */
export function validateObjectMember(schema: Schema, object: ObjectRef, member: string): void {
  validateMember(schema, object.type, member);
  requireId(object.id, "INVALID_OBJECT", `object ${formatObject(object)}`);
}

/** @throws UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION */
export function validateSubjectKind(schema: Schema, { type, relation }: SubjectKind): void {
  const definition = definitionOf(schema, type);
  if (relation !== "") memberIn(definition, relation);
}

/**
 * The schema allows this tuple to be stored, with its caveat and expiry.
 * @throws INVALID_OBJECT, INVALID_SUBJECT, INVALID_SUBJECT_TYPE, WILDCARD_NOT_ALLOWED, CANNOT_WRITE_PERMISSION,
 * INVALID_CAVEAT_CONTEXT, UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION
 */
export function validateTuple(schema: Schema, tuple: Tuple): void {
  const relation = relationOf(schema, tuple);
  if (!relation.allowed.some((allowed) => admits(allowed, tuple))) throw notAllowed(relation, tuple);
  if (tuple.caveat !== undefined) validateContext(schema, tuple, tuple.caveat);
}

function validateContext(schema: Schema, tuple: Tuple, { name, context }: NonNullable<Tuple["caveat"]>): void {
  try {
    schema.caveats.get(name)?.program.validateWritten(context);
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    const { reason, metadata, message } = error;
    const text = formatTupleKey(tuple);
    throw new RelataError(reason, `${text}: ${message}`, { metadata: { ...metadata, tuple: text }, cause: error });
  }
}

/**
 * The schema allows a tuple of this key to be stored, with whatever caveat and expiry: enough to delete it by.
 * @throws as validateTuple
 */
export function validateTupleKey(schema: Schema, key: TupleKey): void {
  const relation = relationOf(schema, key);
  if (relation.allowed.some((allowed) => admitsKey(allowed, key))) return;
  throw notAllowed(relation, key);
}

function relationOf(schema: Schema, tuple: TupleKey): Relation {
  const relation = memberIn(definitionOf(schema, tuple.objectType), tuple.relation);
  const subjectDefinition = definitionOf(schema, tuple.subjectType);
  if (tuple.subjectRelation !== "") memberIn(subjectDefinition, tuple.subjectRelation);
  requireId(tuple.objectId, "INVALID_OBJECT", `the object of ${formatTupleKey(tuple)}`);
  const isWildcard = tuple.subjectId === WILDCARD_ID;
  if (!isWildcard) requireId(tuple.subjectId, "INVALID_SUBJECT", `the subject of ${formatTupleKey(tuple)}`);
  if (relation.kind === "permission") throw cannotWrite(schema, relation, tuple);
  if (isWildcard && tuple.subjectRelation !== "") {
    throw new RelataError(
      "INVALID_SUBJECT",
      `${formatTupleKey(tuple)}: a wildcard subject has no relation; write ${tuple.subjectType}:*`,
    );
  }
  return relation;
}

function admitsKey(allowed: AllowedSubject, key: TupleKey): boolean {
  return (
    allowed.type === key.subjectType &&
    allowed.relation === key.subjectRelation &&
    allowed.wildcard === (key.subjectId === WILDCARD_ID)
  );
}

function admits(allowed: AllowedSubject, tuple: Tuple): boolean {
  return (
    admitsKey(allowed, tuple) &&
    allowed.caveat === (tuple.caveat?.name ?? "") &&
    allowed.expiration === (tuple.expiresAtMs !== undefined)
  );
}

function notAllowed(relation: Relation, tuple: Tuple): RelataError {
  const wildcard = tuple.subjectId === WILDCARD_ID;
  const given = formatAllowed({
    type: tuple.subjectType,
    relation: tuple.subjectRelation,
    wildcard,
    caveat: tuple.caveat?.name ?? "",
    expiration: tuple.expiresAtMs !== undefined,
  });
  // Only the star is missing when the same subject type is allowed without it.
  const sameType = relation.allowed.some((allowed) => allowed.type === tuple.subjectType && allowed.relation === "");
  return new RelataError(
    wildcard && sameType ? "WILDCARD_NOT_ALLOWED" : "INVALID_SUBJECT_TYPE",
    `${formatTupleKey(tuple)}: relation ${relation.type}#${relation.name} does not allow ${given}; ` +
      `it allows ${relation.allowed.map(formatAllowed).join(" | ")}`,
    { metadata: { definition: relation.type, relation: relation.name, subject: given } },
  );
}

/** As in the schema: `group#member with on_duty and expiration`. */
function formatAllowed({ type, relation, wildcard, caveat, expiration }: AllowedSubject): string {
  const subject = wildcard ? `${type}:*` : relation === "" ? type : `${type}#${relation}`;
  const traits = [...(caveat === "" ? [] : [caveat]), ...(expiration ? ["expiration"] : [])];
  return traits.length === 0 ? subject : `${subject} with ${traits.join(" and ")}`;
}

function cannotWrite(schema: Schema, permission: Member, tuple: Tuple): RelataError {
  const relations = [...(schema.definitions.get(permission.type)?.members.values() ?? [])]
    .filter((member) => member.kind === "relation")
    .map((member) => member.name);
  return new RelataError(
    "CANNOT_WRITE_PERMISSION",
    `${formatTupleKey(tuple)}: ${permission.type}#${permission.name} is a permission, which is computed; ` +
      `tuples are written to relations${list(relations)}`,
    { metadata: { definition: permission.type, permission: permission.name } },
  );
}

function definitionOf(schema: Schema, type: string): Definition {
  const definition = schema.definitions.get(type);
  if (definition !== undefined) return definition;
  throw new RelataError(
    "UNKNOWN_DEFINITION",
    `the schema has no definition "${shorten(type)}"${list([...schema.definitions.keys()])}`,
    { metadata: { definition: shorten(type) } },
  );
}

function memberIn(definition: Definition, name: string): Member {
  const member = definition.members.get(name);
  if (member !== undefined) return member;
  throw new RelataError(
    "UNKNOWN_RELATION_OR_PERMISSION",
    `definition ${definition.name} has no relation or permission "${shorten(name)}"${list([...definition.members.keys()])}`,
    { metadata: { definition: definition.name, member: shorten(name) } },
  );
}

/** Enough to find a misspelt name by eye. */
const MAX_LISTED = 12;

function list(names: readonly string[]): string {
  if (names.length === 0) return "; it has none";
  const more = names.length > MAX_LISTED ? `, and ${names.length - MAX_LISTED} more` : "";
  return `; it has ${names.slice(0, MAX_LISTED).join(", ")}${more}`;
}

function requireId(id: string, reason: ErrorReason, what: string): void {
  if (isObjectId(id)) return;
  throw new RelataError(
    reason,
    `${shorten(what)} has an id that is not 1 to ${MAX_OBJECT_ID_BYTES} letters, digits or characters of / _ | - = + . @ : ~ % !`,
  );
}

/** Names and ids of a request can be long; this much of them is repeated in an error. */
const MAX_QUOTED = 200;

function shorten(text: string): string {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
