import { NONE } from "../model/graph.ts";
import type { ShardTable } from "./shard-table.ts";
import type { TupleTable } from "./tuple-table.ts";

/** How rows are sorted into lists. */
export interface ListKey {
  hashOf(row: number): number;
  /** Both rows belong in the same list. */
  same(a: number, b: number): boolean;
}

/**
 * Doubly linked lists of rows; the links are in the rows. Of a list the index holds its first row, whose key is the list's.
 * A row comes in at the front and leaves from anywhere, at the same cost whatever the list's length.
 */
export class RowLists {
  readonly #rows: TupleTable;
  readonly #heads: ShardTable;
  readonly #key: ListKey;
  readonly #next: number;
  readonly #previous: number;

  /** @param links the field of a row that names the next one */
  constructor(rows: TupleTable, heads: ShardTable, key: ListKey, links: number) {
    this.#rows = rows;
    this.#heads = heads;
    this.#key = key;
    this.#next = links;
    this.#previous = links + 1;
  }

  link(row: number): void {
    const rows = this.#rows;
    const hash = this.#key.hashOf(row);
    const at = this.#find(hash, row);
    const first = at === NONE ? NONE : this.#heads.entryAt(at);
    rows.set(row, this.#next, first);
    rows.set(row, this.#previous, NONE);
    if (at === NONE) this.#heads.insert(hash, row);
    else {
      rows.set(first, this.#previous, row);
      this.#heads.replaceAt(at, row);
    }
  }

  unlink(row: number): void {
    const rows = this.#rows;
    const next = rows.get(row, this.#next);
    const previous = rows.get(row, this.#previous);
    if (previous !== NONE) rows.set(previous, this.#next, next);
    else {
      const at = this.#find(this.#key.hashOf(row), row);
      if (next === NONE) this.#heads.removeAt(at);
      else this.#heads.replaceAt(at, next);
    }
    if (next !== NONE) rows.set(next, this.#previous, previous);
  }

  #find(hash: number, row: number): number {
    const heads = this.#heads;
    for (let at = heads.seek(hash); at !== NONE; at = heads.seekOn(hash, at)) {
      if (this.#key.same(heads.entryAt(at), row)) return at;
    }
    return NONE;
  }
}
