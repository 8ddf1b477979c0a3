import type { Logger } from "../log.ts";

/** Whether this process should be sent requests. */
export interface Health {
  /** Whether the store answers, and callers can be judged. Asks the store, at most once per interval. */
  serving(): Promise<boolean>;
  /** Whether the store answers. */
  storeAnswers(): Promise<boolean>;
  /** Whether it serves, now and whenever it changes, until the signal aborts or the process has stopped. */
  watch(signal: AbortSignal): AsyncIterable<boolean>;
  /** From now on it does not serve; every watcher is told, and its stream ends. */
  stop(): void;
  /** Aborts with `stop`: what is open for days ends now. */
  readonly stopping: AbortSignal;
}

export interface HealthOptions {
  /** Rejects when the store does not answer. */
  readonly ping: () => Promise<void>;
  readonly log: Logger;
  /** Whether it is known which credentials hold: without it nobody is let in. Default: always. */
  readonly confirmed?: () => boolean;
  /** How old an answer may be, and how often watchers look. */
  readonly intervalMs?: number;
  /** A ping that takes longer has failed. */
  readonly pingTimeoutMs?: number;
}

export function createHealth(options: HealthOptions): Health {
  const { ping, log, confirmed = () => true, intervalMs = 1_000, pingTimeoutMs = 2_000 } = options;
  const stopping = new AbortController();
  let last: boolean | undefined;
  let asked: { readonly atMs: number; readonly answer: Promise<boolean> } | undefined;

  const ask = async () => {
    const found = await within(ping(), pingTimeoutMs).then(
      () => true,
      () => false,
    );
    if (last !== undefined && last !== found) log.warn({ serving: found }, "health changed");
    last = found;
    return found;
  };

  const storeAnswers = () => {
    const nowMs = performance.now();
    if (asked === undefined || nowMs - asked.atMs >= intervalMs) asked = { atMs: nowMs, answer: ask() };
    return asked.answer;
  };
  const serving = async () => (await storeAnswers()) && confirmed() && !stopping.signal.aborted;

  return {
    serving,
    storeAnswers,
    async *watch(signal) {
      let told: boolean | undefined;
      const end = AbortSignal.any([signal, stopping.signal]);
      while (!signal.aborted) {
        const now = await serving();
        if (now !== told) yield now;
        told = now;
        if (stopping.signal.aborted) return;
        await pause(intervalMs, end);
      }
    },
    stop: () => stopping.abort(),
    stopping: stopping.signal,
  };
}

function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Ends early, and without an error, when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
