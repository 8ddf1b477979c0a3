import { RelataError } from "../../errors.ts";
import { abortError } from "../../model/abort.ts";

/** A line for each key: so many at once hold a turn, the others wait in order. */
export interface Turns {
  /** Resolves with what ends the turn, to be called once. @throws STORE_UNAVAILABLE after waiting too long; the abort */
  take(key: string, signal?: AbortSignal): Promise<() => void>;
}

interface Line {
  held: number;
  /** In order of arrival. */
  readonly waiting: Set<() => void>;
}

export interface TurnsOptions {
  readonly atOnce: number;
  readonly timeoutMs: number;
  /** What whoever waited too long is told. */
  readonly tooLong: string;
}

export function createTurns(options: TurnsOptions): Turns {
  const { atOnce, timeoutMs, tooLong } = options;
  const lines = new Map<string, Line>();

  const end = (key: string, line: Line): void => {
    const [next] = line.waiting;
    if (next !== undefined) {
      line.waiting.delete(next);
      next();
      return;
    }
    line.held -= 1;
    if (line.held === 0) lines.delete(key);
  };

  return {
    take(key, signal) {
      const line = lines.get(key) ?? { held: 0, waiting: new Set() };
      lines.set(key, line);
      const over = () => end(key, line);
      if (line.held < atOnce) {
        line.held += 1;
        return Promise.resolve(over);
      }
      return new Promise((resolve, reject) => {
        const stopWaiting = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", leave);
          line.waiting.delete(go);
        };
        const go = () => {
          stopWaiting();
          resolve(over);
        };
        const giveUp = (error: RelataError) => {
          stopWaiting();
          reject(error);
        };
        const leave = () => {
          if (signal !== undefined) giveUp(abortError(signal));
        };
        const timer = setTimeout(() => giveUp(new RelataError("STORE_UNAVAILABLE", tooLong)), timeoutMs);
        line.waiting.add(go);
        signal?.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
