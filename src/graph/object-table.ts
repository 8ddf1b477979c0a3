import { RelataError } from "../errors.ts";
import { NONE } from "../model/graph.ts";
import { ByteArena } from "./byte-arena.ts";
import type { ByteCount } from "./byte-count.ts";
import { type HashSecret, hashBytes, hashText } from "./hash.ts";
import { CHUNK_BITS, CHUNK_MASK, IntChunks } from "./int-chunks.ts";
import { MAX_ENTRIES, type ShardShape, ShardTable } from "./shard-table.ts";

/** An object's record: where its id is, the id's length and which lists it may have, how many rows name it, its hash. */
const RECORD_BITS = 2;
const PLACE = 0;
const SHAPE = 1;
const USES = 2;
const HASH = 3;

/** Of SHAPE: an id has at most 1,024 bytes. The bits above it are for lists. */
const LENGTH_BITS = 11;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const LIST_BITS = 32 - LENGTH_BITS;

/**
 * Numbers are given out in runs of 32 of one type, so that an object's type is read from a table of 1/16 byte per object that
 * stays in the cache, and not from its record.
 */
const RUN_BITS = 5;
const RUN = 1 << RUN_BITS;

/** At most so many objects are warmed at once. */
export const WARM_OBJECTS = 512;
/** Shared by all graphs: nothing of it outlives a call. That reads end up in it keeps them from being optimized away. */
const WARMED = new Int32Array(WARM_OBJECTS);
/** The place of the arena's first id. */
const NO_ID = 1;

/**
 * Objects (`type:id`) by number. An object is there as long as a row names it; its number, record and bytes are then used
 * again, so fresh ids without end take no more than there are at one time.
 */
export class ObjectTable {
  readonly #bytes: ByteCount;
  readonly #secret: HashSecret;
  readonly #records: IntChunks;
  readonly #chunks: readonly Int32Array[];
  readonly #ids: ByteArena;
  readonly #index: ShardTable;
  /** By run. */
  #types = new Uint16Array(8);
  #runs = 0;
  /** By type: the next number of its newest run, and the first number that is free again (whose PLACE is the next). */
  readonly #fresh: number[] = [];
  readonly #freed: number[] = [];
  #count = 0;

  constructor(bytes: ByteCount, secret: HashSecret, shape: ShardShape) {
    this.#bytes = bytes;
    this.#secret = secret;
    this.#records = new IntChunks(bytes, RUN << RECORD_BITS);
    this.#chunks = this.#records.chunks;
    this.#ids = new ByteArena(bytes);
    this.#index = new ShardTable(bytes, shape, (object) => this.#field(object, HASH));
    bytes.total += this.#types.byteLength;
  }

  get count(): number {
    return this.#count;
  }

  typeOf(object: number): number {
    return this.#types[object >>> RUN_BITS] as number;
  }

  idOf(object: number): string {
    return this.#ids.text(this.#field(object, PLACE) >>> 0, this.#field(object, SHAPE) & LENGTH_MASK);
  }

