import { RelataError } from "../errors.ts";
import { NONE } from "../model/graph.ts";
import type { ByteCount } from "./byte-count.ts";
import { CHUNK_BITS, CHUNK_MASK, IntChunks } from "./int-chunks.ts";
import { MAX_ENTRIES } from "./shard-table.ts";

/** A row: 32 bytes, half a line of the cache. Whoever looks at a row's key has its links and its mark at hand, too. */
const ROW_BITS = 3;
const ROW_SHIFT = CHUNK_BITS - ROW_BITS;
export const OBJECT = 0;
export const SUBJECT = 1;
/** The tuple's relation, and above it the subject's. */
export const RELATIONS = 2;
/** 0: nothing has changed since the floor, and the tuple is plain. Otherwise the number of the row's newest version. */
export const MARK = 3;
/** Each list has its next row here and the one before in the field that follows. */
export const SUBJECT_LINKS = 4;
export const OBJECT_LINKS = 6;

/** Both relations in one integer. */
export function packRelations(relation: number, subjectRelation: number): number {
  return relation | (subjectRelation << 16);
}

/** Rows, by number. Numbers are used again. */
export class TupleTable {
  readonly #rows: IntChunks;
  readonly #chunks: readonly Int32Array[];
  /** Rows that were given out at some time, free ones included. */
  #used = 0;
  /** The first free row, whose OBJECT is the next one. */
  #free = NONE;

  constructor(bytes: ByteCount) {
    this.#rows = new IntChunks(bytes, 16 << ROW_BITS);
    this.#chunks = this.#rows.chunks;
  }

  add(object: number, relations: number, subject: number): number {
    const row = this.#take();
    const chunk = this.#chunks[row >>> ROW_SHIFT] as Int32Array;
    const at = (row << ROW_BITS) & CHUNK_MASK;
    chunk[at + OBJECT] = object;
    chunk[at + SUBJECT] = subject;
    chunk[at + RELATIONS] = relations;
    chunk[at + MARK] = 0;
    return row;
  }

  free(row: number): void {
    this.set(row, OBJECT, this.#free);
    this.#free = row;
  }

  get(row: number, field: number): number {
    return (this.#chunks[row >>> ROW_SHIFT] as Int32Array)[((row << ROW_BITS) & CHUNK_MASK) + field] as number;
  }

  set(row: number, field: number, value: number): void {
    (this.#chunks[row >>> ROW_SHIFT] as Int32Array)[((row << ROW_BITS) & CHUNK_MASK) + field] = value;
  }

  is(row: number, object: number, relations: number, subject: number): boolean {
    const chunk = this.#chunks[row >>> ROW_SHIFT] as Int32Array;
    const at = (row << ROW_BITS) & CHUNK_MASK;
    return chunk[at + OBJECT] === object && chunk[at + SUBJECT] === subject && chunk[at + RELATIONS] === relations;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.get(free, OBJECT);
      return free;
    }
    if (this.#used >= MAX_ENTRIES) {
      throw new RelataError("INTERNAL", "the tenant has too many tuples to be held in memory", {
        detail: `more than ${MAX_ENTRIES}`,
      });
    }
    const row = this.#used++;
    this.#rows.reserve(this.#used << ROW_BITS);
    return row;
  }
}
