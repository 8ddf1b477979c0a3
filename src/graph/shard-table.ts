import { NONE } from "../model/graph.ts";
import type { ByteCount } from "./byte-count.ts";
import { CHUNK_BITS, CHUNK_MASK, IntChunks } from "./int-chunks.ts";

/**
 * Extendible hashing of numbers by keys that the table does not hold: its owner compares. The hash's top bits choose a shard
 * through a directory, its lowest bits the slot where a shard's open addressing starts. A full shard splits alone, so no insert
 * touches more than one shard (4 KiB) and, rarely, the directory (4 bytes a shard). A slot is the entry and five more bits of the
 * hash: of the slots that are passed only one in 32 leads to an entry that is not the one, so a search that finds nothing
 * costs one miss of the cache. With six bits, which leave room for half as many entries, Checks of documents at 1M tuples are no quicker
 * (fixed work ÷ Check, medians of three to five runs of each in turns: 0.124 with five, 0.111 with six).
 */
const ENTRY_BITS = 27;
const ENTRY_MASK = (1 << ENTRY_BITS) - 1;
/** Entries are below this. */
export const MAX_ENTRIES = ENTRY_MASK;
const TAG_SHIFT = 10;
const TAG_MASK = 31;
const FIRST_SLOT_BITS = 4;

export interface ShardShape {
  /** Slots of a whole shard: 2 to this power. */
  readonly slotBits: number;
  /** How many bits the directory may take from a hash. Shards that collide beyond it are chained. */
  readonly maxDepth: number;
}

/** 1,024 slots; 2^20 shards hold four times MAX_ENTRIES. */
export const SHARD_SHAPE: ShardShape = { slotBits: 10, maxDepth: 20 };

export class ShardTable {
  readonly #bytes: ByteCount;
  readonly #shape: ShardShape;
  readonly #hashOf: (entry: number) => number;
  readonly #slots: IntChunks;
  readonly #chunks: readonly Int32Array[];
  /** Of the single shard while it grows, then of all. */
  #slotBits: number;
  #slotMask: number;
  #directory = new Int32Array(1);
  #depth = 0;
  /** By shard, with room to grow. */
  #counts = new Int32Array(1);
  #depths = new Uint8Array(1);
  #shards = 1;
  /** Where a shard goes on that could not be split: hashes that are equal as far as the directory looks. Hardly ever any. */
  #chains: Map<number, number> | undefined;

  /** @param hashOf of an entry that is in the table, for when its shard splits */
  constructor(bytes: ByteCount, shape: ShardShape, hashOf: (entry: number) => number) {
    this.#bytes = bytes;
    this.#shape = shape;
    this.#hashOf = hashOf;
    this.#slotBits = Math.min(FIRST_SLOT_BITS, shape.slotBits);
    this.#slotMask = (1 << this.#slotBits) - 1;
    this.#slots = new IntChunks(bytes, 1 << this.#slotBits);
    this.#chunks = this.#slots.chunks;
    this.#slots.reserve(1 << this.#slotBits);
    bytes.total += this.#directory.byteLength + this.#counts.byteLength + this.#depths.byteLength;
  }

  /** The place of the first entry that may have this hash, or NONE. */
  seek(hash: number): number {
    return this.#scan(this.#shardOf(hash), hash & this.#slotMask, hash);
  }

