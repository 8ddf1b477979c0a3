import type { SubjectList, TupleGraph } from "../../src/model/graph.ts";
import { NONE, OBJECTS, PLAIN, TRAITS, USERSETS } from "../../src/model/graph.ts";
import { type FoundTraits, traitsOf } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";

interface Row {
  readonly object: number;
  readonly relation: number;
  readonly subject: number;
  readonly subjectRelation: number;
  readonly traits: FoundTraits | undefined;
}

/** The port told plainly: tuples that never change, found by looking at all of them. @param tuples each key once */
export function plainGraph(tuples: readonly Tuple[]): TupleGraph {
  const types = numbered<string>();
  const relations = numbered<string>();
  const objects = numbered<string>();
  relations.add("");
  const objectOf = (type: string, id: string) => objects.add(`${types.add(type)} ${id}`);
  const rows = tuples.map((tuple): Row => {
    const traits = traitsOf(tuple);
    return {
      object: objectOf(tuple.objectType, tuple.objectId),
      relation: relations.add(tuple.relation),
      subject: objectOf(tuple.subjectType, tuple.subjectId),
      subjectRelation: relations.add(tuple.subjectRelation),
      traits: Object.keys(traits).length === 0 ? undefined : traits,
    };
  });
  const rowAt = (row: number) => rows[row] as Row;
  const listOf = ({ subjectRelation }: Row): SubjectList => (subjectRelation === 0 ? OBJECTS : USERSETS);
  const isSameList = (a: Row, b: Row) => a.object === b.object && a.relation === b.relation && listOf(a) === listOf(b);
  const isSameReverse = (a: Row, b: Row) =>
    a.subject === b.subject && a.relation === b.relation && typeOf(a.object) === typeOf(b.object);
  const typeOf = (object: number) => Number(objects.at(object).split(" ")[0]);
  return {
    names: types.size() + relations.size(),
    type: types.find,
    relation: relations.find,
    object: (type, id) => objects.find(`${type} ${id}`),
    typeName: types.at,
    relationName: relations.at,
    typeOf,
    idOf: (object) => objects.at(object).split(" ")[1] as string,
    find: (object, relation, subject, subjectRelation) =>
      rows.findIndex(
        (row) =>
          row.object === object &&
          row.relation === relation &&
          row.subject === subject &&
          row.subjectRelation === subjectRelation,
      ),
    firstSubject: (object, relation, list) =>
      rows.findIndex((row) => row.object === object && row.relation === relation && listOf(row) === list),
    nextSubject: (row) => rows.findIndex((other, index) => index > row && isSameList(rowAt(row), other)),
    firstObject: (subject, objectType, relation) =>
      rows.findIndex(
        (row) => row.subject === subject && row.relation === relation && typeOf(row.object) === objectType,
      ),
    nextObject: (row) => rows.findIndex((other, index) => index > row && isSameReverse(rowAt(row), other)),
    objectOf: (row) => rowAt(row).object,
    subjectOf: (row) => rowAt(row).subject,
    subjectRelationOf: (row) => rowAt(row).subjectRelation,
    state: (row) => (rowAt(row).traits === undefined ? PLAIN : TRAITS),
    traits: (row) => rowAt(row).traits as FoundTraits,
  };
}

function numbered<T>() {
  const numbers = new Map<T, number>();
  const names: T[] = [];
  return {
    add: (name: T): number => {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, names.length);
      return names.push(name) - 1;
    },
    find: (name: T): number => numbers.get(name) ?? NONE,
    at: (number: number): T => names[number] as T,
    size: () => names.length,
  };
}
