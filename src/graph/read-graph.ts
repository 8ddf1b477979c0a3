import { ABSENT, NONE, OBJECTS, type RowState, TRAITS, type TupleGraph, USERSETS } from "../model/graph.ts";
import type { Found, Need } from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Revision } from "../model/revision.ts";
import { tooManyRows } from "../model/row-budget.ts";

/**
 * Answers every need from memory, in order, in one go.
 * @param maxSteps rows that may be looked at on the way, there or not, and of whatever type: a list may be long and hold nothing
 * of what is wanted
 * @throws BUDGET_EXHAUSTED when there are more than `maxRows` rows in all, or finding them takes more steps
 */
export function readGraph(
  graph: TupleGraph,
  revision: Revision,
  needs: readonly Need[],
  maxRows: number,
  maxSteps = Number.POSITIVE_INFINITY,
): Found[][] {
  const answers: Found[][] = [];
  const walk = new GraphWalk(graph, revision, maxRows, maxSteps);
  for (const need of needs) {
    const answer = walk.answer(need);
    if (answer === undefined || walk.steps > maxSteps) throw tooManyRows(maxRows);
    answers.push(answer);
  }
  return answers;
}

/** Reads needs one after the other, and counts. */
export class GraphWalk {
  /** Rows of lists that were looked at, there or not. */
  steps = 0;
  readonly #graph: TupleGraph;
  readonly #revision: Revision;
  readonly #maxRows: number;
  readonly #maxList: number;
  #rows = 0;

  /** @param maxList a longer list is not walked to its end */
  constructor(graph: TupleGraph, revision: Revision, maxRows: number, maxList: number) {
    this.#graph = graph;
    this.#revision = revision;
    this.#maxRows = maxRows;
    this.#maxList = maxList;
  }

  /** Undefined when a list is too long. @throws BUDGET_EXHAUSTED */
  answer(need: Need): Found[] | undefined {
    const found: Found[] = [];
    const graph = this.#graph;
    this.steps += 1;
    const type = graph.type(need.objectType);
    const relation = graph.relation(need.relation);
    if (type === NONE || relation === NONE) return found;
    const object = graph.object(type, need.objectId);
    if (object === NONE) return found;
    switch (need.kind) {
      case "exact":
        this.#exact(need, object, relation, found);
        return found;
      case "usersets":
        return this.#list(graph.firstSubject(object, relation, USERSETS), undefined, found);
      case "objects": {
        const types = new Set(need.subjectTypes.map((name) => graph.type(name)));
        const plain = this.#list(graph.firstSubject(object, relation, OBJECTS), types, found);
        return plain && this.#list(graph.firstSubject(object, relation, USERSETS), types, found);
      }
    }
  }

  #exact(need: Need & { kind: "exact" }, object: number, relation: number, found: Found[]): void {
    const graph = this.#graph;
    const type = graph.type(need.subjectType);
    const subjectRelation = graph.relation(need.subjectRelation);
    if (type === NONE || subjectRelation === NONE) return;
    const subject = graph.object(type, need.subjectId);
    if (subject === NONE) return;
    const row = graph.find(object, relation, subject, subjectRelation);
    if (row === NONE) return;
    const state = graph.state(row, this.#revision);
    if (state !== ABSENT) this.#take(foundAt(graph, row, state, this.#revision), found);
  }

  /** @param types set: of an arrow, which follows these and no wildcard */
  #list(first: number, types: ReadonlySet<number> | undefined, found: Found[]): Found[] | undefined {
    const graph = this.#graph;
    let left = this.#maxList;
    for (let row = first; row !== NONE; row = graph.nextSubject(row)) {
      this.steps += 1;
      left -= 1;
      if (left < 0) return undefined;
      if (types !== undefined && !types.has(graph.typeOf(graph.subjectOf(row)))) continue;
      const state = graph.state(row, this.#revision);
      if (state === ABSENT) continue;
      const subject = foundAt(graph, row, state, this.#revision);
      if (types === undefined || subject.subjectId !== WILDCARD_ID) this.#take(subject, found);
    }
    return found;
  }

  #take(subject: Found, found: Found[]): void {
    this.#rows += 1;
    if (this.#rows > this.#maxRows) throw tooManyRows(this.#maxRows);
    found.push(subject);
  }
}

export function foundAt(graph: TupleGraph, row: number, state: RowState, revision: Revision): Found {
  const subject = graph.subjectOf(row);
  const subjectType = graph.typeName(graph.typeOf(subject));
  const subjectId = graph.idOf(subject);
  const subjectRelation = graph.relationName(graph.subjectRelationOf(row));
  return state === TRAITS
    ? { subjectType, subjectId, subjectRelation, ...graph.traits(row, revision) }
    : { subjectType, subjectId, subjectRelation };
}
