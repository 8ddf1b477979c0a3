import type { Logger } from "../log.ts";
import { failureFields } from "./failure-fields.ts";

/**
 * Reads that follow failed ones may take longer: the database may be slow rather than gone. No longer than it takes the store
 * to give up a silent connection, or the first read on a new one would wait behind one on the old.
 */
const LONGEST_READ_MS = 2_000;

/** How the tail's reads of the store go. One line in the log when they begin to fail, and one when they work again. */
export class TailHealth {
  polls = 0;
  failures = 0;
  failuresInARow = 0;
  lastSuccessAtMs = Number.NEGATIVE_INFINITY;
  appliedRevisions = 0;
  appliedChanges = 0;
  readonly #log: Logger;
  readonly #readTimeoutMs: number;

  constructor(log: Logger, readTimeoutMs: number) {
    this.#log = log;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /** How long a read may take now. */
  get timeoutMs(): number {
    return Math.min(LONGEST_READ_MS, this.#readTimeoutMs * 2 ** Math.min(this.failuresInARow, 16));
  }

  /** @param beganAtMs what a read says was so when it began. */
  succeeded(beganAtMs: number): void {
    this.lastSuccessAtMs = Math.max(this.lastSuccessAtMs, beganAtMs);
    if (this.failuresInARow > 0) {
      this.#log.info(
        { failedReads: this.failuresInARow },
        "changes can be read again; memory is being brought up to date",
      );
    }
    this.failuresInARow = 0;
  }

  failed(error: unknown): void {
    this.failures += 1;
    this.failuresInARow += 1;
    if (this.failuresInARow > 1) return;
    this.#log.warn(
      failureFields(error),
      "changes cannot be read: what is in memory ages, and requests go to the database once it is too old",
    );
  }
}
