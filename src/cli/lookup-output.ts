import { CallError } from "../client/call-error.ts";
import { Decision, type LookupCount } from "../gen/relata/v1/authorization_service_pb.ts";
import type { CliContext } from "./context.ts";
import { decisionJson, decisionText, type ShownDecision, wordFor } from "./decision-text.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import type { LookupOptions } from "./lookup-flags.ts";
import { json, line } from "./output.ts";
import { type Style, styleFor } from "./style.ts";

/** One message of either lookup. */
export interface LookupAnswer extends ShownDecision {
  readonly cursor: string;
  readonly consistencyToken: string;
  readonly count?: LookupCount | undefined;
}

/** How the results of one lookup are written. */
export interface LookupPrinter<Message> {
  /** `document:readme`. */
  readonly text: (message: Message) => string;
  /** The id alone, by the name the API gives it. */
  readonly json: (message: Message) => Record<string, string>;
}

/**
 * Writes results as they come. Exit code 0 when there are some, 1 when there are none (with `--cursor`, where that is
 * just the end, 0).
 * @throws CliError when the user stops it, with the cursor that goes on from there
 */
export async function printLookup<Message extends LookupAnswer>(
  context: CliContext,
  options: LookupOptions,
  answers: (signal: AbortSignal) => AsyncIterable<Message>,
  printer: LookupPrinter<Message>,
): Promise<ExitCode> {
  const style = styleFor(context.stdout, context.env);
  const signal = context.stop();
  let seen = 0;
  let cursor = "";
  try {
    for await (const message of answers(signal)) {
      if (message.count !== undefined) return printCount(context, options, message.count, message.consistencyToken);
      seen += 1;
      cursor = message.cursor;
      const { consistencyToken } = message;
      if (options.json !== true) line(context.stdout, printer.text(message) + remarkOn(message, style));
      else json(context, { ...printer.json(message), ...decisionJson(message), cursor, consistencyToken });
    }
  } catch (error) {
    if (signal.aborted && error instanceof CallError) throw interrupted(seen, cursor, error);
    // A deadline or a lost server: what came is good, and the rest need not begin anew.
    if (error instanceof CallError && cursor !== "") tellRest(context, options, seen, cursor);
    throw error;
  }
  if (options.limit !== undefined && seen === options.limit) tellRest(context, options, seen, cursor);
  return seen > 0 || options.cursor !== undefined ? EXIT.ok : EXIT.negative;
}

/** Nothing for what is simply allowed, so that the output is a list of names. */
function remarkOn(message: ShownDecision, style: Style): string {
  const plain = message.decision === Decision.ALLOWED && message.expiresAt === undefined;
  return plain ? "" : `  ${decisionText(message, style)}`;
}

function printCount(context: CliContext, options: LookupOptions, counted: LookupCount, token: string): ExitCode {
  const { wildcard, capped } = counted;
  const [allowed, conditional, excluded] = [
    Number(counted.allowed),
    Number(counted.conditional),
    Number(counted.excluded),
  ];
  const hasStar = wildcard !== Decision.UNSPECIFIED;
  if (options.json === true) {
    const star = hasStar ? { wildcard: wordFor(wildcard) } : {};
    json(context, { allowed, conditional, excluded, ...star, capped, consistencyToken: token });
  } else {
    const parts = [
      ...(hasStar ? [starText(wildcard, excluded)] : []),
      `${allowed.toLocaleString("en-US")} allowed`,
      ...(conditional > 0 ? [`${conditional.toLocaleString("en-US")} conditional`] : []),
    ];
    line(context.stdout, `${parts.join(", ")}${capped ? " (and perhaps more: stopped at --limit)" : ""}`);
  }
  return hasStar || allowed + conditional > 0 ? EXIT.ok : EXIT.negative;
}

function starText(wildcard: Decision, excluded: number): string {
  const but = excluded === 0 ? "" : ` but ${excluded.toLocaleString("en-US")}`;
  return `everybody${but}${wildcard === Decision.CONDITIONAL ? " (conditional)" : ""}`;
}

function tellRest(context: CliContext, options: LookupOptions, seen: number, cursor: string): void {
  if (options.json === true) context.stderr.write(`${JSON.stringify({ cursor })}\n`);
  else line(context.stderr, `stopped after ${seen}; go on with --cursor ${cursor}`);
}

function interrupted(seen: number, cursor: string, cause: CallError): CliError {
  const hint = cursor === "" ? {} : { hint: `go on with --cursor ${cursor}` };
  return new CliError(EXIT.unavailable, `interrupted after ${seen.toLocaleString("en-US")} results`, {
    ...hint,
    cause,
  });
}
