import { RelataError } from "../errors.ts";
import { ABSENT, PLAIN, type RowState, TRAITS } from "../model/graph.ts";
import type { FoundTraits } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";
import type { ByteCount } from "./byte-count.ts";
import { CaveatSlots } from "./caveat-slots.ts";

/**
 * What rows are at which revision, for the few rows that are not simply there at every revision of the window: 48 bytes for
 * each version. A version is visible at `created <= revision < deleted`, as in the database. The versions of a row are linked from
 * the newest to older ones. Two queues, in the order of revisions, tell the compaction what it can do up to a revision.
 */
const VERSION_DOUBLES = 6;
/** As 64-bit numbers of a version. */
const CREATED = 0;
const DELETED = 1;
/** Infinity when it has none. */
const EXPIRES = 2;
/** As 32-bit integers of a version. */
const VERSION_INTS = 2 * VERSION_DOUBLES;
const OLDER = 6;
const NEWER = 7;
const ROW = 8;
const NEXT_CREATED = 9;
const NEXT_DELETED = 10;
const HAS_TRAITS = 11;
/** Bits of HAS_TRAITS. */
const HAS_CAVEAT = 1;
const HAS_END = 2;

const CHUNK_BITS = 10;
const CHUNK_VERSIONS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_VERSIONS - 1;
const FIRST_VERSIONS = 16;

/** No version. */
const NO = 0;
/** The revision of what was there before the graph was filled. */
export const FROM_THE_START: Revision = 0;

interface Queue {
  first: number;
  last: number;
}

export class Versions {
  readonly #bytes: ByteCount;
  readonly #caveats: CaveatSlots;
  readonly #doubles: Float64Array<ArrayBuffer>[] = [];
  readonly #ints: Int32Array[] = [];
  /** Version 0 is none. */
  #used = 1;
  #free = NO;
  #count = 0;
  readonly #created: Queue = { first: NO, last: NO };
  readonly #deleted: Queue = { first: NO, last: NO };

  constructor(bytes: ByteCount) {
    this.#bytes = bytes;
    this.#caveats = new CaveatSlots(bytes);
  }

  get count(): number {
    return this.#count;
  }

  state(newest: number, revision: Revision): RowState {
    const version = this.#visible(newest, revision);
    if (version === NO) return ABSENT;
    return this.#int(version, HAS_TRAITS) === 0 ? PLAIN : TRAITS;
  }

  /** {} where there are none. */
  traits(newest: number, revision: Revision): FoundTraits {
    const version = this.#visible(newest, revision);
    return version === NO ? {} : this.#traitsOf(version);
  }

  isLive(version: number): boolean {
    return this.#double(version, DELETED) === Number.POSITIVE_INFINITY;
  }

  hasTraits(version: number, traits: FoundTraits): boolean {
    const own = this.#traitsOf(version);
    return (
      own.expiresAtMs === traits.expiresAtMs &&
      own.caveat?.name === traits.caveat?.name &&
      own.caveat?.contextJson === traits.caveat?.contextJson
    );
  }

  rowOf(version: number): number {
    return this.#int(version, ROW);
  }

