/** A refusal that is on its way out slowly. */
export type Release = () => void;

/** How many leave in each tick: at 60 µs a refusal 6 % of a core. */
const PER_TICK = 10;
const TICK_MS = 10;
/** 10 KB each, most of it HTTP/2's. */
const MAX_HELD = 5_000;

/**
 * Refusals cost nearly as much as answers, and a caller in a loop comes back as soon as it has one. Whoever is refused again
 * and again gets its refusals no faster than these leave, and as each holds one of its connections' streams it cannot send
 * faster either.
 */
export class HeldRefusals {
  #held: Release[] = [];
  #timer: NodeJS.Timeout | undefined = undefined;

  get length(): number {
    return this.#held.length;
  }

  /** False: too many are held already. */
  hold(release: Release): boolean {
    if (this.#held.length >= MAX_HELD) return false;
    this.#held.push(release);
    this.#timer ??= setInterval(this.#tick, TICK_MS);
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const release of this.#held.splice(0)) release();
  }

  readonly #tick = (): void => {
    for (const release of this.#held.splice(0, PER_TICK)) release();
    if (this.#held.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };
}
