import type { LoadConnection, PendingCall } from "./connection.ts";
import type { Judge } from "./judge.ts";
import { Latencies } from "./latencies.ts";
import type { LoadRequest } from "./target.ts";

/** What all calls of a load have come to. */
export class Tally {
  readonly latencies = new Latencies();
  readonly #judges: readonly Judge[];
  /** By request, how often it was answered. */
  readonly #answered: Uint32Array;
  calls = 0;
  wrong = 0;
  /** Of the wrong ones, those that gave no answer at all. */
  failed = 0;
  /** Which request was the first with a wrong answer, and what was wrong. */
  firstWrong: { readonly request: number; readonly why: string } | undefined;

  constructor(judges: readonly Judge[]) {
    this.#judges = judges;
    this.#answered = new Uint32Array(judges.length);
  }

  add(request: number, answer: Buffer, failure: string | undefined, ms: number): void {
    this.calls += 1;
    this.latencies.add(ms);
    this.#answered[request] = (this.#answered[request] ?? 0) + 1;
    if (failure === undefined && (this.#judges[request] as Judge)(answer)) return;
    this.wrong += 1;
    if (failure !== undefined || answer.length === 0) this.failed += 1;
    this.firstWrong ??= { request, why: failure ?? `an answer of ${answer.length} bytes, ${shown(answer)}` };
  }

  /** Calls of each path. */
  byPath(requests: readonly LoadRequest[]): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [index, { path }] of requests.entries())
      counts[path] = (counts[path] ?? 0) + (this.#answered[index] ?? 0);
    return counts;
  }
}

const MAX_SHOWN = 40;

function shown(answer: Buffer): string {
  if (answer.length === 0) return "as of a call that failed";
  const text = answer.toString("utf8", 0, MAX_SHOWN);
  return /^[\x20-\x7e\s]*$/.test(text) ? text : `hex ${answer.toString("hex", 0, MAX_SHOWN)}`;
}

/** A call, used again for another one when it has ended. */
export class Asked implements PendingCall {
  readonly #tally: Tally;
  readonly #again: (asked: Asked) => void;
  #request = 0;
  #sinceMs = 0;

  constructor(tally: Tally, again: (asked: Asked) => void) {
    this.#tally = tally;
    this.#again = again;
  }

  /** @param sinceMs when its time begins to count */
  ask<P>(connection: LoadConnection<P>, requests: readonly P[], request: number, sinceMs: number): void {
    this.#request = request;
    this.#sinceMs = sinceMs;
    connection.ask(requests[request] as P, this);
  }

  onEnd(answer: Buffer, failure: string | undefined): void {
    this.#tally.add(this.#request, answer, failure, performance.now() - this.#sinceMs);
    this.#again(this);
  }
}
