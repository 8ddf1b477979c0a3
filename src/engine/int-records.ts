const FIRST_CAPACITY = 16;

/**
 * Growable records of `stride` 32-bit integers in one typed array. A record is named by the index of its first cell;
 * 0 is no record, so it ends linked lists. Why integers at all: see solver.ts.
 */
export class IntRecords {
  readonly #stride: number;
  #cells: Int32Array;
  #end: number;

  constructor(stride: number) {
    this.#stride = stride;
    this.#cells = new Int32Array(stride * FIRST_CAPACITY);
    this.#end = stride;
  }

  get count(): number {
    return this.#end / this.#stride - 1;
  }

  /** A new record of zeros. */
  add(): number {
    const record = this.#end;
    this.#end += this.#stride;
    if (this.#end > this.#cells.length) {
      const grown = new Int32Array(this.#cells.length * 2);
      grown.set(this.#cells);
      this.#cells = grown;
    }
    return record;
  }

  get(record: number, field: number): number {
    return this.#cells[record + field] as number;
  }

  set(record: number, field: number, value: number): void {
    this.#cells[record + field] = value;
  }

  /** Adds to a field and returns what it is now. */
  bump(record: number, field: number, by: number): number {
    const value = this.get(record, field) + by;
    this.#cells[record + field] = value;
    return value;
  }
}
