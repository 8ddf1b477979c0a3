import { abortError } from "../model/abort.ts";

/** `work`, or the abort, whichever comes first. `onAbort` tidies up behind a caller who has left. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, onAbort?: () => void): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(abortError(signal));
      onAbort?.();
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
