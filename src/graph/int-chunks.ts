import type { ByteCount } from "./byte-count.ts";

/** A full chunk has 2^19 integers, 2 MiB: at 10M tuples there are some 200 chunks, whose headers stay in the nearest cache. */
export const CHUNK_BITS = 19;
export const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
const CHUNK_INTS = 1 << CHUNK_BITS;
/** A later chunk starts with an eighth, so a graph just past a boundary pays 256 KiB and not 2 MiB. */
const LATER_INTS = CHUNK_INTS >>> 3;

/**
 * Integers without an end: integer i is `chunks[i >>> CHUNK_BITS][i & CHUNK_MASK]`. Growing copies the last chunk at most
 * (1 MiB), never the whole. `transfer` frees what was there at once instead of leaving it to the collector.
 */
export class IntChunks {
  readonly chunks: Int32Array<ArrayBuffer>[] = [];
  readonly #bytes: ByteCount;
  readonly #firstInts: number;
  #capacity = 0;

  /** @param firstInts a power of two; sizes double from there */
  constructor(bytes: ByteCount, firstInts: number) {
    this.#bytes = bytes;
    this.#firstInts = firstInts;
  }

  /** Makes room for the integers below `size`. */
  reserve(size: number): void {
    while (this.#capacity < size) this.#grow();
  }

  #grow(): void {
    const last = this.chunks.at(-1);
    const added =
      last === undefined ? this.#firstInts : last.length === CHUNK_INTS ? LATER_INTS : Math.max(last.length, 1);
    if (last === undefined || last.length === CHUNK_INTS) this.chunks.push(new Int32Array(added));
    else this.chunks[this.chunks.length - 1] = new Int32Array(last.buffer.transfer(2 * last.byteLength));
    this.#capacity += added;
    this.#bytes.total += 4 * added;
  }
}
