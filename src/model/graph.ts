import type { FoundTraits } from "./need.ts";
import type { Revision } from "./revision.ts";

/** Says that a graph has never met a name, an object or a tuple, or that a list has ended. */
export const NONE = -1;

/** What a row is at a revision. */
export const ABSENT = 0;
/** There, for good and unconditionally. */
export const PLAIN = 1;
/** There, with a caveat or an end (which may have passed): see `traits`. */
export const TRAITS = 2;
export type RowState = typeof ABSENT | typeof PLAIN | typeof TRAITS;

/** The rows of an object's relation: those whose subject has no relation, and those whose subject has one. */
export const OBJECTS = 0;
export const USERSETS = 1;
export type SubjectList = typeof OBJECTS | typeof USERSETS;

/**
 * A tenant's tuples as numbers, at every revision of a window. Types, relations and objects (`type:id`) are numbered
 * densely from 0 each; relation 0 is the empty one. A row is one tuple's key: lists and `find` give rows whether or not the
 * tuple is there at the revision that is asked about, which only `state` knows. Nothing here waits, and nothing but `idOf`
 * and `traits` allocates.
 */
export interface TupleGraph {
  /** Grows whenever a type or relation is met for the first time: what was NONE may then be something. */
  readonly names: number;
  type(name: string): number;
  relation(name: string): number;
  object(type: number, id: string): number;
  typeName(type: number): string;
  relationName(relation: number): string;
  typeOf(object: number): number;
  idOf(object: number): string;

  /** The row of object#relation@subject#subjectRelation, or NONE. */
  find(object: number, relation: number, subject: number, subjectRelation: number): number;
  /** Rows of object#relation, in no order. */
  firstSubject(object: number, relation: number, list: SubjectList): number;
  nextSubject(row: number): number;
  /** Rows by which objects of a type name a subject in a relation, with whatever subject relation, in no order. */
  firstObject(subject: number, objectType: number, relation: number): number;
  nextObject(row: number): number;

  objectOf(row: number): number;
  subjectOf(row: number): number;
  subjectRelationOf(row: number): number;
  state(row: number, revision: Revision): RowState;
  /** Of a row whose state is TRAITS. */
  traits(row: number, revision: Revision): FoundTraits;
}
