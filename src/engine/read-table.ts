import type { Found } from "../model/need.ts";
import { IntRecords } from "./int-records.ts";

export const EXACT = 0;
export const WILDCARD = 1;
export const USERSETS = 2;
export const OBJECTS = 3;

// A read.
const KIND = 0;
/** A relation's member id, or a tupleset's index (OBJECTS). */
const PLACE = 1;
const ID = 2;
const READERS = 3;
/** 1 while nobody wants it. */
const PARKED = 4;
const READ_CELLS = 5;

// A reader: a node that expects the answer.
const NODE = 0;
/** OBJECTS: index of the arrow, and whether it is negated, in the low bit. */
const ARROW = 1;
const NEXT = 2;
const READER_CELLS = 3;

/** What has been or will be asked, and which nodes wait for it. Arrows over the same tupleset of one object share a read. */
export class ReadTable {
  readonly #reads = new IntRecords(READ_CELLS);
  readonly #readers = new IntRecords(READER_CELLS);
  readonly #ids: string[] = [];
  readonly #objects = new Map<number, Map<string, number>>();
  readonly #answers = new Map<number, readonly Found[]>();

  /** @returns a new read */
  add(kind: number, place: number, id: string): number {
    const read = this.#reads.add();
    this.#reads.set(read, KIND, kind);
    this.#reads.set(read, PLACE, place);
    this.#reads.set(read, ID, this.#ids.push(id) - 1);
    if (kind !== OBJECTS) return read;
    const byId = this.#objects.get(place);
    if (byId === undefined) this.#objects.set(place, new Map([[id, read]]));
    else byId.set(id, read);
    return read;
  }

  /** The read of an object's tupleset, if there is one already. */
  findObjects(tupleset: number, id: string): number | undefined {
    return this.#objects.get(tupleset)?.get(id);
  }

  kind(read: number): number {
    return this.#reads.get(read, KIND);
  }

  place(read: number): number {
    return this.#reads.get(read, PLACE);
  }

  id(read: number): string {
    return this.#ids[this.#reads.get(read, ID)] as string;
  }

  isParked(read: number): boolean {
    return this.#reads.get(read, PARKED) === 1;
  }

  setParked(read: number, parked: boolean): void {
    this.#reads.set(read, PARKED, parked ? 1 : 0);
  }

  subscribe(read: number, node: number, arrow: number, negated: boolean): void {
    const reader = this.#readers.add();
    this.#readers.set(reader, NODE, node);
    this.#readers.set(reader, ARROW, arrow * 2 + (negated ? 1 : 0));
    this.#readers.set(reader, NEXT, this.#reads.get(read, READERS));
    this.#reads.set(read, READERS, reader);
  }

  /** First reader of a read; 0 ends the list. */
  firstReader(read: number): number {
    return this.#reads.get(read, READERS);
  }

  nextReader(reader: number): number {
    return this.#readers.get(reader, NEXT);
  }

  readerNode(reader: number): number {
    return this.#readers.get(reader, NODE);
  }

  readerArrow(reader: number): number {
    return this.#readers.get(reader, ARROW) >> 1;
  }

  readerNegated(reader: number): boolean {
    return (this.#readers.get(reader, ARROW) & 1) === 1;
  }

  /** Kept for arrows that come to the same object later: no tuple is asked for twice. */
  keepAnswer(read: number, found: readonly Found[]): void {
    this.#answers.set(read, found);
  }

  answer(read: number): readonly Found[] | undefined {
    return this.#answers.get(read);
  }
}
