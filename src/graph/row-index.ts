import { NONE, type SubjectList, USERSETS } from "../model/graph.ts";
import type { ByteCount } from "./byte-count.ts";
import { hashPair, hashTriple } from "./hash.ts";
import type { ObjectTable } from "./object-table.ts";
import { RowLists } from "./row-lists.ts";
import { type ShardShape, ShardTable } from "./shard-table.ts";
import { OBJECT, OBJECT_LINKS, RELATIONS, SUBJECT, SUBJECT_LINKS, type TupleTable } from "./tuple-table.ts";

const SUBJECT_RELATION = ~0xffff;

/** At most so many rows are warmed at once. */
export const WARM_ROWS = 256;
/** As in object-table.ts. */
const WARMED = new Int32Array(2 * WARM_ROWS);

/** The three ways to a row: by its whole key, from its object and from its subject. */
export class RowIndex {
  readonly #rows: TupleTable;
  readonly #objects: ObjectTable;
  readonly #seed: number;
  readonly #exact: ShardTable;
  readonly #subjectHeads: ShardTable;
  readonly #objectHeads: ShardTable;
  readonly #subjectLists: RowLists;
  readonly #objectLists: RowLists;

  constructor(bytes: ByteCount, rows: TupleTable, objects: ObjectTable, seed: number, shape: ShardShape) {
    this.#rows = rows;
    this.#objects = objects;
    this.#seed = seed;
    const bySubjectList = (row: number): number => this.#subjectListHash(row);
    const byObjectList = (row: number): number => this.#objectListHash(row);
    this.#exact = new ShardTable(bytes, shape, (row) => this.#exactHash(row));
    this.#subjectHeads = new ShardTable(bytes, shape, bySubjectList);
    this.#objectHeads = new ShardTable(bytes, shape, byObjectList);
    const sameSubjectList = (a: number, b: number): boolean => this.#sameSubjectList(a, b);
    const sameObjectList = (a: number, b: number): boolean => this.#sameObjectList(a, b);
    this.#subjectLists = new RowLists(
      rows,
      this.#subjectHeads,
      { hashOf: bySubjectList, same: sameSubjectList },
      SUBJECT_LINKS,
    );
    this.#objectLists = new RowLists(
      rows,
      this.#objectHeads,
      { hashOf: byObjectList, same: sameObjectList },
      OBJECT_LINKS,
    );
  }

  find(object: number, relations: number, subject: number): number {
    if (!this.#objects.mayHave(object, listOf(relations))) return NONE;
    const exact = this.#exact;
    const hash = hashTriple(object ^ this.#seed, subject, relations);
    for (let at = exact.seek(hash); at !== NONE; at = exact.seekOn(hash, at)) {
      const row = exact.entryAt(at);
      if (this.#rows.is(row, object, relations, subject)) return row;
    }
    return NONE;
  }

  firstSubject(object: number, relation: number, list: SubjectList): number {
    if (!this.#objects.mayHave(object, (relation << 1) | list)) return NONE;
    const heads = this.#subjectHeads;
    const hash = hashPair(object ^ this.#seed, (relation << 1) | list);
    for (let at = heads.seek(hash); at !== NONE; at = heads.seekOn(hash, at)) {
      const row = heads.entryAt(at);
      const relations = this.#rows.get(row, RELATIONS);
      if (
        this.#rows.get(row, OBJECT) === object &&
        (relations & 0xffff) === relation &&
        ((relations & SUBJECT_RELATION) !== 0) === (list === USERSETS)
      ) {
        return row;
      }
    }
    return NONE;
  }

  firstObject(subject: number, objectType: number, relation: number): number {
    const heads = this.#objectHeads;
    const hash = hashPair(subject ^ this.#seed, relation | (objectType << 16));
    for (let at = heads.seek(hash); at !== NONE; at = heads.seekOn(hash, at)) {
      const row = heads.entryAt(at);
      if (
        this.#rows.get(row, SUBJECT) === subject &&
        (this.#rows.get(row, RELATIONS) & 0xffff) === relation &&
        this.#objects.typeOf(this.#rows.get(row, OBJECT)) === objectType
      ) {
        return row;
      }
    }
    return NONE;
  }

  /** Brings into the cache what `add` of these rows will look at (see ShardTable.warm). @param count at most WARM_ROWS */
  warm(objects: Int32Array, relations: Int32Array, subjects: Int32Array, count: number): void {
    const seed = this.#seed;
    for (let i = 0; i < count; i++) {
      const object = objects[i] as number;
      const packed = relations[i] as number;
      const subject = subjects[i] as number;
      const type = this.#objects.typeOf(object);
      WARMED[2 * i] = this.#exact.warm(hashTriple(object ^ seed, subject, packed));
      WARMED[2 * i] = this.#subjectHeads.warm(hashPair(object ^ seed, listOf(packed)));
      WARMED[2 * i + 1] = this.#objectHeads.warm(hashPair(subject ^ seed, (packed & 0xffff) | (type << 16)));
    }
    // The first rows of objects' lists are this object's and were written just now; those of subjects' lists lie anywhere.
    for (let i = 0; i < count; i++) {
      const row = WARMED[2 * i + 1] as number;
      if (row !== NONE) WARMED[2 * i + 1] = this.#rows.get(row, OBJECT);
    }
  }

  /** @param row whose key no other row has */
  add(row: number): void {
    this.#exact.insert(this.#exactHash(row), row);
    this.#objects.addList(this.#rows.get(row, OBJECT), listOf(this.#rows.get(row, RELATIONS)));
    this.#subjectLists.link(row);
    this.#objectLists.link(row);
  }

  remove(row: number): void {
    const hash = this.#exactHash(row);
    let at = this.#exact.seek(hash);
    while (this.#exact.entryAt(at) !== row) at = this.#exact.seekOn(hash, at);
    this.#exact.removeAt(at);
    this.#subjectLists.unlink(row);
    this.#objectLists.unlink(row);
  }

  #exactHash(row: number): number {
    const rows = this.#rows;
    return hashTriple(rows.get(row, OBJECT) ^ this.#seed, rows.get(row, SUBJECT), rows.get(row, RELATIONS));
  }

  #subjectListHash(row: number): number {
    return hashPair(this.#rows.get(row, OBJECT) ^ this.#seed, listOf(this.#rows.get(row, RELATIONS)));
  }

  #objectListHash(row: number): number {
    const type = this.#objects.typeOf(this.#rows.get(row, OBJECT));
    return hashPair(
      this.#rows.get(row, SUBJECT) ^ this.#seed,
      (this.#rows.get(row, RELATIONS) & 0xffff) | (type << 16),
    );
  }

  #sameSubjectList(a: number, b: number): boolean {
    const rows = this.#rows;
    const ofA = rows.get(a, RELATIONS);
    const ofB = rows.get(b, RELATIONS);
    return (
      rows.get(a, OBJECT) === rows.get(b, OBJECT) &&
      (ofA & 0xffff) === (ofB & 0xffff) &&
      ((ofA & SUBJECT_RELATION) === 0) === ((ofB & SUBJECT_RELATION) === 0)
    );
  }

  #sameObjectList(a: number, b: number): boolean {
    const rows = this.#rows;
    return (
      rows.get(a, SUBJECT) === rows.get(b, SUBJECT) &&
      (rows.get(a, RELATIONS) & 0xffff) === (rows.get(b, RELATIONS) & 0xffff) &&
      this.#objects.typeOf(rows.get(a, OBJECT)) === this.#objects.typeOf(rows.get(b, OBJECT))
    );
  }
}

/** An object's list by number: of a relation, and of subjects that have a relation or have none. */
function listOf(relations: number): number {
  return ((relations & 0xffff) << 1) | ((relations & SUBJECT_RELATION) === 0 ? 0 : 1);
}
