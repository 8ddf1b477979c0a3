import type { ExpressionProblem } from "./expression.ts";
import type { Tokens } from "./tokens.ts";

/** What people write who know other languages, with what CEL has instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  and: 'write "&&"',
  or: 'write "||"',
  not: 'write "!"',
  "=": 'comparison is "=="',
  "&": 'write "&&"',
  "|": 'write "||"',
  ";": "a caveat is one expression, without a semicolon",
};

/** The parser gives up at the first token it has no use for; what it was not able to finish may begin there. */
export function describeSyntaxError(tokens: Tokens, text: string, error: unknown): ExpressionProblem {
  const offset = offsetOf(error);
  const token = tokens.at(offset) ?? { start: Math.max(text.length - 1, 0), end: text.length };
  const found = text.slice(token.start, token.end);
  const isReserved = error instanceof Error && /reserved/.test(error.message);
  const message = isReserved
    ? `CEL keeps the word "${found}" for itself`
    : `the expression cannot be read from "${found.length > MAX_QUOTED ? `${found.slice(0, MAX_QUOTED)}…` : found}" on`;
  return { ...token, code: "caveat-syntax", message, hint: isReserved ? "" : hintFor(found, tokens, token, text) };
}

const MAX_QUOTED = 30;

function hintFor(found: string, tokens: Tokens, token: { start: number; end: number }, text: string): string {
  if (Object.hasOwn(FOREIGN, found)) {
    // "==" is two tokens here, and then what follows it is what cannot be read.
    const next = tokens.after(token);
    if (!(next?.start === token.end && /[=&|]/.test(text[next.start] ?? ""))) {
      return FOREIGN[found] ?? "";
    }
  }
  if (/^[=!<>&|+\-*/%?:]/.test(found)) {
    return "what follows the operator is not a value";
  }
  return /^[([{]/.test(found) ? "what is in the brackets cannot be read, or they are not closed" : "";
}

function offsetOf(error: unknown): number {
  const location: unknown =
    typeof error === "object" && error !== null && "location" in error ? error.location : undefined;
  const start: unknown = typeof location === "object" && location !== null && "start" in location ? location.start : 0;
  const offset: unknown = typeof start === "object" && start !== null && "offset" in start ? start.offset : 0;
  return typeof offset === "number" ? offset : 0;
}
