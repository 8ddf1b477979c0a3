import { budgetExhausted } from "../engine/limits.ts";
import {
  type Found,
  type FoundObject,
  type Need,
  type ObjectScan,
  type SubjectScan,
  type TupleSource,
  traitsOf,
} from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Tuple, TupleKey } from "../model/tuple.ts";
import { compareObjects, compareSubjects } from "../model/tuple-order.ts";

/**
 * A source in which `tuples` are as if they had just been TOUCHed: each takes the place of the stored tuple with its key,
 * or is added where there is none.
 * @param tuples no two of the same key
 */
export function overlayTuples(base: TupleSource, tuples: readonly Tuple[]): TupleSource {
  if (tuples.length === 0) return base;
  const own = indexTuples(tuples);
  return {
    async read(needs, maxRows) {
      const answers = needs.map((need) => own.answer(need));
      // A tuple looked for by its key is settled by the contextual one: the stored one no longer counts.
      const open = needs.flatMap((need, index) => (need.kind === "exact" && answers[index]?.length === 1 ? [] : index));
      const stored = open.length === 0 ? [] : await base.read(pick(needs, open), maxRows);
      for (const [slot, index] of open.entries())
        answers[index] = merge(stored[slot] ?? missingAnswer(), answers[index] ?? [], subjectKey);
      if (answers.reduce((rows, answer) => rows + answer.length, 0) > maxRows) throw budgetExhausted("rows", maxRows);
      return answers;
    },
    async scanSubjects(scans, limit) {
      const stored = await base.scanSubjects(scans, limit);
      return scans.map((scan, index) =>
        firstOf(merge(stored[index] ?? missingAnswer(), own.subjects(scan), subjectKey), compareSubjects, limit),
      );
    },
    async scanObjects(scans, limit) {
      const stored = await base.scanObjects(scans, limit);
      return scans.map((scan, index) =>
        firstOf(merge(stored[index] ?? missingAnswer(), own.objects(scan), objectKey), compareObjects, limit),
      );
    },
  };
}

interface OwnTuples {
  answer(need: Need): readonly Found[];
  /** In no order. */
  subjects(scan: SubjectScan): readonly Found[];
  objects(scan: ObjectScan): readonly FoundObject[];
}

function indexTuples(tuples: readonly Tuple[]): OwnTuples {
  const byObject = Map.groupBy(tuples, placeOf);
  const bySubject = Map.groupBy(tuples, reverseOf);
  return {
    answer: (need) => (byObject.get(placeOf(need)) ?? []).filter((tuple) => answers(need, tuple)).map(foundOf),
    subjects: (scan) =>
      (byObject.get(placeOf(scan)) ?? []).map(foundOf).filter((found) => isInSubjectScan(scan, found)),
    objects: (scan) =>
      (bySubject.get(reverseOf(scan)) ?? []).map(foundObjectOf).filter((found) => isInObjectScan(scan, found)),
  };
}

/** Spaces cannot occur in names or ids. */
function placeOf(key: Pick<TupleKey, "objectType" | "objectId" | "relation">): string {
  return `${key.objectType} ${key.objectId} ${key.relation}`;
}

function reverseOf(key: Pick<TupleKey, "subjectType" | "subjectId" | "objectType" | "relation">): string {
  return `${key.subjectType} ${key.subjectId} ${key.objectType} ${key.relation}`;
}

function answers(need: Need, tuple: Tuple): boolean {
  switch (need.kind) {
    case "exact":
      return compareSubjects(need, tuple) === 0;
    case "usersets":
      return tuple.subjectRelation !== "";
    case "objects":
      return tuple.subjectId !== WILDCARD_ID && need.subjectTypes.includes(tuple.subjectType);
  }
}

function isInSubjectScan(scan: SubjectScan, found: Found): boolean {
  return (
    (scan.subjectType === undefined || scan.subjectType === found.subjectType) &&
    (scan.subjectRelation === undefined || scan.subjectRelation === found.subjectRelation) &&
    (scan.after === undefined || compareSubjects(found, scan.after) > 0)
  );
}

function isInObjectScan(scan: ObjectScan, found: FoundObject): boolean {
  return (
    (scan.subjectRelation === undefined || scan.subjectRelation === found.subjectRelation) &&
    (scan.after === undefined || compareObjects(found, scan.after) > 0)
  );
}

function foundOf(tuple: Tuple): Found {
  const { subjectType, subjectId, subjectRelation } = tuple;
  return { subjectType, subjectId, subjectRelation, ...traitsOf(tuple) };
}

function foundObjectOf(tuple: Tuple): FoundObject {
  const { objectId, subjectRelation } = tuple;
  return { objectId, subjectRelation, ...traitsOf(tuple) };
}

function merge<Row>(stored: readonly Row[], own: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  if (own.length === 0) return stored;
  const replaced = new Set(own.map(keyOf));
  return [...stored.filter((row) => !replaced.has(keyOf(row))), ...own];
}

/**
 * What is first of all is first in its own list too, so the first `limit` rows of the base are enough; and a base that
 * had fewer has ended, so that fewer than `limit` together mean the end of both.
 */
function firstOf<Row>(rows: readonly Row[], compare: (a: Row, b: Row) => number, limit: number): readonly Row[] {
  return rows.toSorted(compare).slice(0, limit);
}

type SubjectKey = Pick<Found, "subjectType" | "subjectId" | "subjectRelation">;
type ObjectKey = Pick<FoundObject, "objectId" | "subjectRelation">;

function subjectKey(subject: SubjectKey): string {
  return `${subject.subjectType} ${subject.subjectId} ${subject.subjectRelation}`;
}

function objectKey(object: ObjectKey): string {
  return `${object.objectId} ${object.subjectRelation}`;
}

function pick<T>(list: readonly T[], indices: readonly number[]): readonly T[] {
  return indices.flatMap((index) => list.slice(index, index + 1));
}

function missingAnswer(): never {
  throw new Error("the source left a need or a scan without an answer");
}
