import { abortError } from "../model/abort.ts";
import type { TupleSource } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";

/** Opens the store at a revision for reads that end when the signal aborts. */
export type OpenSource = (revision: Revision, signal: AbortSignal | undefined) => TupleSource;

/**
 * The store as one request reads it for itself and for whoever joins. It knows how long the request's reads have been
 * (storage/postgres/bounded-reader.ts), so all go through it; it is aborted when nobody waits for any of them.
 */
export class ReadLane {
  readonly source: TupleSource;
  readonly #controller = new AbortController();
  readonly #running = new Set<SharedRead>();

  constructor(open: OpenSource, revision: Revision) {
    this.source = open(revision, this.#controller.signal);
  }

  began(read: SharedRead): void {
    this.#running.add(read);
  }

  /** It has ended, or nobody waits for it. */
  leave(read: SharedRead): void {
    if (!this.#running.delete(read)) return;
    if (this.#running.size === 0 && read.isAbandoned) this.#controller.abort();
  }
}

/** One read of the store that several requests may wait for: who leaves does not take it from the others. */
export class SharedRead {
  readonly #lane: ReadLane;
  readonly #abandon: () => void;
  #done: Promise<void> | undefined;
  #waiting = 0;
  isAbandoned = false;

  /** @param abandon is called when the last one that waited has left: nobody may join any more */
  constructor(lane: ReadLane, abandon: () => void) {
    this.#lane = lane;
    this.#abandon = abandon;
  }

  /** Once. @param work takes the answer in, too */
  run(work: (source: TupleSource) => Promise<void>): void {
    this.#lane.began(this);
    this.#done = work(this.#lane.source).finally(() => this.#lane.leave(this));
  }

  /** Resolves when the read has been taken in. @throws what it failed with, or the reason of the signal */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const done = this.#done ?? Promise.reject(new Error("waited for a read that has not begun"));
    this.#waiting += 1;
    if (signal === undefined) return done;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(abortError(signal));
        this.#waiting -= 1;
        if (this.#waiting > 0) return;
        this.isAbandoned = true;
        this.#abandon();
        this.#lane.leave(this);
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      done.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}
