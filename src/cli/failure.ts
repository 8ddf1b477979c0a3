import { RelataError } from "../errors.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT, EXIT_OF_KIND, exitOf } from "./exit.ts";
import { formatProblem, type Problem } from "./problem.ts";
import { styleFor } from "./style.ts";

/** Enough to see what is wrong with a file, not so many that they hide everything else. */
const MAX_SHOWN_PROBLEMS = 20;

/** One error as the user meets it: what, where, what to do. */
interface Failure {
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly reason: string | undefined;
  readonly problems?: readonly Problem[];
}

function describe(error: unknown): Failure {
  if (error instanceof CliError) {
    const reason = error.cause instanceof RelataError ? error.cause.reason : undefined;
    const { message, where, hint, problems } = error;
    return { message, where, hint, reason, ...(problems.length > 0 && { problems }) };
  }
  if (error instanceof RelataError) {
    const hint =
      EXIT_OF_KIND[error.kind] === EXIT.internal ? "Run again with --verbose and report what it prints." : undefined;
    return { message: error.message, where: undefined, hint, reason: error.reason };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `internal error: ${message}`,
    where: undefined,
    hint: "This is a fault in relata. Run again with --verbose and report what it prints.",
    reason: "INTERNAL",
  };
}

/** Writes the error once, to stderr: a block for people, one JSON line with `--json`; the stack only when `verbose`. */
export function reportFailure(
  context: CliContext,
  error: unknown,
  how: { readonly json: boolean; readonly verbose: boolean },
): void {
  const failure = describe(error);
  if (how.json) {
    context.stderr.write(`${JSON.stringify({ error: { ...failure, exit: exitOf(error) } })}\n`);
  } else {
    const style = styleFor(context.stderr, context.env);
    for (const problem of failure.problems?.slice(0, MAX_SHOWN_PROBLEMS) ?? []) {
      context.stderr.write(`${formatProblem(problem, style)}\n`);
    }
    const hidden = (failure.problems?.length ?? 0) - MAX_SHOWN_PROBLEMS;
    if (hidden > 0) context.stderr.write(`… and ${hidden} more\n`);
    const lines = [`${style.red("error")}: ${indentRest(failure.message)}`];
    if (failure.where !== undefined) lines.push(`${style.dim("   at")}: ${failure.where}`);
    if (failure.hint !== undefined) lines.push(`${style.cyan(" help")}: ${indentRest(failure.hint)}`);
    context.stderr.write(`${lines.join("\n")}\n`);
  }
  if (how.verbose) context.stderr.write(`${traceOf(error)}\n`);
}

/** A message of several lines keeps its block. */
function indentRest(text: string): string {
  return text.replaceAll("\n", "\n       ");
}

function traceOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
    if (at instanceof RelataError && at.detail !== undefined) parts.push(`detail: ${at.detail}`);
  }
  return parts.join("\ncaused by: ");
}
