/**
 * The problems of a walk by number. Integers in flat arrays, kept from walk to walk: with a Map of numbers per walk instead,
 * a Check of 18 problems spent more on making and filling maps than on all it looked up (see walk.ts for the whole).
 */
export class WalkTable {
  /** By problem, numbered from 0 in the order they are met. What a state means is the walker's own; 0 is a new problem's. */
  states = new Int32Array(KEPT);
  #members = new Int32Array(KEPT);
  #objects = new Int32Array(KEPT);
  /** Open addressing: a problem's number plus `#start`. What is less belongs to an earlier walk, and counts as empty. */
  #slots = new Int32Array(2 * KEPT);
  #start = 1;
  #size = 0;

  /** Forgets everything. */
  clear(): void {
    this.#start += this.#size;
    this.#size = 0;
    if (this.#slots.length > 2 * KEPT) this.#resize(KEPT);
    // Far below what 32 bits hold: a walk has no more problems than the difference.
    else if (this.#start > MAX_START) this.#slots.fill(0);
    else return;
    this.#start = 1;
  }

  /** The number of a problem, which is new when its state is 0. @param object may be negative */
  intern(member: number, object: number): number {
    if (2 * this.#size >= this.#slots.length) this.#resize(2 * this.states.length);
    const slots = this.#slots;
    const members = this.#members;
    const objects = this.#objects;
    const start = this.#start;
    const mask = slots.length - 1;
    let slot = hash(member, object) & mask;
    for (let found = slots[slot] as number; found >= start; found = slots[slot] as number) {
      const problem = found - start;
      if (objects[problem] === object && members[problem] === member) return problem;
      slot = (slot + 1) & mask;
    }
    const problem = this.#size++;
    slots[slot] = start + problem;
    members[problem] = member;
    objects[problem] = object;
    this.states[problem] = 0;
    return problem;
  }

  #resize(problems: number): void {
    this.states = resized(this.states, problems);
    this.#members = resized(this.#members, problems);
    this.#objects = resized(this.#objects, problems);
    const slots = new Int32Array(2 * problems);
    for (let problem = 0; problem < this.#size; problem++) {
      let slot = hash(this.#members[problem] as number, this.#objects[problem] as number) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = this.#start + problem;
    }
    this.#slots = slots;
  }
}

/** Problems that there is always room for (80 KB in all); a power of two. More is given back after the walk. */
const KEPT = 4096;
const MAX_START = 2 ** 30;

/** Multiplied by odd constants (of the golden ratio, and of murmur3), so that neighbours end up far from each other. */
function hash(member: number, object: number): number {
  const mixed = Math.imul(object, 0x9e3779b1) ^ Math.imul(member, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function resized(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(length);
  next.set(array.subarray(0, length));
  return next;
}
