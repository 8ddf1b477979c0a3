import type { Found } from "../model/need.ts";
import type { Relation } from "../model/schema.ts";
import type { Node } from "./problem.ts";
import type { Arrow, RelationRead, Tupleset } from "./program.ts";

/** Something to know of the stored tuples, asked at most once. */
export type Read = RelationTuples | ArrowTuples;

/** Tuples of a relation, for the one problem that asks about it. */
export interface RelationTuples {
  readonly kind: RelationRead;
  readonly relation: Relation;
  readonly objectId: string;
  readonly node: Node;
  parked: boolean;
}

/** Objects that a relation points at, for every arrow through it. */
export interface ArrowTuples {
  readonly kind: "objects";
  readonly tupleset: Tupleset;
  readonly objectId: string;
  readonly readers: ArrowReader[];
  /** Kept for arrows that come to the same object later. */
  answer: readonly Found[] | undefined;
  /** Nobody wanted it when its turn came. */
  parked: boolean;
}

/** A node that an arrow feeds. */
export interface ArrowReader {
  readonly node: Node;
  readonly arrow: Arrow;
  readonly negated: boolean;
}

/** The reads of arrows by tupleset and object. */
export class ArrowReads {
  readonly #reads = new Map<Tupleset, Map<string, ArrowTuples>>();

  find(tupleset: Tupleset, objectId: string): ArrowTuples | undefined {
    return this.#reads.get(tupleset)?.get(objectId);
  }

  add(read: ArrowTuples): void {
    const byId = this.#reads.get(read.tupleset);
    if (byId === undefined) this.#reads.set(read.tupleset, new Map([[read.objectId, read]]));
    else byId.set(read.objectId, read);
  }
}

/** The nodes that expect a read's answer. */
export function readersOf(read: Read): readonly Node[] {
  return read.kind === "objects" ? read.readers.map(({ node }) => node) : [read.node];
}
