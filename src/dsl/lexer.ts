import { endOfCel } from "./cel-scan.ts";
import type { Comment, Token, TokenKind } from "./token.ts";

/**
 * Reads tokens one at a time; comments are put aside in source order. Together with the white space between them,
 * tokens and comments cover every character: nothing is lost and nothing is an error here.
 */
export interface Lexer {
  next(): Token;
  readonly comments: readonly Comment[];
}

// Letters of any script make one word, so that a name such as `größe` gets one error about names and not one per letter.
const WORD = /[\p{L}\p{M}\p{N}_]+/uy;
const SPACE = /[ \t\r\n\f\v\ufeff]+/y;
const SYMBOL = /\.\.\.|->|[{}()<>:;,|*#./+&=-]/y;
const STRING = /"[^"\r\n]*"?|'[^'\r\n]*'?/y;
const UNKNOWN = /[^\p{L}\p{M}\p{N}_\s{}()<>:;,|*#./+&="'-]+/uy;

/** Words that end a caveat's head when its brace was forgotten. */
const HEAD_ENDS = new Set(["definition", "relation", "permission", "partial", "}"]);

export function createLexer(text: string): Lexer {
  const comments: Comment[] = [];
  let at = 0;
  let lineBreak = true;
  /** Between the word `caveat` and its brace; then inside the braces. */
  let caveat: "no" | "head" | "body" = "no";

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  }

  function skipTrivia(): void {
    while (at < text.length) {
      const space = match(SPACE);
      if (space !== undefined) {
        at += space.length;
        lineBreak ||= space.includes("\n");
      } else if (text.startsWith("//", at)) {
        const end = text.indexOf("\n", at);
        addComment("line", end < 0 ? text.length : end, false);
      } else if (text.startsWith("/*", at)) {
        const end = text.indexOf("*/", at + 2);
        addComment("block", end < 0 ? text.length : end + 2, end < 0);
      } else {
        return;
      }
    }
  }

  function addComment(kind: Comment["kind"], end: number, unterminated: boolean): void {
    const start = at;
    const stop = text[end - 1] === "\r" && kind === "line" ? end - 1 : end;
    comments.push({ kind, start, end: stop, text: text.slice(start, stop), ownLine: lineBreak, unterminated });
    at = stop;
  }

  function take(kind: TokenKind, end: number, unterminated = false): Token {
    const token = { kind, start: at, end, text: text.slice(at, end), lineBreakBefore: lineBreak, unterminated };
    at = end;
    // A `;` at the start of a line is as good as nothing.
    lineBreak &&= token.text === ";";
    return token;
  }

  function plain(): Token {
    const word = match(WORD);
    if (word !== undefined) {
      return take("word", at + word.length);
    }
    const symbol = match(SYMBOL);
    if (symbol !== undefined) {
      return take("symbol", at + symbol.length);
    }
    const string = match(STRING);
    if (string !== undefined) {
      const closed = string.length > 1 && string.endsWith(string[0] ?? "");
      return take("string", at + string.length, !closed);
    }
    return take("unknown", at + (match(UNKNOWN)?.length ?? 1));
  }

  function next(): Token {
    if (caveat === "body") {
      caveat = "no";
      const end = endOfCel(text, at);
      return take("cel", end ?? text.length, end === undefined);
    }
    skipTrivia();
    if (at >= text.length) {
      return take("end", at);
    }
    const token = plain();
    if (token.text === "caveat" && token.kind === "word") {
      caveat = "head";
    } else if (caveat === "head" && token.text === "{") {
      caveat = "body";
    } else if (caveat === "head" && HEAD_ENDS.has(token.text)) {
      caveat = "no";
    }
    return token;
  }

  return { next, comments };
}
