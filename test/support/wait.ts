import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks `condition` every few milliseconds until it holds, and returns what it returned. For things that happen in other
 * processes; within one process await the event itself. Throws after `timeoutMs`, saying `what` did not happen.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) {
      return value as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(5);
  }
}
