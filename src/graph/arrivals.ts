import { abortError } from "../model/abort.ts";
import type { Revision } from "../model/revision.ts";

interface Waiter {
  readonly revision: Revision;
  /** Waiters are numbered in the order in which they came. */
  readonly number: number;
  readonly settle: (arrived: boolean) => void;
}

/** Those who wait until a tenant's changes have been taken in up to some revision. */
export class Arrivals {
  readonly #waiters = new Set<Waiter>();
  #count = 0;

  /** How many have come so far. */
  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** @returns true when the revision arrived, false when it did not within `waitMs` or cannot @throws when aborted */
  wait(revision: Revision, waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        revision,
        number: this.#count++,
        settle(arrived) {
          leave();
          resolve(arrived);
        },
      };
      const abort = (): void => {
        this.#waiters.delete(waiter);
        leave();
        reject(abortError(signal as AbortSignal));
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        waiter.settle(false);
      }, waitMs).unref();
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  arrived(revision: Revision): void {
    if (this.#waiters.size > 0) this.#settle((waiter) => waiter.revision <= revision, true);
  }

  /** Those who came before the `count`-th wait for a revision that the store does not have. */
  absent(count: number): void {
    if (this.#waiters.size > 0) this.#settle((waiter) => waiter.number < count, false);
  }

  /** Nothing will arrive any more. */
  end(): void {
    this.#settle(() => true, false);
  }

  #settle(concerned: (waiter: Waiter) => boolean, arrived: boolean): void {
    for (const waiter of this.#waiters) {
      if (!concerned(waiter)) continue;
      this.#waiters.delete(waiter);
      waiter.settle(arrived);
    }
  }
}