  find(type: number, id: string): number {
    const hash = hashText(id, type, this.#secret);
    for (let at = this.#index.seek(hash); at !== NONE; at = this.#index.seekOn(hash, at)) {
      const object = this.#index.entryAt(at);
      if (this.#is(object, hash, type, id.length) && this.#ids.equalsText(this.#field(object, PLACE) >>> 0, id)) {
        return object;
      }
    }
    return NONE;
  }

  hash(type: number, bytes: Uint8Array, start: number, end: number): number {
    return hashBytes(bytes, start, end, type, this.#secret);
  }

  /** Brings into the cache what `intern` of these hashes will look at (see ShardTable.warm). @param count at most WARM_OBJECTS */
  warm(hashes: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) WARMED[i] = this.#index.warm(hashes[i] as number);
    for (let i = 0; i < count; i++) {
      const object = WARMED[i] as number;
      WARMED[i] = object === NONE ? NO_ID : this.#field(object, PLACE);
    }
    for (let i = 0; i < count; i++) WARMED[i] = this.#ids.firstByte((WARMED[i] as number) >>> 0);
  }

  /** @param hash by `hash` */
  intern(type: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    for (let at = this.#index.seek(hash); at !== NONE; at = this.#index.seekOn(hash, at)) {
      const object = this.#index.entryAt(at);
      if (this.isNamed(object, type, hash, bytes, start, end)) return object;
    }
    return this.#add(type, hash, bytes, start, end);
  }

  isNamed(object: number, type: number, hash: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#is(object, hash, type, end - start)) return false;
    return this.#ids.equalsBytes(this.#field(object, PLACE) >>> 0, bytes, start, end);
  }

  /**
   * False where the object, which may be NONE, has had no row in this list since it was first named. True says little: lists
   * share bits. Most of what a Check asks is not there, and this spares it two misses of the cache: of a Check's 28 look-ups
   * in the document workload 19 end here, and it takes a third less time.
   */
  mayHave(object: number, list: number): boolean {
    return object !== NONE && (this.#field(object, SHAPE) & listBit(list)) !== 0;
  }

  /** From now on it may. */
  addList(object: number, list: number): void {
    const chunk = this.#chunks[object >>> (CHUNK_BITS - RECORD_BITS)] as Int32Array;
    const at = ((object << RECORD_BITS) & CHUNK_MASK) + SHAPE;
    chunk[at] = (chunk[at] as number) | listBit(list);
  }

  use(object: number): void {
    const chunk = this.#chunks[object >>> (CHUNK_BITS - RECORD_BITS)] as Int32Array;
    const at = ((object << RECORD_BITS) & CHUNK_MASK) + USES;
    chunk[at] = (chunk[at] as number) + 1;
  }

  /** Takes back one use; with the last one the object is gone. */
  release(object: number): void {
    const uses = this.#field(object, USES) - 1;
    this.#set(object, USES, uses);
    if (uses > 0) return;
    const hash = this.#field(object, HASH);
    let at = this.#index.seek(hash);
    while (this.#index.entryAt(at) !== object) at = this.#index.seekOn(hash, at);
    this.#index.removeAt(at);
    this.#ids.free(this.#field(object, PLACE) >>> 0, this.#field(object, SHAPE) & LENGTH_MASK);
    const type = this.typeOf(object);
    this.#set(object, PLACE, this.#freed[type] ?? NONE);
    this.#freed[type] = object;
    this.#count--;
  }

  #is(object: number, hash: number, type: number, length: number): boolean {
    const chunk = this.#chunks[object >>> (CHUNK_BITS - RECORD_BITS)] as Int32Array;
    const at = (object << RECORD_BITS) & CHUNK_MASK;
    return (
      chunk[at + HASH] === hash &&
      ((chunk[at + SHAPE] as number) & LENGTH_MASK) === length &&
      this.typeOf(object) === type
    );
  }

  #add(type: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (end - start > LENGTH_MASK) throw new RelataError("INTERNAL", "an object's id is too long to be held in memory");
    const object = this.#takeNumber(type);
    this.#set(object, PLACE, this.#ids.store(bytes, start, end));
    this.#set(object, SHAPE, end - start);
    this.#set(object, USES, 0);
    this.#set(object, HASH, hash);
    this.#index.insert(hash, object);
    this.#count++;
    return object;
  }

  #takeNumber(type: number): number {
    const freed = this.#freed[type] ?? NONE;
    if (freed !== NONE) {
      this.#freed[type] = this.#field(freed, PLACE);
      return freed;
    }
    const next = this.#fresh[type] ?? 0;
    // A run starts at a multiple of its length, so this is either none yet or the end of one.
    const object = (next & (RUN - 1)) === 0 ? this.#addRun(type) : next;
    this.#fresh[type] = object + 1;
    return object;
  }

  #addRun(type: number): number {
    const first = this.#runs * RUN;
    if (first + RUN > MAX_ENTRIES) {
      throw new RelataError("INTERNAL", "the tenant has too many objects to be held in memory", {
        detail: `more than ${MAX_ENTRIES}`,
      });
    }
    if (this.#runs === this.#types.length) {
      this.#bytes.total += this.#types.byteLength;
      this.#types = new Uint16Array(this.#types.buffer.transfer(2 * this.#types.byteLength));
    }
    this.#types[this.#runs++] = type;
    this.#records.reserve((first + RUN) << RECORD_BITS);
    return first;
  }

  #field(object: number, field: number): number {
    const chunk = this.#chunks[object >>> (CHUNK_BITS - RECORD_BITS)] as Int32Array;
    return chunk[((object << RECORD_BITS) & CHUNK_MASK) + field] as number;
  }

  #set(object: number, field: number, value: number): void {
    const chunk = this.#chunks[object >>> (CHUNK_BITS - RECORD_BITS)] as Int32Array;
    chunk[((object << RECORD_BITS) & CHUNK_MASK) + field] = value;
  }
}

function listBit(list: number): number {
  return 1 << (LENGTH_BITS + (list % LIST_BITS));
}
