import type { Head, Revision } from "../model/revision.ts";

interface PastHead {
  readonly head: Head;
  /** When it was taken in here; monotonic. */
  readonly atMs: number;
  /** Changes of the tenant up to and including this revision, counted since the first. */
  readonly changes: number;
}

/** A head object, and the numbers beside it. */
const BYTES_PER_HEAD = 160;
/** Entries that have been let go of are only removed from the array together. */
const SHRINK_AT = 1_024;

/** The states of a tenant over the window, newest last: without gaps, and never empty. */
export class PastHeads {
  #heads: PastHead[];
  #first = 0;

  constructor(head: Head, atMs: number) {
    this.#heads = [{ head, atMs, changes: 0 }];
  }

  get length(): number {
    return this.#heads.length - this.#first;
  }

  get bytes(): number {
    return this.#heads.length * BYTES_PER_HEAD;
  }

  /** The oldest revision that is still in the window. */
  get floor(): Revision {
    return this.#at(this.#first).head.revision;
  }

  at(revision: Revision): Head | undefined {
    const index = this.#first + (revision - this.floor);
    return index < this.#first ? undefined : this.#heads[index]?.head;
  }

  push(head: Head, atMs: number, changes: number): void {
    this.#heads.push({ head, atMs, changes: this.#at(this.#heads.length - 1).changes + changes });
  }

  /** Lets go of what was superseded before `beforeMs`, and of the oldest while more than `maxChanges` lie behind them. */
  trim(beforeMs: number, maxChanges: number, maxHeads: number): void {
    const total = this.#at(this.#heads.length - 1).changes;
    while (this.length > 1) {
      const next = this.#at(this.#first + 1);
      const tooMany = total - this.#at(this.#first).changes > maxChanges || this.length > maxHeads;
      if (next.atMs > beforeMs && !tooMany) break;
      this.#first += 1;
    }
    if (this.#first >= SHRINK_AT && this.#first * 2 > this.#heads.length) {
      this.#heads = this.#heads.slice(this.#first);
      this.#first = 0;
    }
  }

  #at(index: number): PastHead {
    return this.#heads[index] as PastHead;
  }
}
