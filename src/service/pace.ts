import { throwIfAborted } from "../model/abort.ts";

/** Steps of some microseconds each; together a few milliseconds. */
const STEPS_PER_TURN = 2000;

/**
 * For loops over a source in memory, which answers without leaving the microtask queue: every few milliseconds timers and
 * sockets have their turn, so that a cancel can arrive at all, and then it is obeyed.
 * @returns to be awaited with the number of steps since the last time @throws the signal's reason, CANCELLED
 */
export function createPace(signal: AbortSignal): (steps: number) => Promise<void> {
  let left = STEPS_PER_TURN;
  return async (steps) => {
    left -= steps;
    if (left <= 0) {
      left = STEPS_PER_TURN;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    throwIfAborted(signal);
  };
}
