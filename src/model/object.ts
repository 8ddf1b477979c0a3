/** A thing that is protected or acts: `type:id`. */
export interface ObjectRef {
  readonly type: string;
  readonly id: string;
}

/**
 * Who may be given a relation or asked about: `type:id`, `type:id#relation`, or `type:*` (id `*`, stored tuples only).
 * `relation` is the empty string when the subject is the object itself.
 */
export interface SubjectRef {
  readonly type: string;
  readonly id: string;
  readonly relation: string;
}

/** Id of a wildcard subject. */
export const WILDCARD_ID = "*";

export const MAX_TYPE_BYTES = 128;
export const MAX_RELATION_BYTES = 64;
export const MAX_OBJECT_ID_BYTES = 1024;

const NAME_SEGMENT = "[a-z](?:[a-z0-9_]{0,62}[a-z0-9])?";
const TYPE_NAME = new RegExp(`^(?:${NAME_SEGMENT}/)*${NAME_SEGMENT}$`);
const RELATION_NAME = new RegExp(`^${NAME_SEGMENT}$`);
const OBJECT_ID = /^[a-zA-Z0-9/_|\-=+.@:~%!]+$/;

/** Definition, partial and caveat names: lower case, digits and `_`, prefixes separated by `/`, at most 128 bytes. */
export function isTypeName(name: string): boolean {
  return name.length <= MAX_TYPE_BYTES && TYPE_NAME.test(name);
}

/** Relation and permission names: lower case, digits and `_`, at most 64 bytes. */
export function isRelationName(name: string): boolean {
  return name.length <= MAX_RELATION_BYTES && RELATION_NAME.test(name);
}

/** Object ids: 1–1024 bytes of the listed ASCII characters; `*` is not an object id. */
export function isObjectId(id: string): boolean {
  return id.length <= MAX_OBJECT_ID_BYTES && OBJECT_ID.test(id);
}

export function formatObject(object: ObjectRef): string {
  return `${object.type}:${object.id}`;
}

export function formatSubject(subject: SubjectRef): string {
  return subject.relation === ""
    ? `${subject.type}:${subject.id}`
    : `${subject.type}:${subject.id}#${subject.relation}`;
}
