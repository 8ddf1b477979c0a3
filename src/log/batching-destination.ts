import { pino } from "pino";

/** The longest that a line waits. */
const FLUSH_MS = 10;
/** And the most that wait. */
const BATCH_BYTES = 64 * 1024;
/** Of a character, in UTF-8. */
const MAX_BYTES = 3;

/**
 * Standard output, written for many lines at once instead of line by line: a write takes 2 µs and more, a line 0.6. Lines wait
 * as bytes, since as text they are many pieces each until somebody reads them. A process that ends, even by an exception,
 * writes first; one that is killed loses ten milliseconds.
 */
export function createBatchingDestination(): { write(line: string): void } {
  // Waits where a pipe is full.
  const output = pino.destination({ dest: 1, sync: true });
  const waiting = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const end = length;
    length = 0;
    if (end > 0) output.write(waiting.toString("utf8", 0, end));
  };
  process.on("exit", flush);
  return {
    write(line) {
      if (length + line.length * MAX_BYTES > BATCH_BYTES) flush();
      if (line.length * MAX_BYTES > BATCH_BYTES) {
        output.write(line);
        return;
      }
      length += waiting.write(line, length);
      timer ??= setTimeout(flush, FLUSH_MS);
    },
  };
}
