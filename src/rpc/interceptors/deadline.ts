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
  return async (call, next) => {
    const timeoutMs = Math.min(call.transport.timeoutMs ?? defaultOf(call, settings), settings.maxDeadlineMs);
    const startedMs = performance.now();
    const controller = new AbortController();
    call.nowMs = settings.now();
    call.deadlineMs = call.nowMs + timeoutMs;
    call.signal = controller.signal;
    const expire = () => controller.abort(deadlineExceeded(timeoutMs));
    const leave = () => {
      const inTime = performance.now() - startedMs < timeoutMs - TRANSPORT_SLACK_MS;
      controller.abort(inTime ? cancelled() : deadlineExceeded(timeoutMs));
    };
    const timer = setTimeout(expire, timeoutMs);
    const { gone } = call.transport;
    if (gone.aborted) leave();
    else gone.addEventListener("abort", leave, { once: true });
    try {
      await unlessAborted(next(), controller.signal);
    } finally {
      clearTimeout(timer);
      gone.removeEventListener("abort", leave);
      // Ends what the verb left running, such as reads that an early error made pointless. Without a reason of ours: the
      // call has its outcome already.
      controller.abort();
    }
  };
}

function defaultOf({ method }: EdgeCall, { defaultDeadlineMs, maxDeadlineMs }: DeadlineSettings): number {
  return method.methodKind === "unary" ? defaultDeadlineMs : maxDeadlineMs;
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject);
  });
}

function deadlineExceeded(timeoutMs: number): RelataError {
  return new RelataError("DEADLINE_EXCEEDED", `the call did not end within its deadline of ${timeoutMs} ms`, {
    metadata: { deadlineMs: String(timeoutMs) },
  });
}

function cancelled(): RelataError {
  return new RelataError("CANCELLED", "the caller ended the call");
}
