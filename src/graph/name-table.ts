import { RelataError } from "../errors.ts";
import { NONE } from "../model/graph.ts";
import type { ByteCount } from "./byte-count.ts";

/** A row keeps two relations in one integer, and its last value stays free. */
const MAX_NAMES = 0xffff;
const RECENT = 64;

/**
 * Types or relations, by number. There are as many as a schema's text can name, so they are kept as strings and never
 * forgotten. From bytes a name is found without making a string of it.
 */
export class NameTable {
  readonly #bytes: ByteCount;
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #encoded: Uint8Array[] = [];
  /** The names met last, by length, first and last byte. */
  readonly #recent = new Int32Array(RECENT).fill(NONE);

  constructor(bytes: ByteCount) {
    this.#bytes = bytes;
    bytes.total += this.#recent.byteLength;
  }

  get count(): number {
    return this.#names.length;
  }

  number(name: string): number {
    return this.#numbers.get(name) ?? NONE;
  }

  name(number: number): string {
    return this.#names[number] ?? "";
  }

  intern(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.length;
    if (number >= MAX_NAMES) {
      throw new RelataError("INTERNAL", "the tenant's tuples have too many types or relations to be held in memory", {
        detail: `more than ${MAX_NAMES} names`,
      });
    }
    this.#numbers.set(name, number);
    this.#names.push(name);
    this.#encoded.push(Buffer.from(name, "latin1"));
    // Estimated: a string, its bytes, an entry of the map.
    this.#bytes.total += 200 + 2 * name.length;
    return number;
  }

  internBytes(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const place =
      length === 0 ? 0 : (length * 7 + (bytes[start] as number) * 3 + (bytes[end - 1] as number)) & (RECENT - 1);
    const recent = this.#recent[place] as number;
    if (recent !== NONE && equalBytes(this.#encoded[recent] as Uint8Array, bytes, start, length)) return recent;
    const number = this.intern(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1"));
    this.#recent[place] = number;
    return number;
  }
}

function equalBytes(name: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
