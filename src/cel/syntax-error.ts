import type { ExpressionProblem, Span } from "./expression.ts";
import type { Tokens } from "./tokens.ts";

/** What people write who know other languages, with what CEL has instead. */
const FOREIGN = {
  and: 'write "&&"',
  or: 'write "||"',
  not: 'write "!"',
  "=": 'comparison is "=="',
  "&": 'write "&&"',
  "|": 'write "||"',
  ";": "a caveat is one expression, without a semicolon",
} as const satisfies Readonly<Record<string, string>>;

const CODE = "caveat-syntax";

export function unclosedBracket(tokens: Tokens): ExpressionProblem | undefined {
  const { unclosed } = tokens;
  return (
    unclosed && { ...spanOf(unclosed), code: CODE, message: `the "${tokens.textOf(unclosed)}" is not closed`, hint: "" }
  );
}

/** The parser gives up at the first token it has no use for; what it was not able to finish may begin there. */
export function describeSyntaxError(tokens: Tokens, text: string, error: unknown): ExpressionProblem {
  const offset = offsetOf(error);
  if (offset === undefined) {
    const reason = error instanceof Error ? error.message : String(error);
    return { start: 0, end: text.length, code: CODE, message: `the expression cannot be read: ${reason}`, hint: "" };
  }
  const token = spanOf(tokens.at(offset) ?? { start: Math.max(text.length - 1, 0), end: text.length });
  const found = tokens.textOf(token);
  if (error instanceof Error && /reserved/.test(error.message)) {
    return { ...token, code: CODE, message: `CEL keeps the word "${found}" for itself`, hint: "" };
  }
  const message = `the expression cannot be read from "${found.length > MAX_QUOTED ? `${found.slice(0, MAX_QUOTED)}…` : found}" on`;
  const isNegated = /\bnot\s+$/.test(text.slice(0, token.start));
  return { ...token, code: CODE, message, hint: isNegated ? FOREIGN.not : hintFor(found) };
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}

const MAX_QUOTED = 30;

function hintFor(found: string): string {
  const foreign = Object.entries(FOREIGN).find(([word]) => word === found)?.[1];
  if (foreign !== undefined) {
    return foreign;
  }
  if (/^[=!<>&|+\-*/%?:]/.test(found)) {
    return "what follows the operator is not a value";
  }
  return /^[([{]/.test(found) ? "what is in the brackets cannot be read" : "";
}

function offsetOf(error: unknown): number | undefined {
  const location: unknown =
    typeof error === "object" && error !== null && "location" in error ? error.location : undefined;
  const start: unknown =
    typeof location === "object" && location !== null && "start" in location ? location.start : undefined;
  const offset: unknown = typeof start === "object" && start !== null && "offset" in start ? start.offset : undefined;
  return typeof offset === "number" ? offset : undefined;
}
