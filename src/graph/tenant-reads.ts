import type { TupleChange } from "../model/change.ts";
import type { Found } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";
import { keysOfChange } from "./read-keys.ts";
import type { OpenSource, SharedRead } from "./shared-read.ts";

/** Rows of one part of a need, and the revisions at which they are what the store has. */
export interface KeptPart {
  readonly key: string;
  readonly owner: TenantReads;
  /** The revision they were read at. */
  readonly from: Revision;
  /** From this revision on they are something else, or may be. */
  until: Revision;
  /** Undefined while they are being read. */
  rows: readonly Found[] | undefined;
  /** By which they are being read, meanwhile. */
  reading: SharedRead | undefined;
}

/** Where all tenants keep what they have read. */
export interface Shelf {
  readonly tally: { hits: number; misses: number; coalesced: number };
  /** @returns false when it is too large to be kept. */
  keep(part: KeptPart): boolean;
  use(part: KeptPart): void;
  drop(part: KeptPart): void;
}

/**
 * What has been read of one tenant. Rows read at `r` hold at `r`, and at every later revision up to the first change of
 * theirs, as far as changes have been told: at `q` with r <= q <= applied, until <= q excluded. Changes of revisions that
 * had been told before the read began cannot close it any more, so rows read at an old revision hold there alone; and those
 * up to `r` that are told afterwards are in the rows already.
 */
export class TenantReads {
  /** The store. */
  readonly open: OpenSource;
  readonly #shelf: Shelf;
  /** At most one part per key, the newest. */
  readonly #parts = new Map<string, KeptPart>();
  /** All changes up to this revision have been told; undefined: nobody tells them. */
  #applied: Revision | undefined;
  /** Some of this revision's changes have been told, and perhaps not all. */
  #told: Revision | undefined;

  constructor(open: OpenSource, shelf: Shelf) {
    this.open = open;
    this.#shelf = shelf;
  }

  /** From now on every change of every revision after `applied` is told. Whatever was kept is forgotten. */
  start(applied: Revision): void {
    this.stop();
    this.#applied = applied;
    this.#told = applied;
  }

  /** Forgets everything: nobody tells changes any more, or the history was another one. What is being read is not kept. */
  stop(): void {
    this.#applied = undefined;
    this.#told = undefined;
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    for (const part of parts) this.#shelf.drop(part);
  }

  /** Told before `applied` of its revision, in the order of revisions. */
  changed(revision: Revision, change: TupleChange): void {
    this.#told = revision;
    if (this.#parts.size === 0) return;
    for (const key of keysOfChange(change)) {
      const part = this.#parts.get(key);
      if (part !== undefined && part.from < revision && revision < part.until) part.until = revision;
    }
  }

  /** All changes up to `revision` have been told. */
  applied(revision: Revision): void {
    this.#applied = revision;
    this.#told = revision;
  }

  /** What holds at `revision`, read already or being read. */
  find(key: string, revision: Revision): KeptPart | undefined {
    const part = this.#parts.get(key);
    if (part === undefined || revision < part.from || part.until <= revision) return undefined;
    const isTold = this.#applied !== undefined && revision <= this.#applied;
    return revision === part.from || isTold ? part : undefined;
  }

  /** Before a part is read. Who looks for it from now on finds it, unless a newer one is there. */
  begin(key: string, revision: Revision, reading: SharedRead): KeptPart {
    // A revision's changes are told in several turns: one told before cannot close what is begun now.
    const isOpen = this.#told !== undefined && revision >= this.#told;
    const until = isOpen ? Number.POSITIVE_INFINITY : revision + 1;
    const part: KeptPart = { key, owner: this, from: revision, until, rows: undefined, reading };
    const known = this.#parts.get(key);
    if (known === undefined || known.from < revision) {
      this.#parts.set(key, part);
      if (known !== undefined) this.#shelf.drop(known);
    }
    return part;
  }

  end(part: KeptPart, rows: readonly Found[]): void {
    part.rows = rows;
    part.reading = undefined;
    if (this.#parts.get(part.key) !== part) return;
    if (this.#applied === undefined || !this.#shelf.keep(part)) this.left(part);
  }

  /** The part could not be read, or has been pushed out. */
  left(part: KeptPart): void {
    if (this.#parts.get(part.key) === part) this.#parts.delete(part.key);
  }

  /** The part's rows were used. */
  hit(part: KeptPart): void {
    this.#shelf.tally.hits += 1;
    this.#shelf.use(part);
  }

  get tally(): Shelf["tally"] {
    return this.#shelf.tally;
  }
}
