import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks `condition` again and again, after 5 ms at first and 100 ms at last, until it holds, and returns what it returned. For things that happen in other
 * processes; within one process await the event itself. Throws after `timeoutMs`, saying `what` did not happen.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(100, pauseMs * 1.5)) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) {
      return value as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(pauseMs);
  }
}
