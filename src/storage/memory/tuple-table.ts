import type { Found, Need } from "../../model/need.ts";
import type { Revision } from "../../model/revision.ts";
import type { Tuple, TupleFilter, TupleKey } from "../../model/tuple.ts";
import { matchesFilter } from "../../model/tuple-filter.ts";

/** A version of a tuple: visible at `r` iff createdRev <= r < deletedRev. */
interface Row {
  readonly tuple: Tuple;
  readonly createdRev: Revision;
  deletedRev: Revision;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Subject (as text) → its versions, oldest first. */
type Subjects = Map<string, Row[]>;

/** One tenant's tuples with their history, plainly: what a store must do, not how to do it fast. */
export class TupleTable {
  /** By object and relation (as text). */
  readonly #relations = new Map<string, Subjects>();

  live(key: TupleKey): Tuple | undefined {
    return this.#newest(key)?.tuple;
  }

  end(key: TupleKey, revision: Revision): void {
    const row = this.#newest(key);
    if (row !== undefined) row.deletedRev = revision;
  }

  begin(tuple: Tuple, revision: Revision): void {
    const relation = relationKey(tuple);
    const subjects = this.#relations.get(relation) ?? new Map<string, Row[]>();
    this.#relations.set(relation, subjects);
    const subject = subjectKey(tuple);
    const versions = subjects.get(subject) ?? [];
    subjects.set(subject, versions);
    versions.push({ tuple, createdRev: revision, deletedRev: NEVER });
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
    const subjects = this.#relations.get(relationKey(need));
    if (subjects === undefined) return [];
    if (need.kind === "exact") return found(subjects.get(subjectKey(need)) ?? [], revision);
    const wanted = [...subjects.values()].flatMap((versions) => found(versions, revision));
    return need.kind === "usersets"
      ? wanted.filter((subject) => subject.subjectRelation !== "")
      : wanted.filter((subject) => need.subjectTypes.includes(subject.subjectType) && subject.subjectId !== "*");
  }

  #newest(key: TupleKey): Row | undefined {
    const row = this.#relations.get(relationKey(key))?.get(subjectKey(key))?.at(-1);
    return row?.deletedRev === NEVER ? row : undefined;
  }

  *#rows(): Iterable<Row> {
    for (const subjects of this.#relations.values()) for (const versions of subjects.values()) yield* versions;
  }
}

/** In key order, bytewise. */
export function compareKeys(a: TupleKey, b: TupleKey): number {
  return (
    compareBytes(a.objectType, b.objectType) ||
    compareBytes(a.objectId, b.objectId) ||
    compareBytes(a.relation, b.relation) ||
    compareBytes(a.subjectType, b.subjectType) ||
    compareBytes(a.subjectId, b.subjectId) ||
    compareBytes(a.subjectRelation, b.subjectRelation)
  );
}

/** As UTF-8, like COLLATE "C"; JavaScript's own order differs above U+FFFF. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isVisible(row: Row, revision: Revision): boolean {
  return row.createdRev <= revision && revision < row.deletedRev;
}

function found(versions: readonly Row[], revision: Revision): readonly Found[] {
  return versions
    .filter((row) => isVisible(row, revision))
    .map(({ tuple: { subjectType, subjectId, subjectRelation } }) => ({ subjectType, subjectId, subjectRelation }));
}

function relationKey(key: { readonly objectType: string; readonly objectId: string; readonly relation: string }) {
  return `${key.objectType}\0${key.objectId}\0${key.relation}`;
}

function subjectKey(key: Found): string {
  return `${key.subjectType}\0${key.subjectId}\0${key.subjectRelation}`;
}
