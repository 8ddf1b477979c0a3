import { compareBytes } from "./byte-order.ts";
import type { TupleKey } from "./tuple.ts";

type Subject = Pick<TupleKey, "subjectType" | "subjectId" | "subjectRelation">;

/** In key order, bytewise: the order of Read. */
export function compareKeys(a: TupleKey, b: TupleKey): number {
  return (
    compareBytes(a.objectType, b.objectType) ||
    compareBytes(a.objectId, b.objectId) ||
    compareBytes(a.relation, b.relation) ||
    compareSubjects(a, b)
  );
}

/** Of one object and relation: the order of a `SubjectScan`. */
export function compareSubjects(a: Subject, b: Subject): number {
  return (
    compareBytes(a.subjectType, b.subjectType) ||
    compareBytes(a.subjectId, b.subjectId) ||
    compareBytes(a.subjectRelation, b.subjectRelation)
  );
}

/** Of one subject, object type and relation: the order of an `ObjectScan`. */
export function compareObjects(
  a: Pick<TupleKey, "objectId" | "subjectRelation">,
  b: Pick<TupleKey, "objectId" | "subjectRelation">,
): number {
  return compareBytes(a.objectId, b.objectId) || compareBytes(a.subjectRelation, b.subjectRelation);
}
