import type { Found } from "../model/need.ts";
import type { FormulaNode } from "./formula.ts";
import type { Problem } from "./problem.ts";

/** Asked of a relation: the subject itself, its type's wildcard, the usersets. */
export type RelationRead = "exact" | "wildcard" | "usersets";

/** Something to know of the stored tuples, asked at most once. */
export interface Read {
  readonly kind: RelationRead | "objects";
  /** A relation's member id, or a tupleset's index (objects). */
  readonly place: number;
  readonly objectId: string;
  readonly readers: Reader[];
  /** Nobody wanted it when its turn came. */
  parked: boolean;
  /** Kept for arrows that come to the same object later. */
  answer: readonly Found[] | undefined;
}

/** A node that expects a read's answer. */
export interface Reader {
  readonly node: FormulaNode<Problem | undefined>;
  /** objects: index of the arrow. */
  readonly arrow: number;
  readonly negated: boolean;
}

/** The reads of tuplesets, which arrows share. */
export class TuplesetReads {
  readonly #reads = new Map<number, Map<string, Read>>();

  find(tupleset: number, objectId: string): Read | undefined {
    return this.#reads.get(tupleset)?.get(objectId);
  }

  add(read: Read): void {
    const byId = this.#reads.get(read.place);
    if (byId === undefined) this.#reads.set(read.place, new Map([[read.objectId, read]]));
    else byId.set(read.objectId, read);
  }
}
