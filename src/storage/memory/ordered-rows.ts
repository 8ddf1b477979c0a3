/** Rows in an order. Sorted when they are next read, so that loading many costs one sort. */
export class OrderedRows<Row> {
  readonly #compare: (a: Row, b: Row) => number;
  readonly #rows: Row[] = [];
  #sorted = true;

  constructor(compare: (a: Row, b: Row) => number) {
    this.#compare = compare;
  }

  add(row: Row): void {
    this.#rows.push(row);
    this.#sorted = false;
  }

  /** All rows from the first that `isReached` on; it must hold for every row behind that one too. */
  *from(isReached: (row: Row) => boolean): Iterable<Row> {
    if (!this.#sorted) this.#rows.sort(this.#compare);
    this.#sorted = true;
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.#rows[middle];
      if (row !== undefined && isReached(row)) high = middle;
      else low = middle + 1;
    }
    for (let index = low; index < this.#rows.length; index += 1) yield this.#rows[index] as Row;
  }
}
