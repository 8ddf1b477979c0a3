import { RelataError } from "../../errors.ts";
import type { EdgeCall, Interceptor } from "../edge-call.ts";

export interface DeadlineSettings {
  /** For calls with one answer that bring no deadline. */
  readonly defaultDeadlineMs: number;
  /** What callers ask for beyond this is cut. Streams that bring no deadline get it whole: they go at their reader's pace. */
  readonly maxDeadlineMs: number;
  readonly now: () => number;
}

/** Transports keep the caller's time too, and end the call at about the same instant: that is the deadline, not the caller. */
const TRANSPORT_SLACK_MS = 20;

/**
 * Gives the call its one instant, its deadline and its signal, and answers when the deadline passes or the caller goes
 * away, even if the verb is still busy.
 */
export function createDeadline(settings: DeadlineSettings): Interceptor {
  const guardLater = createTurn();
  return (call, next) => {
    const timeoutMs = Math.min(call.transport.timeoutMs ?? defaultOf(call, settings), settings.maxDeadlineMs);
    call.nowMs = settings.now();
    call.deadlineMs = call.nowMs + timeoutMs;
    const work = next(call);
    if (work === undefined) return undefined;
    const guard = new Guard(call, timeoutMs);
    guardLater(guard);
    return guard.endWith(work);
  };
}

function defaultOf({ method }: EdgeCall, { defaultDeadlineMs, maxDeadlineMs }: DeadlineSettings): number {
  return method.methodKind === "unary" ? defaultDeadlineMs : maxDeadlineMs;
}

/**
 * Calls that are still under way when the turn of the event loop ends in which they began: what is answered from memory is
 * not, and needs no timer and no listener.
 */
function createTurn(): (guard: Guard) => void {
  let begun: Guard[] = [];
  const end = () => {
    const guards = begun;
    begun = [];
    for (const guard of guards) guard.start();
  };
  return (guard) => {
    if (begun.push(guard) === 1) setImmediate(end);
  };
}

/** Holds one call to its deadline and to its caller. */
class Guard {
  readonly #call: EdgeCall;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined = undefined;
  #ended = false;
  #fail: (reason: unknown) => void = () => undefined;

  constructor(call: EdgeCall, timeoutMs: number) {
    this.#call = call;
    this.#timeoutMs = timeoutMs;
  }

  endWith(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      work.then(
        () => {
          this.#end();
          resolve();
        },
        (error: unknown) => {
          this.#end();
          reject(error);
        },
      );
    });
  }

  start(): void {
    if (this.#ended) return;
    const { gone } = this.#call.transport;
    this.#timer = setTimeout(this.#expire, this.#timeoutMs - this.#elapsedMs());
    if (gone.aborted) this.#leave();
    else gone.addEventListener("abort", this.#leave, { once: true });
  }

  #end(): void {
    this.#ended = true;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#call.transport.gone.removeEventListener("abort", this.#leave);
    }
    this.#call.end();
  }

  #abort(reason: RelataError): void {
    // First the outcome, then what follows from it.
    this.#fail(reason);
    this.#call.abort(reason);
    this.#end();
  }

  readonly #expire = (): void => this.#abort(deadlineExceeded(this.#timeoutMs));

  readonly #leave = (): void => {
    const inTime = this.#elapsedMs() < this.#timeoutMs - TRANSPORT_SLACK_MS;
    this.#abort(inTime ? cancelled() : deadlineExceeded(this.#timeoutMs));
  };

  #elapsedMs(): number {
    return performance.now() - this.#call.startedMs;
  }
}

function deadlineExceeded(timeoutMs: number): RelataError {
  return new RelataError("DEADLINE_EXCEEDED", `the call did not end within its deadline of ${timeoutMs} ms`, {
    metadata: { deadlineMs: String(timeoutMs) },
  });
}

function cancelled(): RelataError {
  return new RelataError("CANCELLED", "the caller ended the call");
}
