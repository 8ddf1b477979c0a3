import { throwIfAborted } from "../model/abort.ts";
import type { Found, Need, TupleSource } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";
import { isTooManyRows, tooManyRows } from "../model/row-budget.ts";
import { type NeedPart, partsOf } from "./read-keys.ts";
import { ReadLane, SharedRead } from "./shared-read.ts";
import type { KeptPart, TenantReads } from "./tenant-reads.ts";

/**
 * A tenant at a revision, for one request: what has been read before is answered from memory, what others are reading is
 * waited for, and the rest is one read of the store. Scans go to the store as they are.
 */
export function cachedSource(reads: TenantReads, revision: Revision, signal: AbortSignal | undefined): TupleSource {
  let direct: TupleSource | undefined;
  const scanned = () => {
    direct ??= reads.open(revision, signal);
    return direct;
  };
  const reader = new CachedReader(reads, revision, signal);
  return {
    read: (needs, maxRows) => reader.read(needs, maxRows),
    scanSubjects: (scans, limit) => scanned().scanSubjects(scans, limit),
    scanObjects: (scans, limit) => scanned().scanObjects(scans, limit),
  };
}

/** A need and its parts: those that were found, and in their places those that are still to be read. */
interface Asked {
  readonly need: Need;
  readonly parts: readonly NeedPart[];
  readonly slots: (KeptPart | undefined)[];
}

class CachedReader {
  readonly #reads: TenantReads;
  readonly #revision: Revision;
  readonly #signal: AbortSignal | undefined;
  #lane: ReadLane | undefined;

  constructor(reads: TenantReads, revision: Revision, signal: AbortSignal | undefined) {
    this.#reads = reads;
    this.#revision = revision;
    this.#signal = signal;
  }

  async read(needs: readonly Need[], maxRows: number): Promise<readonly (readonly Found[])[]> {
    throwIfAborted(this.#signal);
    const asked = needs.map((need) => this.#look(need));
    const others = new Set<SharedRead>();
    let known = 0;
    for (const { slots } of asked) {
      for (const part of slots) {
        known += part?.rows?.length ?? 0;
        if (part?.reading !== undefined) others.add(part.reading);
      }
    }
    if (known > maxRows) throw tooManyRows(maxRows);
    const own = this.#begin(asked, maxRows - known);
    if (own !== undefined || others.size > 0) await this.#wait(asked, own, others, maxRows);
    return assemble(asked, maxRows);
  }

  #look(need: Need): Asked {
    const parts = partsOf(need);
    const slots = parts.map(({ key }) => {
      const part = this.#reads.find(key, this.#revision);
      if (part === undefined) this.#reads.tally.misses += 1;
      else if (part.rows === undefined) this.#reads.tally.coalesced += 1;
      else this.#reads.hit(part);
      return part;
    });
    return { need, parts, slots };
  }

  /** Starts to read whatever has no part yet; undefined when there is nothing to read. */
  #begin(asked: readonly Asked[], maxRows: number): SharedRead | undefined {
    const missing = asked.filter(({ slots }) => slots.includes(undefined));
    if (missing.length === 0) return undefined;
    const begun: KeptPart[] = [];
    this.#lane ??= new ReadLane(this.#reads.open, this.#revision);
    const read = new SharedRead(this.#lane, () => {
      for (const part of begun) this.#reads.left(part);
    });
    const open = missing.map((one) => this.#claim(one, read, begun));
    read.run(async (source) => {
      try {
        const answers = await source.read(
          open.map(({ need }) => need),
          maxRows,
        );
        if (answers.length !== open.length) throw new Error("the store left a need without an answer");
        for (const [index, { parts }] of open.entries()) this.#takeIn(parts, answers[index] ?? []);
      } catch (error) {
        for (const part of begun) this.#reads.left(part);
        throw error;
      }
    });
    return read;
  }

  /** The parts of a need that nobody reads yet become this read's. */
  #claim({ need, parts, slots }: Asked, read: SharedRead, begun: KeptPart[]) {
    const claimed: Claimed[] = [];
    for (const [index, { key, subjectType }] of parts.entries()) {
      if (slots[index] !== undefined) continue;
      const part = this.#reads.begin(key, this.#revision, read);
      slots[index] = part;
      begun.push(part);
      claimed.push({ part, subjectType });
    }
    const subjectTypes = claimed.flatMap(({ subjectType }) => subjectType ?? []);
    return { need: need.kind === "objects" ? { ...need, subjectTypes } : need, parts: claimed };
  }

  #takeIn(parts: readonly Claimed[], rows: readonly Found[]): void {
    for (const { part, subjectType } of parts) {
      const own = parts.length === 1 ? rows : rows.filter((row) => row.subjectType === subjectType);
      this.#reads.end(part, own);
    }
  }

  /** Until every slot has its rows. What another request's budget was too small for is read again with this one's. */
  async #wait(
    asked: readonly Asked[],
    own: SharedRead | undefined,
    others: ReadonlySet<SharedRead>,
    maxRows: number,
  ): Promise<void> {
    const waits = [...others].map((read) => read.wait(this.#signal).catch(ignoreTooManyRows));
    if (own !== undefined) waits.push(own.wait(this.#signal));
    try {
      await Promise.all(waits);
    } catch (error) {
      throw isTooManyRows(error) ? tooManyRows(maxRows) : error;
    }
    let known = 0;
    let isWhole = true;
    for (const { slots } of asked) {
      for (const [index, part] of slots.entries()) {
        if (part?.rows !== undefined) known += part.rows.length;
        else {
          slots[index] = undefined;
          isWhole = false;
        }
      }
    }
    if (isWhole) return;
    if (known > maxRows) throw tooManyRows(maxRows);
    await this.#wait(asked, this.#begin(asked, maxRows - known), new Set(), maxRows);
  }
}

interface Claimed {
  readonly part: KeptPart;
  readonly subjectType: string | undefined;
}

/** Every slot has its rows. */
function assemble(asked: readonly Asked[], maxRows: number): readonly (readonly Found[])[] {
  let total = 0;
  const answers = asked.map(({ slots }) => {
    const rows = slots.length === 1 ? rowsOf(slots[0]) : slots.flatMap(rowsOf);
    total += rows.length;
    return rows;
  });
  if (total > maxRows) throw tooManyRows(maxRows);
  return answers;
}

function rowsOf(part: KeptPart | undefined): readonly Found[] {
  if (part?.rows === undefined) throw new Error("a part of a need without rows");
  return part.rows;
}

/** The budget that ran out was somebody else's. */
function ignoreTooManyRows(error: unknown): void {
  if (!isTooManyRows(error)) throw error;
}
