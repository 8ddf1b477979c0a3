/** A clock that stands still until told otherwise. */
export interface TestClock {
  /** Milliseconds since 1970; safe to pass along without its object. */
  readonly now: () => number;
  advance(ms: number): void;
}

export function createClock(startMs: number = Date.UTC(2026, 0, 1)): TestClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}
