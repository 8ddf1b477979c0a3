import type { Readable } from "node:stream";

/** Where a command writes. `process.stdout` is one; tests pass their own. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, when it is one. */
  readonly columns?: number;
}

/** Everything a command may touch of the world around it. Built once, in main.ts. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files on the command line are relative to it. */
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * For commands that hold something open: from the first call on, being asked to end (SIGINT, SIGTERM, or the wrapper
   * that started the process is gone) aborts the signal instead of ending the process.
   */
  readonly stop: () => AbortSignal;
}
