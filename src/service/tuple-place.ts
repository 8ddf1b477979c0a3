import type { TupleKey } from "../model/tuple.ts";
import { invalidCursor } from "./cursor.ts";

/** A tuple's key as a cursor carries it: no field can hold the separator. */
export function writeKey(key: TupleKey): string {
  return [key.objectType, key.objectId, key.relation, key.subjectType, key.subjectId, key.subjectRelation].join("\0");
}

/** @throws INVALID_CURSOR for a place that is no such key */
export function readKey(place: string): TupleKey {
  const [objectType, objectId, relation, subjectType, subjectId, subjectRelation] = place.split("\0");
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
