import type { Span } from "./source.ts";

/**
 * Kinds of tokens. Keywords are words: which words are keywords depends on the file's `use` flags.
 * `cel` is the raw text between the braces of a caveat, one token, since CEL has a lexical grammar of its own.
 * `unknown` is a run of characters that no token begins with.
 */
export type TokenKind = "word" | "symbol" | "string" | "cel" | "unknown" | "end";

export interface Token extends Span {
  readonly kind: TokenKind;
  /** The source text, for `string` including its quotes. */
  readonly text: string;
  /** A line ends between the previous token and this one: the synthetic end of a statement. */
  readonly lineBreakBefore: boolean;
  /** For `string` and `cel`: its end is missing. */
  readonly unterminated: boolean;
}

/** `// …` without its line end, or a whole block comment. */
export interface Comment extends Span {
  readonly text: string;
  readonly kind: "line" | "block";
  /** Nothing but white space, comments and `;` stands before it on its line. */
  readonly ownLine: boolean;
  readonly unterminated: boolean;
}
