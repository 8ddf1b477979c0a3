import type { Span } from "./expression.ts";

/** Strings (raw or not, triple-quoted or not), comments, words, numbers, operators, and single characters of anything else. */
const TOKEN =
  /(?<string>[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?))|(?<comment>\/\/[^\n]*)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<number>[0-9][0-9A-Za-z_.]*)|(?<sign>&&|\|\||[=!<>]=|[^\s])/g;

const CLOSING: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/** Room for the largest expression that is not too expensive (cost.ts), in brackets; reading stops after it. */
export const MAX_TOKENS = 10_000;

/** The words and brackets of an expression, for the places the parser does not tell: where things end. */
export interface Tokens {
  readonly count: number;
  /** The first token that ends after `offset`; undefined past the last. */
  at(offset: number): Span | undefined;
  after(token: Span): Span | undefined;
  textOf(token: Span): string;
  /** The text with `( )` as `() `, which is how the parser wants calls without arguments, all offsets as they were. */
  readonly tidied: string;
  /** End of the bracket that closes the one at `offset`; undefined when there is none or it is not closed. */
  closingEnd(offset: number): number | undefined;
  /** The innermost bracket that is not closed. */
  readonly unclosed: Span | undefined;
  /** The first bracket nested more than `depth` deep. */
  deeperThan(depth: number): Span | undefined;
}

export function createTokens(text: string): Tokens {
  const tokens: Span[] = [];
  const closing = new Map<number, number>();
  const open: (Span & { readonly closer: string })[] = [];
  const deepest: { readonly span: Span; readonly depth: number }[] = [];
  for (const match of text.matchAll(TOKEN)) {
    if (match.groups?.["comment"] !== undefined) {
      continue;
    }
    const span = { start: match.index, end: match.index + match[0].length };
    tokens.push(span);
    if (tokens.length > MAX_TOKENS) {
      break;
    }
    const closer = CLOSING.get(match[0]);
    if (closer !== undefined) {
      open.push({ ...span, closer });
      if (open.length > (deepest.at(-1)?.depth ?? 0)) {
        deepest.push({ span, depth: open.length });
      }
    } else if (open.at(-1)?.closer === match[0]) {
      closing.set(open.pop()?.start ?? 0, span.end);
    }
  }

  function indexAt(offset: number): number {
    let [low, high] = [0, tokens.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tokens[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function tidy(): string {
    const pieces: string[] = [];
    let copied = 0;
    for (const [index, { start, end }] of tokens.entries()) {
      const next = tokens[index + 1];
      const gap =
        text[start] === "(" && next !== undefined && text[next.start] === ")" ? text.slice(end, next.start) : "";
      if (next !== undefined && gap !== "" && gap.trim() === "") {
        pieces.push(text.slice(copied, end), ")", gap);
        copied = next.end;
      }
    }
    return pieces.length === 0 ? text : pieces.join("") + text.slice(copied);
  }

  return {
    count: tokens.length,
    tidied: tidy(),
    unclosed: open.at(-1),
    at: (offset) => tokens[indexAt(offset)],
    textOf: ({ start, end }) => text.slice(start, end),
    after: (token) => tokens[indexAt(token.end)],
    closingEnd: (offset) => closing.get(offset),
    deeperThan: (depth) => deepest.find((entry) => entry.depth > depth)?.span,
  };
}
