import { ABSENT, NONE, OBJECTS, type SubjectList, TRAITS, type TupleGraph, USERSETS } from "../model/graph.ts";
import type { Found, FoundObject, ObjectScan, SubjectScan } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";
import { compareObjects, compareSubjects } from "../model/tuple-order.ts";
import { foundAt } from "./read-graph.ts";

/*
 * Lists in memory are in no order, so a page of one takes walking and sorting all of it: that is for short ones only. To page
 * through a long one that way would cost the square of its length.
 */

/** What a scan of memory found, and what it cost. */
export interface Scanned<Row> {
  /** Undefined when a list is longer than may be walked. */
  readonly rows: Row[] | undefined;
  /** Rows of lists that were looked at. */
  readonly steps: number;
}

export function scanSubjectsOf(
  graph: TupleGraph,
  revision: Revision,
  scan: SubjectScan,
  limit: number,
  maxList: number,
): Scanned<Found> {
  const rows: Found[] = [];
  const type = scan.subjectType === undefined ? NONE : graph.type(scan.subjectType);
  const subjectRelation = scan.subjectRelation === undefined ? NONE : graph.relation(scan.subjectRelation);
  const isEmpty =
    (scan.subjectType !== undefined && type === NONE) ||
    (scan.subjectRelation !== undefined && subjectRelation === NONE);
  let steps = 1;
  for (const list of isEmpty ? [] : listsOf(scan.subjectRelation)) {
    for (let row = firstSubjectOf(graph, scan, list); row !== NONE; row = graph.nextSubject(row)) {
      if (steps > maxList) return { rows: undefined, steps };
      steps += 1;
      if (type !== NONE && graph.typeOf(graph.subjectOf(row)) !== type) continue;
      if (subjectRelation !== NONE && graph.subjectRelationOf(row) !== subjectRelation) continue;
      const state = graph.state(row, revision);
      if (state === ABSENT) continue;
      const subject = foundAt(graph, row, state, revision);
      if (scan.after === undefined || compareSubjects(subject, scan.after) > 0) rows.push(subject);
    }
  }
  return { rows: firstOf(rows, compareSubjects, limit), steps };
}

export function scanObjectsOf(
  graph: TupleGraph,
  revision: Revision,
  scan: ObjectScan,
  limit: number,
  maxList: number,
): Scanned<FoundObject> {
  const rows: FoundObject[] = [];
  const subjectRelation = scan.subjectRelation === undefined ? NONE : graph.relation(scan.subjectRelation);
  const isEmpty = scan.subjectRelation !== undefined && subjectRelation === NONE;
  let steps = 1;
  for (let row = isEmpty ? NONE : firstObjectOf(graph, scan); row !== NONE; row = graph.nextObject(row)) {
    if (steps > maxList) return { rows: undefined, steps };
    steps += 1;
    if (subjectRelation !== NONE && graph.subjectRelationOf(row) !== subjectRelation) continue;
    const state = graph.state(row, revision);
    if (state === ABSENT) continue;
    const found: FoundObject = {
      objectId: graph.idOf(graph.objectOf(row)),
      subjectRelation: graph.relationName(graph.subjectRelationOf(row)),
      ...(state === TRAITS && graph.traits(row, revision)),
    };
    if (scan.after === undefined || compareObjects(found, scan.after) > 0) rows.push(found);
  }
  return { rows: firstOf(rows, compareObjects, limit), steps };
}

function listsOf(subjectRelation: string | undefined): readonly SubjectList[] {
  if (subjectRelation === undefined) return [OBJECTS, USERSETS];
  return subjectRelation === "" ? [OBJECTS] : [USERSETS];
}

function firstSubjectOf(graph: TupleGraph, scan: SubjectScan, list: SubjectList): number {
  const type = graph.type(scan.objectType);
  const relation = graph.relation(scan.relation);
  const object = type === NONE ? NONE : graph.object(type, scan.objectId);
  return object === NONE || relation === NONE ? NONE : graph.firstSubject(object, relation, list);
}

function firstObjectOf(graph: TupleGraph, scan: ObjectScan): number {
  const subjectType = graph.type(scan.subjectType);
  const objectType = graph.type(scan.objectType);
  const relation = graph.relation(scan.relation);
  const subject = subjectType === NONE ? NONE : graph.object(subjectType, scan.subjectId);
  if (subject === NONE || objectType === NONE || relation === NONE) return NONE;
  return graph.firstObject(subject, objectType, relation);
}

function firstOf<Row>(rows: Row[], compare: (a: Row, b: Row) => number, limit: number): Row[] {
  rows.sort(compare);
  if (rows.length > limit) rows.length = limit;
  return rows;
}
