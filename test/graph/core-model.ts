import { expect } from "vitest";
import type { StoredTuple, TupleChange } from "../../src/model/change.ts";
import {
  ABSENT,
  NONE,
  OBJECTS,
  PLAIN,
  type SubjectList,
  TRAITS,
  type TupleGraph,
  USERSETS,
} from "../../src/model/graph.ts";
import type { FoundTraits } from "../../src/model/need.ts";
import type { TupleKey } from "../../src/model/tuple.ts";

interface Kept {
  readonly tuple: StoredTuple;
  readonly created: number;
  deleted: number;
}

/** The graph told plainly: every version of every tuple in one array. */
export class NaiveGraph {
  readonly kept: Kept[] = [];

  apply(revision: number, change: TupleChange): void {
    const live = this.kept.find(({ tuple, deleted }) => deleted === Infinity && sameKey(tuple, change.tuple));
    if (live !== undefined) live.deleted = revision;
    if (change.kind === "put") this.kept.push({ tuple: change.tuple, created: revision, deleted: Infinity });
  }

  at(revision: number): StoredTuple[] {
    return this.kept.filter((k) => k.created <= revision && revision < k.deleted).map(({ tuple }) => tuple);
  }
}

export interface Universe {
  readonly objects: readonly { readonly type: string; readonly id: string }[];
  readonly subjects: readonly { readonly type: string; readonly id: string }[];
  readonly relations: readonly string[];
  readonly subjectRelations: readonly string[];
}

/** Asks the graph everything there is to ask in the universe, by every method of the port. */
export function expectSame(graph: TupleGraph, naive: NaiveGraph, revision: number, universe: Universe): void {
  const there = naive.at(revision);
  const types = [...new Set(universe.objects.map(({ type }) => type))];
  for (const object of universe.objects) {
    for (const relation of universe.relations) {
      for (const subject of universe.subjects) {
        for (const subjectRelation of universe.subjectRelations) {
          const key = keyOf(object, relation, subject, subjectRelation);
          expect(stateOf(graph, key, revision)).toEqual(traitsIn(there, key));
        }
      }
      for (const list of [OBJECTS, USERSETS] as const) {
        const expected = there.filter(
          (t) =>
            t.objectType === object.type &&
            t.objectId === object.id &&
            t.relation === relation &&
            (t.subjectRelation === "") === (list === OBJECTS),
        );
        expect(subjectsOf(graph, object, relation, list, revision)).toEqual(texts(expected));
      }
    }
  }
  for (const subject of universe.subjects) {
    for (const type of types) {
      for (const relation of universe.relations) {
        const expected = there.filter(
          (t) =>
            t.subjectType === subject.type &&
            t.subjectId === subject.id &&
            t.objectType === type &&
            t.relation === relation,
        );
        expect(objectsOf(graph, subject, type, relation, revision)).toEqual(texts(expected));
      }
    }
  }
}

type Named = { readonly type: string; readonly id: string };

export function keyOf(object: Named, relation: string, subject: Named, subjectRelation: string): TupleKey {
  return {
    objectType: object.type,
    objectId: object.id,
    relation,
    subjectType: subject.type,
    subjectId: subject.id,
    subjectRelation,
  };
}

export function rowOf(graph: TupleGraph, key: TupleKey): number {
  return graph.find(
    graph.object(graph.type(key.objectType), key.objectId),
    graph.relation(key.relation),
    graph.object(graph.type(key.subjectType), key.subjectId),
    graph.relation(key.subjectRelation),
  );
}

function stateOf(graph: TupleGraph, key: TupleKey, revision: number): FoundTraits | undefined {
  const row = rowOf(graph, key);
  return row === NONE ? undefined : traitsAt(graph, row, revision);
}

/** {} of a plain one, undefined when it is not there. */
function traitsAt(graph: TupleGraph, row: number, revision: number): FoundTraits | undefined {
  const state = graph.state(row, revision);
  if (state === ABSENT) return undefined;
  const traits = graph.traits(row, revision);
  expect(state).toBe(traits.caveat === undefined && traits.expiresAtMs === undefined ? PLAIN : TRAITS);
  return traits;
}

function traitsIn(tuples: readonly StoredTuple[], key: TupleKey): FoundTraits | undefined {
  const found = tuples.find((tuple) => sameKey(tuple, key));
  if (found === undefined) return undefined;
  const { caveat, expiresAtMs } = found;
  return { ...(caveat !== undefined && { caveat }), ...(expiresAtMs !== undefined && { expiresAtMs }) };
}

function subjectsOf(graph: TupleGraph, object: Named, relation: string, list: SubjectList, revision: number): string[] {
  const number = graph.object(graph.type(object.type), object.id);
  const relationNumber = graph.relation(relation);
  const found: string[] = [];
  for (let row = graph.firstSubject(number, relationNumber, list); row !== NONE; row = graph.nextSubject(row)) {
    expect(graph.objectOf(row)).toBe(number);
    if (graph.state(row, revision) !== ABSENT) found.push(textOf(graph, row, relation));
  }
  return found.sort();
}

function objectsOf(graph: TupleGraph, subject: Named, type: string, relation: string, revision: number): string[] {
  const number = graph.object(graph.type(subject.type), subject.id);
  const found: string[] = [];
  let row = graph.firstObject(number, graph.type(type), graph.relation(relation));
  for (; row !== NONE; row = graph.nextObject(row)) {
    expect(graph.subjectOf(row)).toBe(number);
    if (graph.state(row, revision) !== ABSENT) found.push(textOf(graph, row, relation));
  }
  return found.sort();
}

function textOf(graph: TupleGraph, row: number, relation: string): string {
  const object = graph.objectOf(row);
  const subject = graph.subjectOf(row);
  return [
    graph.typeName(graph.typeOf(object)),
    graph.idOf(object),
    relation,
    graph.typeName(graph.typeOf(subject)),
    graph.idOf(subject),
    graph.relationName(graph.subjectRelationOf(row)),
  ].join(" ");
}

function texts(tuples: readonly StoredTuple[]): string[] {
  return tuples
    .map((t) => [t.objectType, t.objectId, t.relation, t.subjectType, t.subjectId, t.subjectRelation].join(" "))
    .sort();
}

function sameKey(a: TupleKey, b: TupleKey): boolean {
  return (
    a.objectType === b.objectType &&
    a.objectId === b.objectId &&
    a.relation === b.relation &&
    a.subjectType === b.subjectType &&
    a.subjectId === b.subjectId &&
    a.subjectRelation === b.subjectRelation
  );
}
