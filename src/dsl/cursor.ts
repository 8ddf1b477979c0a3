import type { Name, UseFlag } from "./ast.ts";
import type { DiagnosticBag, Problem } from "./diagnostic.ts";
import { createLexer } from "./lexer.ts";
import type { Source, Span } from "./source.ts";
import type { Comment, Token } from "./token.ts";

/** The parser's place in the tokens, one token of lookahead. */
export interface Cursor {
  readonly source: Source;
  readonly token: Token;
  /** Where the token before `token` ended. */
  readonly previousEnd: number;
  /** The same, but for `;`, which separates nothing from a comment. */
  readonly contentEnd: number;
  readonly comments: readonly Comment[];
  readonly uses: ReadonlySet<UseFlag>;
  enable(flag: UseFlag): void;
  advance(): Token;
  isSymbol(text: string): boolean;
  /** Also true for ordinary identifiers of that spelling: for words that mean something only in their place. */
  isWord(text: string): boolean;
  /** A keyword of the language under the flags that are on. */
  isKeyword(text: string): boolean;
  /** Reports and goes on. */
  report(span: Span, problem: Problem): void;
}

/** Thrown once a statement cannot be read any further; already reported. One instance: hostile input makes many. */
export class ParseFailure extends Error {}
const FAILURE = new ParseFailure("reported");

const KEYWORDS = new Set(["definition", "caveat", "relation", "permission", "nil", "with"]);
const KEYWORDS_OF_FLAG = {
  expiration: ["expiration", "and"],
  import: ["import"],
  partial: ["partial"],
  self: ["self"],
  typechecking: [],
} as const satisfies Record<UseFlag, readonly string[]>;

export function createCursor(source: Source, bag: DiagnosticBag): Cursor {
  const lexer = createLexer(source.text);
  const uses = new Set<UseFlag>();
  const keywords = new Set<string>(KEYWORDS);
  let token = lexer.next();
  let previousEnd = 0;
  let contentEnd = 0;
  return {
    source,
    get token() {
      return token;
    },
    get previousEnd() {
      return previousEnd;
    },
    get contentEnd() {
      return contentEnd;
    },
    comments: lexer.comments,
    uses,
    enable(flag) {
      uses.add(flag);
      for (const keyword of KEYWORDS_OF_FLAG[flag]) {
        keywords.add(keyword);
      }
    },
    advance() {
      const taken = token;
      previousEnd = taken.end;
      contentEnd = taken.text === ";" ? contentEnd : taken.end;
      token = lexer.next();
      return taken;
    },
    isSymbol: (text) => token.kind === "symbol" && token.text === text,
    isWord: (text) => token.kind === "word" && token.text === text,
    isKeyword: (text) => keywords.has(text),
    report: (span, problem) => bag.error(source, span, problem),
  };
}

/** Reports what was expected instead of the current token and gives the statement up. */
export function failExpected(cursor: Cursor, expected: string, hint: string | (() => string) = ""): never {
  const { token } = cursor;
  const message = `expected ${expected}, found ${describe(cursor)}`;
  if (token.kind === "unknown") {
    cursor.report(token, { code: "unexpected-character", message, hint });
  } else {
    cursor.report(placeOf(cursor), { code: "syntax", message, hint });
  }
  throw FAILURE;
}

/** The same for a token that may well begin a line, but not with this. */
export function failUnexpected(cursor: Cursor, expected: string, hint: string | (() => string) = ""): never {
  const { token } = cursor;
  const code = token.kind === "unknown" ? "unexpected-character" : "syntax";
  return fail(cursor, token, { code, message: `expected ${expected}, found ${describeToken(cursor)}`, hint });
}

export function fail(cursor: Cursor, span: Span, problem: Problem): never {
  cursor.report(span, problem);
  throw FAILURE;
}

/** Where a missing thing should have stood: after the last token when the current one is on another line. */
export function placeOf(cursor: Cursor): Span {
  const { token, previousEnd } = cursor;
  return token.lineBreakBefore || token.kind === "end" ? { start: previousEnd, end: previousEnd } : token;
}

function describe(cursor: Cursor): string {
  const { token } = cursor;
  if (token.kind === "end") {
    return "the end of the file";
  }
  if (token.lineBreakBefore && cursor.previousEnd > 0) {
    return "the end of the line";
  }
  return describeToken(cursor);
}

function describeToken(cursor: Cursor): string {
  const { token } = cursor;
  if (token.kind === "end") {
    return "the end of the file";
  }
  if (token.kind === "string") {
    return token.unterminated ? "a text without its closing quote" : "a text in quotes";
  }
  if (token.kind === "word" && cursor.isKeyword(token.text)) {
    return `the keyword "${token.text}"`;
  }
  if (token.kind === "unknown") {
    const codePoint = token.text.codePointAt(0) ?? 0;
    const code = codePoint.toString(16).toUpperCase().padStart(4, "0");
    return codePoint > 0x20 && codePoint < 0x7f ? `"${token.text}"` : `the character U+${code}`;
  }
  return token.text.length > 40 ? `"${token.text.slice(0, 40)}…"` : `"${token.text}"`;
}

export function expectSymbol(
  cursor: Cursor,
  symbol: string,
  expected: string,
  hint: string | (() => string) = "",
): Token {
  return cursor.isSymbol(symbol) ? cursor.advance() : failExpected(cursor, expected, hint);
}

export function takeSymbol(cursor: Cursor, symbol: string): boolean {
  if (cursor.isSymbol(symbol)) {
    cursor.advance();
    return true;
  }
  return false;
}

/** An identifier. `what` reads like `a relation's name`. */
export function parseName(cursor: Cursor, what: string): Name {
  const { token } = cursor;
  if (token.kind !== "word" || (token.lineBreakBefore && cursor.isKeyword(token.text))) {
    return failExpected(cursor, what);
  }
  if (cursor.isKeyword(token.text)) {
    const flag = KEYWORDS.has(token.text) ? "" : ' under the "use" flags of this file';
    return fail(cursor, token, {
      code: "keyword-as-name",
      message: `expected ${what}, but "${token.text}" is a keyword${flag}`,
      hint: "choose another name",
    });
  }
  cursor.advance();
  return { text: token.text, start: token.start, end: token.end };
}

/** `name` or `prefix/name`. */
export function parseTypePath(cursor: Cursor, what: string): Name {
  const first = parseName(cursor, what);
  let text = first.text;
  let end = first.end;
  while (takeSymbol(cursor, "/")) {
    const part = parseName(cursor, `a name after "${text}/"`);
    text += `/${part.text}`;
    end = part.end;
  }
  return { text, start: first.start, end };
}
