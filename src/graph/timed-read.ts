import { RelataError } from "../errors.ts";
import { abortError } from "../model/abort.ts";

/**
 * A read that ends within `timeoutMs` whatever the store does: a connection that neither answers nor breaks would otherwise
 * hold up everything behind it. The store hears of it by its signal; should it answer nevertheless, nobody listens.
 * @throws STORE_UNAVAILABLE when it took longer; what `parent` says when that aborts
 */
export async function timedRead<T>(
  what: string,
  timeoutMs: number,
  parent: AbortSignal,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const control = new AbortController();
  return inTime(what, timeoutMs, parent, read(control.signal), (error) => control.abort(error));
}

/** `work`, if it ends within `timeoutMs` and before `parent` aborts; else `end` is told why not. */
export async function inTime<T>(
  what: string,
  timeoutMs: number,
  parent: AbortSignal,
  work: Promise<T>,
  end: (error: RelataError) => void,
): Promise<T> {
  let leave: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    const stop = (error: RelataError): void => {
      reject(error);
      end(error);
    };
    const timer = setTimeout(() => stop(tookTooLong(what, timeoutMs)), timeoutMs).unref();
    const abort = (): void => stop(abortError(parent));
    leave = () => {
      clearTimeout(timer);
      parent.removeEventListener("abort", abort);
    };
    if (parent.aborted) abort();
    else parent.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([ended, work]);
  } finally {
    leave();
  }
}

function tookTooLong(what: string, timeoutMs: number): RelataError {
  return new RelataError("STORE_UNAVAILABLE", "the database did not answer in time; retry", {
    detail: `${what} took longer than ${timeoutMs} ms`,
  });
}
