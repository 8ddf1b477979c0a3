import type { ByteCount } from "./byte-count.ts";

/** A full chunk has 1 MiB. */
const CHUNK_BITS = 20;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_BYTES - 1;
const FIRST_BYTES = 512;
const LATER_BYTES = CHUNK_BYTES >>> 3;
/** Blocks are multiples of this, and so are their places, which are counted in it: 16 GiB in 32 bits. */
const UNIT_BITS = 2;
const NO_BLOCK = 0;

/**
 * The bytes of ids, back to back: a JavaScript string takes 16 to 24 bytes more and is one more thing for the collector to
 * visit. What is freed is given out again for the same length, rounded up to 4 bytes.
 */
export class ByteArena {
  readonly #bytes: ByteCount;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Of the last chunk, in bytes. */
  #used = 0;
  /** By length in units: the first free block, whose bytes name the next one. 0 is none: the first unit is never given out. */
  #free = new Uint32Array(16);

  constructor(bytes: ByteCount) {
    this.#bytes = bytes;
    bytes.total += this.#free.byteLength;
    this.#addChunk(FIRST_BYTES);
    this.#used = 1 << UNIT_BITS;
  }

  /** @returns the place of a copy of bytes[start, end), below 1 MiB long */
  store(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#allocate(unitsOf(end - start));
    const chunk = this.#chunkOf(place);
    let to = offsetOf(place);
    for (let i = start; i < end; i++) chunk[to++] = bytes[i] as number;
    return place;
  }

  free(place: number, length: number): void {
    const units = unitsOf(length);
    while (units >= this.#free.length) {
      this.#bytes.total += this.#free.byteLength;
      this.#free = new Uint32Array(this.#free.buffer.transfer(2 * this.#free.byteLength));
    }
    this.#setNext(place, this.#free[units] as number);
    this.#free[units] = place;
  }

  equalsBytes(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    const chunk = this.#chunkOf(place);
    let at = offsetOf(place);
    for (let i = start; i < end; i++) if (chunk[at++] !== bytes[i]) return false;
    return true;
  }

  equalsText(place: number, text: string): boolean {
    const chunk = this.#chunkOf(place);
    const at = offsetOf(place);
    for (let i = 0; i < text.length; i++) if (chunk[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  firstByte(place: number): number {
    return this.#chunkOf(place)[offsetOf(place)] as number;
  }

  text(place: number, length: number): string {
    const chunk = this.#chunkOf(place);
    return Buffer.from(chunk.buffer, offsetOf(place), length).toString("latin1");
  }

  #chunkOf(place: number): Uint8Array<ArrayBuffer> {
    return this.#chunks[place >>> (CHUNK_BITS - UNIT_BITS)] as Uint8Array<ArrayBuffer>;
  }

  #allocate(units: number): number {
    const free = this.#free[units] ?? NO_BLOCK;
    if (free !== NO_BLOCK) {
      this.#free[units] = this.#next(free);
      return free;
    }
    const size = units << UNIT_BITS;
    // What is left of a full chunk is lost: at most one id's length in a MiB.
    if (this.#used + size > CHUNK_BYTES) this.#addChunk(LATER_BYTES);
    this.#extend(this.#used + size);
    const place = (((this.#chunks.length - 1) << (CHUNK_BITS - UNIT_BITS)) | (this.#used >>> UNIT_BITS)) >>> 0;
    this.#used += size;
    return place;
  }

  #addChunk(size: number): void {
    this.#chunks.push(new Uint8Array(size));
    this.#bytes.total += size;
    this.#used = 0;
  }

  #extend(size: number): void {
    const last = this.#chunks.at(-1) as Uint8Array<ArrayBuffer>;
    let length = last.length;
    while (length < size) length *= 2;
    if (length === last.length) return;
    this.#bytes.total += length - last.length;
    this.#chunks[this.#chunks.length - 1] = new Uint8Array(last.buffer.transfer(length));
  }

  #next(place: number): number {
    const chunk = this.#chunkOf(place);
    const at = offsetOf(place);
    return (
      ((chunk[at] as number) |
        ((chunk[at + 1] as number) << 8) |
        ((chunk[at + 2] as number) << 16) |
        ((chunk[at + 3] as number) << 24)) >>>
      0
    );
  }

  #setNext(place: number, next: number): void {
    const chunk = this.#chunkOf(place);
    const at = offsetOf(place);
    for (let i = 0; i < 4; i++) chunk[at + i] = next >>> (8 * i);
  }
}

/** At least one, which a free block needs for its link. */
function unitsOf(length: number): number {
  return Math.max(1, (length + 3) >>> UNIT_BITS);
}

function offsetOf(place: number): number {
  return (place << UNIT_BITS) & CHUNK_MASK;
}