  /** Adds a version, there from `created` on, before `older` (0: none). @returns its number */
  add(row: number, older: number, created: Revision, traits: FoundTraits): number {
    const version = this.#take();
    const { caveat, expiresAtMs } = traits;
    this.#setDouble(version, CREATED, created);
    this.#setDouble(version, DELETED, Number.POSITIVE_INFINITY);
    this.#setDouble(version, EXPIRES, expiresAtMs ?? Number.POSITIVE_INFINITY);
    this.#setInt(version, OLDER, older);
    this.#setInt(version, NEWER, NO);
    this.#setInt(version, ROW, row);
    this.#setInt(
      version,
      HAS_TRAITS,
      (caveat === undefined ? 0 : HAS_CAVEAT) | (expiresAtMs === undefined ? 0 : HAS_END),
    );
    if (older !== NO) this.#setInt(older, NEWER, version);
    if (caveat !== undefined) this.#caveats.set(version, caveat);
    // What has traits keeps its version for as long as it is there.
    if (created > FROM_THE_START && caveat === undefined && expiresAtMs === undefined) {
      this.#append(this.#created, version, NEXT_CREATED);
    }
    this.#count++;
    return version;
  }

  /** Ends a version: it is visible below `revision`, not at it. */
  close(version: number, revision: Revision): void {
    if (this.#double(version, CREATED) >= revision) {
      throw new RelataError("INTERNAL", "a revision changed the same tuple twice", { detail: `revision ${revision}` });
    }
    this.#setDouble(version, DELETED, revision);
    this.#append(this.#deleted, version, NEXT_DELETED);
  }

  /**
   * Takes the next thing that nothing from `floor` on can tell from what is simpler, in the order of revisions.
   * @returns a version that has ended (to be dropped); or, negative, a plain one that has begun (if it is live, its row is
   * simply there); or 0
   */
  takeSettled(floor: Revision): number {
    const ended = this.#deleted.first;
    const begun = this.#created.first;
    const endedAt = ended === NO ? Number.POSITIVE_INFINITY : this.#double(ended, DELETED);
    const begunAt = begun === NO ? Number.POSITIVE_INFINITY : this.#double(begun, CREATED);
    if (Math.min(endedAt, begunAt) > floor) return NO;
    // What a revision replaced goes before what it was replaced by.
    if (endedAt <= begunAt) {
      this.#shift(this.#deleted, NEXT_DELETED);
      return ended;
    }
    this.#shift(this.#created, NEXT_CREATED);
    return -begun;
  }

  /** Forgets the oldest version of its row, which is in no queue. @returns whether the row has others */
  drop(version: number): boolean {
    const newer = this.#int(version, NEWER);
    if (newer !== NO) this.#setInt(newer, OLDER, NO);
    if ((this.#int(version, HAS_TRAITS) & HAS_CAVEAT) !== 0) this.#caveats.clear(version);
    this.#setInt(version, OLDER, this.#free);
    this.#free = version;
    this.#count--;
    return newer !== NO;
  }

  #visible(newest: number, revision: Revision): number {
    let version = newest;
    while (version !== NO && this.#double(version, CREATED) > revision) version = this.#int(version, OLDER);
    return version !== NO && revision < this.#double(version, DELETED) ? version : NO;
  }

  #traitsOf(version: number): FoundTraits {
    const has = this.#int(version, HAS_TRAITS);
    const caveat = (has & HAS_CAVEAT) === 0 ? undefined : this.#caveats.get(version);
    if ((has & HAS_END) === 0) return caveat ?? {};
    return { ...caveat, expiresAtMs: this.#double(version, EXPIRES) };
  }

  #shift(queue: Queue, link: number): void {
    queue.first = this.#int(queue.first, link);
    if (queue.first === NO) queue.last = NO;
  }

  #append(queue: Queue, version: number, link: number): void {
    this.#setInt(version, link, NO);
    if (queue.last === NO) queue.first = version;
    else this.#setInt(queue.last, link, version);
    queue.last = version;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NO) {
      this.#free = this.#int(free, OLDER);
      return free;
    }
    const version = this.#used++;
    const chunk = version >>> CHUNK_BITS;
    const ints = this.#ints[chunk];
    if (ints === undefined || (version & CHUNK_MASK) * VERSION_INTS === ints.length) this.#grow(chunk);
    return version;
  }

  /** Doubles a chunk up to its full 48 KiB, or begins one. */
  #grow(chunk: number): void {
    const old = this.#doubles[chunk];
    const doubles =
      old === undefined
        ? new Float64Array((chunk === 0 ? FIRST_VERSIONS : CHUNK_VERSIONS) * VERSION_DOUBLES)
        : new Float64Array(old.buffer.transfer(2 * old.byteLength));
    this.#bytes.total += old === undefined ? doubles.byteLength : doubles.byteLength / 2;
    this.#doubles[chunk] = doubles;
    this.#ints[chunk] = new Int32Array(doubles.buffer);
  }

  #double(version: number, field: number): number {
    return (this.#doubles[version >>> CHUNK_BITS] as Float64Array)[
      (version & CHUNK_MASK) * VERSION_DOUBLES + field
    ] as number;
  }

  #setDouble(version: number, field: number, value: number): void {
    (this.#doubles[version >>> CHUNK_BITS] as Float64Array)[(version & CHUNK_MASK) * VERSION_DOUBLES + field] = value;
  }

  #int(version: number, field: number): number {
    return (this.#ints[version >>> CHUNK_BITS] as Int32Array)[(version & CHUNK_MASK) * VERSION_INTS + field] as number;
  }

  #setInt(version: number, field: number, value: number): void {
    (this.#ints[version >>> CHUNK_BITS] as Int32Array)[(version & CHUNK_MASK) * VERSION_INTS + field] = value;
  }
}