  /**
   * Reads where a search for this hash will begin, and nothing that depends on it: of many such reads the misses of the cache
   * overlap, those of searches do not. @returns probably the entry, if there is one; NONE if there is probably none
   */
  warm(hash: number): number {
    const base = this.#shardOf(hash) << this.#slotBits;
    const chunk = this.#chunks[base >>> CHUNK_BITS] as Int32Array;
    return ((chunk[(base & CHUNK_MASK) + (hash & this.#slotMask)] as number) & ENTRY_MASK) - 1;
  }

  /** The next such place after `at`, or NONE. */
  seekOn(hash: number, at: number): number {
    return this.#scan(at >>> this.#slotBits, (at + 1) & this.#slotMask, hash);
  }

  entryAt(at: number): number {
    return (((this.#chunks[at >>> CHUNK_BITS] as Int32Array)[at & CHUNK_MASK] as number) & ENTRY_MASK) - 1;
  }

  /** Puts another entry with the same key in its place. */
  replaceAt(at: number, entry: number): void {
    const chunk = this.#chunks[at >>> CHUNK_BITS] as Int32Array;
    chunk[at & CHUNK_MASK] = ((chunk[at & CHUNK_MASK] as number) & ~ENTRY_MASK) | (entry + 1);
  }

  /** Of an entry whose key is not in the table. */
  insert(hash: number, entry: number): void {
    let shard = this.#shardOf(hash);
    while ((this.#counts[shard] as number) >= this.#maxCount()) {
      if (this.#slotBits < this.#shape.slotBits) this.#growFirst();
      else if ((this.#depths[shard] as number) < this.#shape.maxDepth) this.#split(shard, hash);
      else {
        shard = this.#chained(shard);
        break;
      }
      shard = this.#shardOf(hash);
    }
    this.#place(shard, hash, (((hash >>> TAG_SHIFT) & TAG_MASK) << ENTRY_BITS) | (entry + 1));
  }

  /** Moves up what was pushed on by the entry, so there are no marks of what is gone and searches stay as short as they were. */
  removeAt(at: number): void {
    const mask = this.#slotMask;
    const base = at & ~mask;
    const chunk = this.#chunks[base >>> CHUNK_BITS] as Int32Array;
    const from = base & CHUNK_MASK;
    let hole = at & mask;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const value = chunk[from + slot] as number;
      if (value === 0) break;
      const home = this.#hashOf((value & ENTRY_MASK) - 1) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      chunk[from + hole] = value;
      hole = slot;
    }
    chunk[from + hole] = 0;
    const shard = at >>> this.#slotBits;
    this.#counts[shard] = (this.#counts[shard] as number) - 1;
  }

  #shardOf(hash: number): number {
    // Two shifts: by 32, where nothing of the hash is used, JavaScript would not shift at all.
    return this.#directory[(hash >>> 1) >>> (31 - this.#depth)] as number;
  }

  /** Ends at an empty slot, which every shard has. */
  #scan(shard: number, firstSlot: number, hash: number): number {
    const mask = this.#slotMask;
    const base = shard << this.#slotBits;
    const chunk = this.#chunks[base >>> CHUNK_BITS] as Int32Array;
    const from = base & CHUNK_MASK;
    const tag = (hash >>> TAG_SHIFT) & TAG_MASK;
    for (let slot = firstSlot; ; slot = (slot + 1) & mask) {
      const value = chunk[from + slot] as number;
      if (value === 0) break;
      if (value >>> ENTRY_BITS === tag) return base + slot;
    }
    if (this.#chains === undefined) return NONE;
    const next = this.#chains.get(shard);
    return next === undefined ? NONE : this.#scan(next, hash & mask, hash);
  }

  /** Four fifths: above that, searches that find nothing get long. */
  #maxCount(): number {
    return Math.floor((this.#slotMask + 1) * 0.8);
  }

  #place(shard: number, hash: number, value: number): void {
    const mask = this.#slotMask;
    const base = shard << this.#slotBits;
    const chunk = this.#chunks[base >>> CHUNK_BITS] as Int32Array;
    const from = base & CHUNK_MASK;
    let slot = hash & mask;
    while (chunk[from + slot] !== 0) slot = (slot + 1) & mask;
    chunk[from + slot] = value;
    this.#counts[shard] = (this.#counts[shard] as number) + 1;
  }

  #growFirst(): void {
    const values = (this.#chunks[0] as Int32Array).slice();
    (this.#chunks[0] as Int32Array).fill(0);
    this.#slotBits++;
    this.#slotMask = (1 << this.#slotBits) - 1;
    this.#slots.reserve(1 << this.#slotBits);
    this.#counts[0] = 0;
    for (const value of values) if (value !== 0) this.#place(0, this.#hashOf((value & ENTRY_MASK) - 1), value);
  }

  /** @param hash of which the shard is */
  #split(shard: number, hash: number): void {
    const depth = this.#depths[shard] as number;
    if (depth === this.#depth) this.#doubleDirectory();
    const added = this.#addShard(depth + 1);
    this.#depths[shard] = depth + 1;
    // The shard's part of the directory; the upper half of it goes to the new one.
    const half = 1 << (this.#depth - depth - 1);
    const begin = ((hash >>> 1) >>> (31 - depth)) * 2 * half;
    this.#directory.fill(added, begin + half, begin + 2 * half);

    const base = shard << this.#slotBits;
    const from = base & CHUNK_MASK;
    const chunk = this.#chunks[base >>> CHUNK_BITS] as Int32Array;
    const values = chunk.slice(from, from + this.#slotMask + 1).filter((value) => value !== 0);
    chunk.fill(0, from, from + this.#slotMask + 1);
    this.#counts[shard] = 0;
    // All hashes before anything depends on one, as in `warm`.
    const hashes = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) hashes[i] = this.#hashOf(((values[i] as number) & ENTRY_MASK) - 1);
    for (let i = 0; i < values.length; i++) {
      const its = hashes[i] as number;
      this.#place(this.#shardOf(its), its, values[i] as number);
    }
  }

  #doubleDirectory(): void {
    const old = this.#directory;
    const doubled = new Int32Array(2 * old.length);
    for (let i = 0; i < old.length; i++) {
      doubled[2 * i] = old[i] as number;
      doubled[2 * i + 1] = old[i] as number;
    }
    this.#bytes.total += old.byteLength;
    this.#directory = doubled;
    this.#depth++;
  }

  #addShard(depth: number): number {
    const shard = this.#shards++;
    this.#slots.reserve(this.#shards << this.#slotBits);
    if (shard === this.#counts.length) {
      this.#bytes.total += this.#counts.byteLength + this.#depths.byteLength;
      this.#counts = new Int32Array(this.#counts.buffer.transfer(2 * this.#counts.byteLength));
      this.#depths = new Uint8Array(this.#depths.buffer.transfer(2 * this.#depths.byteLength));
    }
    this.#depths[shard] = depth;
    return shard;
  }

  /** The shard of the chain that has room. */
  #chained(first: number): number {
    this.#chains ??= new Map();
    let shard = first;
    while ((this.#counts[shard] as number) >= this.#maxCount()) {
      let next = this.#chains.get(shard);
      if (next === undefined) {
        next = this.#addShard(this.#shape.maxDepth);
        this.#chains.set(shard, next);
        // A Map's entry, by measurement of V8's hash tables with small integers.
        this.#bytes.total += 40;
      }
      shard = next;
    }
    return shard;
  }
}
