import { compareBytes } from "../../model/byte-order.ts";
import type { StoredTuple, TupleChange } from "../../model/change.ts";
import {
  type Found,
  type FoundObject,
  type FoundTraits,
  type Need,
  type ObjectScan,
  type SubjectScan,
  traitsOf,
} from "../../model/need.ts";
import type { Revision } from "../../model/revision.ts";
import type { Tuple, TupleFilter, TupleKey } from "../../model/tuple.ts";
import { matchesFilter } from "../../model/tuple-filter.ts";
import { compareKeys, compareObjects, compareSubjects } from "../../model/tuple-order.ts";
import { OrderedRows } from "./ordered-rows.ts";

/** A version of a tuple: visible at `r` iff createdRev <= r < deletedRev. */
interface Row {
  readonly tuple: Tuple;
  readonly traits: FoundTraits;
  readonly createdRev: Revision;
  deletedRev: Revision;
}

const NEVER = Number.POSITIVE_INFINITY;

/** What one object#relation has. */
interface Relation {
  /** Subject (as text) → its versions, oldest first. */
  readonly versions: Map<string, Row[]>;
  readonly inOrder: OrderedRows<Row>;
}

/** One tenant's tuples with their history, plainly: what a store must do, not how to do it fast. */
export class TupleTable {
  /** By object and relation (as text). */
  readonly #relations = new Map<string, Relation>();
  /** By subject, object type and relation (as text). */
  readonly #objects = new Map<string, OrderedRows<Row>>();
  /** Index is the revision; by key (as text), so that the last change of a tuple stands. */
  readonly #changes: Map<string, TupleChange>[] = [];

  live(key: TupleKey): Tuple | undefined {
    return this.#newest(key)?.tuple;
  }

  end(key: TupleKey, revision: Revision): void {
    const row = this.#newest(key);
    if (row === undefined) return;
    row.deletedRev = revision;
    this.#note(revision, { kind: "remove", tuple: keyOf(row.tuple) });
  }

