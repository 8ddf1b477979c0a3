import type { EdgeCall, Pipeline } from "../edge-call.ts";
import type { Waiting } from "./account.ts";

/** A call that goes on when its tenant's turn comes. */
export class WaitingCall implements Waiting {
  readonly sinceMs = performance.now();
  readonly ended: Promise<void>;
  readonly #call: EdgeCall;
  readonly #next: Pipeline;
  readonly #tooLate: () => Error;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(call: EdgeCall, next: Pipeline, tooLate: () => Error) {
    this.#call = call;
    this.#next = next;
    this.#tooLate = tooLate;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isOver(): boolean {
    return this.#call.abortedFor !== undefined;
  }

  go(): void {
    try {
      const ending = this.#next(this.#call);
      if (ending === undefined) this.#resolve();
      else ending.then(this.#resolve, this.#reject);
    } catch (error) {
      this.#reject(error);
    }
  }

  refuse(): void {
    this.#reject(this.#tooLate());
  }

  drop(): void {
    this.#reject(this.#call.abortedFor);
  }
}
