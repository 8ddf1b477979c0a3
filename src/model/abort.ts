import { RelataError } from "../errors.ts";

/** What the caller's signal says: its own RelataError (a deadline, say) or CANCELLED. */
export function abortError({ reason }: AbortSignal): RelataError {
  return reason instanceof RelataError
    ? reason
    : new RelataError("CANCELLED", "the request was cancelled", { cause: reason });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