  begin(tuple: Tuple, revision: Revision): void {
    const row: Row = { tuple, traits: traitsOf(tuple), createdRev: revision, deletedRev: NEVER };
    const relation = getOrAdd(this.#relations, relationKey(tuple), newRelation);
    getOrAdd(relation.versions, subjectKey(tuple), (): Row[] => []).push(row);
    relation.inOrder.add(row);
    getOrAdd(this.#objects, reverseKey(tuple), () => new OrderedRows<Row>(byKey)).add(row);
    this.#note(revision, { kind: "put", tuple: storedOf(row) });
  }

  changesOf(revision: Revision): readonly TupleChange[] {
    return [...(this.#changes[revision]?.values() ?? [])];
  }

  /** Live tuples as they are stored, in the order of their keys. */
  stored(): readonly StoredTuple[] {
    return [...this.#rows()]
      .filter((row) => row.deletedRev === NEVER)
      .sort(byKey)
      .map(storedOf);
  }

  /** Live tuples, in no order. */
  *matchingLive(filter: TupleFilter): Iterable<Tuple> {
    for (const row of this.#rows()) if (row.deletedRev === NEVER && matchesFilter(row.tuple, filter)) yield row.tuple;
  }

  /** Tuples visible at `revision`, in no order. */
  *matchingAt(filter: TupleFilter, revision: Revision): Iterable<Tuple> {
    for (const row of this.#rows()) if (isVisible(row, revision) && matchesFilter(row.tuple, filter)) yield row.tuple;
  }

  answer(need: Need, revision: Revision): readonly Found[] {
    const versions = this.#relations.get(relationKey(need))?.versions;
    if (versions === undefined) return [];
    if (need.kind === "exact") return found(versions.get(subjectKey(need)) ?? [], revision);
    const wanted = [...versions.values()].flatMap((rows) => found(rows, revision));
    return need.kind === "usersets"
      ? wanted.filter((subject) => subject.subjectRelation !== "")
      : wanted.filter((subject) => need.subjectTypes.includes(subject.subjectType) && subject.subjectId !== "*");
  }

  scanSubjects(scan: SubjectScan, limit: number, revision: Revision): readonly Found[] {
    const { subjectType, subjectRelation, after } = scan;
    const rows = this.#relations.get(relationKey(scan))?.inOrder.from(({ tuple }) => {
      if (after !== undefined && compareSubjects(tuple, after) <= 0) return false;
      return subjectType === undefined || compareBytes(tuple.subjectType, subjectType) >= 0;
    });
    const answer: Found[] = [];
    for (const row of rows ?? []) {
      if (answer.length >= limit || (subjectType !== undefined && row.tuple.subjectType !== subjectType)) break;
      if (subjectRelation !== undefined && row.tuple.subjectRelation !== subjectRelation) continue;
      if (isVisible(row, revision)) answer.push(foundOf(row));
    }
    return answer;
  }

  scanObjects(scan: ObjectScan, limit: number, revision: Revision): readonly FoundObject[] {
    const { subjectRelation, after } = scan;
    const rows = this.#objects
      .get(reverseKey(scan))
      ?.from(({ tuple }) => after === undefined || compareObjects(tuple, after) > 0);
    const answer: FoundObject[] = [];
    for (const row of rows ?? []) {
      if (answer.length >= limit) break;
      const { tuple, traits } = row;
      if (subjectRelation !== undefined && tuple.subjectRelation !== subjectRelation) continue;
      if (isVisible(row, revision))
        answer.push({ objectId: tuple.objectId, subjectRelation: tuple.subjectRelation, ...traits });
    }
    return answer;
  }

  #note(revision: Revision, change: TupleChange): void {
    const changes = this.#changes[revision] ?? new Map<string, TupleChange>();
    changes.set(`${relationKey(change.tuple)}\0${subjectKey(change.tuple)}`, change);
    this.#changes[revision] = changes;
  }

  #newest(key: TupleKey): Row | undefined {
    const row = this.#relations.get(relationKey(key))?.versions.get(subjectKey(key))?.at(-1);
    return row?.deletedRev === NEVER ? row : undefined;
  }

  *#rows(): Iterable<Row> {
    for (const { versions } of this.#relations.values()) for (const rows of versions.values()) yield* rows;
  }
}

type Subject = Pick<TupleKey, "subjectType" | "subjectId" | "subjectRelation">;

function byKey(a: Row, b: Row): number {
  return compareKeys(a.tuple, b.tuple);
}

function keyOf({ objectType, objectId, relation, subjectType, subjectId, subjectRelation }: TupleKey): TupleKey {
  return { objectType, objectId, relation, subjectType, subjectId, subjectRelation };
}

function storedOf({ tuple, traits }: Row): StoredTuple {
  return { ...keyOf(tuple), ...traits };
}

function newRelation(): Relation {
  return { versions: new Map(), inOrder: new OrderedRows<Row>(byKey) };
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function isVisible(row: Row, revision: Revision): boolean {
  return row.createdRev <= revision && revision < row.deletedRev;
}

function found(versions: readonly Row[], revision: Revision): readonly Found[] {
  return versions.filter((row) => isVisible(row, revision)).map(foundOf);
}

function foundOf({ tuple: { subjectType, subjectId, subjectRelation }, traits }: Row): Found {
  return { subjectType, subjectId, subjectRelation, ...traits };
}

function relationKey(key: { readonly objectType: string; readonly objectId: string; readonly relation: string }) {
  return `${key.objectType}\0${key.objectId}\0${key.relation}`;
}

function subjectKey(key: Subject): string {
  return `${key.subjectType}\0${key.subjectId}\0${key.subjectRelation}`;
}

function reverseKey(key: Pick<TupleKey, "subjectType" | "subjectId" | "objectType" | "relation">): string {
  return `${key.subjectType}\0${key.subjectId}\0${key.objectType}\0${key.relation}`;
}
