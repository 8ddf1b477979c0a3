import type { TupleKey } from "../../src/model/tuple.ts";

export function userOn(objectType: string, objectId: string, relation: string, user: string): TupleKey {
  return { objectType, objectId, relation, subjectType: "user", subjectId: user, subjectRelation: "" };
}

/** @param subjectRelation empty: the object itself, as a folder on what lies in it */
export function objectOn(
  objectType: string,
  objectId: string,
  relation: string,
  subjectType: string,
  subjectId: string,
  subjectRelation = "",
): TupleKey {
  return { objectType, objectId, relation, subjectType, subjectId, subjectRelation };
}
