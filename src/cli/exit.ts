import { type ErrorKind, RelataError } from "../errors.ts";
import type { Problem } from "./problem.ts";

/** What the process ends with. Scripts branch on these: add, never renumber. */
export const EXIT = {
  ok: 0,
  negative: 1,
  usage: 2,
  refused: 3,
  unavailable: 4,
  internal: 70,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table that `--help` and docs/cli.md print. */
export const EXIT_MEANINGS = {
  ok: "done; the answer is yes (allowed, something found, all assertions hold, nothing to report)",
  negative:
    "done; the answer is no (not allowed, nothing found, an assertion fails, a file is not formatted, a change is breaking)",
  usage: "bad flags, files or input; nothing was sent or changed",
  refused: "the server refused the request (permission, precondition, conflict, a limit)",
  unavailable:
    "no answer: the server or database cannot be reached, the deadline passed, or it was interrupted; worth a retry",
  internal: "a fault in relata itself",
} as const satisfies Record<keyof typeof EXIT, string>;

/**
 * A failure that the user can do something about. `message` says what is wrong, `where` names the file, flag or
 * address, `hint` says what to do.
 */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  /** The single mistakes of an input file that `message` sums up. */
  readonly problems: readonly Problem[];

  constructor(exit: ExitCode, message: string, more: ErrorDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.exit = exit;
    this.where = more.where;
    this.hint = more.hint;
    this.problems = more.problems ?? [];
  }
}

export interface ErrorDetails {
  readonly where?: string;
  readonly hint?: string;
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** A mistake in what was typed or read. */
export function badInput(message: string, more: ErrorDetails = {}): CliError {
  return new CliError(EXIT.usage, message, more);
}

/** Which exit code an error of the given kind ends with when a server sent it. */
export const EXIT_OF_KIND = {
  invalid_argument: EXIT.usage,
  failed_precondition: EXIT.refused,
  already_exists: EXIT.refused,
  not_found: EXIT.refused,
  out_of_range: EXIT.refused,
  unauthenticated: EXIT.refused,
  permission_denied: EXIT.refused,
  resource_exhausted: EXIT.refused,
  aborted: EXIT.refused,
  unavailable: EXIT.unavailable,
  deadline_exceeded: EXIT.unavailable,
  cancelled: EXIT.unavailable,
  unimplemented: EXIT.refused,
  internal: EXIT.internal,
} as const satisfies Record<ErrorKind, ExitCode>;

export function exitOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exit;
  if (error instanceof RelataError) return EXIT_OF_KIND[error.kind];
  return EXIT.internal;
}
