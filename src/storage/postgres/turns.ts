import { RelataError } from "../../errors.ts";

/** A line for each key: so many at once hold a turn, the others wait in order. */
export interface Turns {
  /** Resolves with what ends the turn, to be called once. @throws STORE_UNAVAILABLE after waiting too long */
  take(key: string): Promise<() => void>;
}

interface Line {
  held: number;
  /** In order of arrival. */
  readonly waiting: Set<() => void>;
}

export function createTurns(options: { readonly atOnce: number; readonly timeoutMs: number }): Turns {
  const { atOnce, timeoutMs } = options;
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
    take(key) {
      const line = lines.get(key) ?? { held: 0, waiting: new Set() };
      lines.set(key, line);
      const over = () => end(key, line);
      if (line.held < atOnce) {
        line.held += 1;
        return Promise.resolve(over);
      }
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          line.waiting.delete(go);
          reject(tooManyWaiting());
        };
        const timer = setTimeout(giveUp, timeoutMs);
        const go = () => {
          clearTimeout(timer);
          resolve(over);
        };
        line.waiting.add(go);
      });
    },
  };
}

function tooManyWaiting(): RelataError {
  return new RelataError(
    "STORE_UNAVAILABLE",
    "Other writes of this tenant took too long, and this one did not get its turn; nothing was written. Try again.",
  );
}
