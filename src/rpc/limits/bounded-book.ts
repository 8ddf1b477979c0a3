/** What has to be remembered of a key whatever happens. */
export interface Entry {
  /** True while forgetting it would forgive something. */
  isOwing(nowMs: number): boolean;
}

/**
 * At most about `max` entries by key: those used longest ago leave, unless they owe. In two generations, of which the older
 * is thrown away when the younger is full: a look-up is one of a Map, where a list of who was used last would be kept in
 * order at every call.
 */
export class BoundedBook<T extends Entry> {
  readonly #max: number;
  readonly #make: (nowMs: number) => T;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(max: number, make: (nowMs: number) => T) {
    this.#max = max;
    this.#make = make;
  }

  of(key: string, nowMs: number): T {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const entry = this.#old.get(key) ?? this.#make(nowMs);
    if (this.#young.size >= this.#max / 2) this.#turn(nowMs);
    this.#young.set(key, entry);
    return entry;
  }

  /** Without making one. */
  peek(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #turn(nowMs: number): void {
    const owing = [...this.#old].filter(([key, entry]) => !this.#young.has(key) && entry.isOwing(nowMs));
    this.#old = this.#young;
    // Those that owe stay, as far as there is room: an attacker who makes debtors without end makes them at the cost of debtors.
    this.#young = new Map(owing.slice(0, this.#max / 4));
  }
}
