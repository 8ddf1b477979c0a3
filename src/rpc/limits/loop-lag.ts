/** Coarse, so that it costs nothing: what matters is a thread that is late by a quarter of a second. */
const TICK_MS = 50;
/** A single pause, for garbage or a large tenant, is forgotten within three ticks. */
const DECAY = 0.5;

/** How late the one thread comes to what is due. */
export interface LoopLag {
  /** Milliseconds, of the last ticks. */
  readonly lateMs: number;
  close(): void;
}

export function createLoopLag(): LoopLag {
  let dueMs = performance.now() + TICK_MS;
  let lateMs = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    lateMs = lateMs * DECAY + Math.max(0, nowMs - dueMs) * (1 - DECAY);
    dueMs = nowMs + TICK_MS;
  }, TICK_MS);
  timer.unref();
  return {
    get lateMs() {
      return lateMs;
    },
    close: () => clearInterval(timer),
  };
}
