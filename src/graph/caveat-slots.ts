import type { FoundTraits } from "../model/need.ts";
import type { ByteCount } from "./byte-count.ts";

const SLOTS = 1024;
/** Contexts beyond this many are not looked for again: a map that grew without end would stop everything when it is rehashed. */
const MAX_SHARED = 4096;

interface Entry {
  readonly key: string;
  /** Shared by all who have the caveat and no end. */
  readonly traits: FoundTraits & Required<Pick<FoundTraits, "caveat">>;
  readonly bytes: number;
  uses: number;
}

/** Caveats by the number of the version that has them. Few tuples have one, and of those many have the same. */
export class CaveatSlots {
  readonly #bytes: ByteCount;
  readonly #slots: (Entry | undefined)[][] = [];
  readonly #shared = new Map<string, Entry>();

  constructor(bytes: ByteCount) {
    this.#bytes = bytes;
  }

  get(version: number): FoundTraits | undefined {
    return this.#slots[Math.floor(version / SLOTS)]?.[version % SLOTS]?.traits;
  }

  set(version: number, caveat: NonNullable<FoundTraits["caveat"]>): void {
    const chunk = Math.floor(version / SLOTS);
    let slots = this.#slots[chunk];
    if (slots === undefined) {
      slots = new Array<Entry | undefined>(SLOTS).fill(undefined);
      for (let i = this.#slots.length; i < chunk; i++) this.#slots.push([]);
      this.#slots[chunk] = slots;
      this.#bytes.total += 8 * SLOTS;
    } else if (slots.length === 0) {
      for (let i = 0; i < SLOTS; i++) slots.push(undefined);
      this.#bytes.total += 8 * SLOTS;
    }
    const entry = this.#entryOf(caveat);
    entry.uses++;
    slots[version % SLOTS] = entry;
  }

  clear(version: number): void {
    const slots = this.#slots[Math.floor(version / SLOTS)];
    const entry = slots?.[version % SLOTS];
    if (slots === undefined || entry === undefined) return;
    slots[version % SLOTS] = undefined;
    entry.uses--;
    if (entry.uses > 0) return;
    this.#bytes.total -= entry.bytes;
    if (this.#shared.get(entry.key) === entry) this.#shared.delete(entry.key);
  }

  #entryOf(caveat: NonNullable<FoundTraits["caveat"]>): Entry {
    // No caveat's name has a space.
    const key = `${caveat.name} ${caveat.contextJson}`;
    const shared = this.#shared.get(key);
    if (shared !== undefined) return shared;
    const copy = { name: caveat.name, contextJson: caveat.contextJson };
    // Estimated: entry, traits, caveat, map, and the two strings at two bytes a character.
    const entry: Entry = { key, traits: { caveat: copy }, bytes: 240 + 4 * key.length, uses: 0 };
    this.#bytes.total += entry.bytes;
    if (this.#shared.size < MAX_SHARED) this.#shared.set(key, entry);
    return entry;
  }
}
