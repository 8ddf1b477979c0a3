/** Strings of CEL: raw or not, triple-quoted or not, single or double quotes. */
const STRING_START = /[rRbB]{0,2}("""|'''|"|')/y;
const COMMENT = /\/\/[^\n]*/y;
const PLAIN = /[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_.]*|[^{}"'/0-9A-Za-z_]+/y;

/** One piece of CEL source; `code` pieces are words or runs of anything that is neither string, comment nor brace. */
interface Piece {
  readonly kind: "code" | "string" | "comment" | "brace";
  readonly start: number;
  readonly end: number;
}

/** Offset of the `}` that closes a body starting at `start`, braces in strings and comments aside; undefined without one. */
export function endOfCel(text: string, start: number): number | undefined {
  let depth = 0;
  for (const piece of pieces(text, start)) {
    if (piece.kind !== "brace") {
      continue;
    }
    if (text[piece.start] === "{") {
      depth++;
    } else if (depth === 0) {
      return piece.start;
    } else {
      depth--;
    }
  }
  return undefined;
}

/** True when there is anything but white space and comments. */
export function hasCelCode(expression: string): boolean {
  for (const piece of pieces(expression, 0)) {
    if (piece.kind !== "comment" && expression.slice(piece.start, piece.end).trim() !== "") {
      return true;
    }
  }
  return false;
}

function* pieces(text: string, from: number): Generator<Piece> {
  let start = from;
  while (start < text.length) {
    const character = text[start];
    if (character === "{" || character === "}") {
      yield { kind: "brace", start, end: start + 1 };
      start++;
      continue;
    }
    STRING_START.lastIndex = start;
    const string = STRING_START.exec(text);
    if (string !== null) {
      const end = endOfString(text, start, string[0].length, string[1] ?? '"');
      yield { kind: "string", start, end };
      start = end;
      continue;
    }
    COMMENT.lastIndex = start;
    const comment = COMMENT.exec(text);
    const end = comment !== null ? start + comment[0].length : endOfPlain(text, start);
    yield { kind: comment === null ? "code" : "comment", start, end };
    start = end;
  }
}

function endOfPlain(text: string, start: number): number {
  PLAIN.lastIndex = start;
  return start + (PLAIN.exec(text)?.[0].length ?? 1);
}

/** Past the closing quotes. A single-quoted string ends at its line at the latest, so that a stray quote does little harm. */
function endOfString(text: string, start: number, prefixLength: number, quotes: string): number {
  const raw = /[rR]/.test(text.slice(start, start + prefixLength - quotes.length));
  for (let at = start + prefixLength; at < text.length; at++) {
    const character = text[at];
    if (character === "\\" && !raw) {
      at++;
    } else if (quotes.length === 1 && character === "\n") {
      return at;
    } else if (text.startsWith(quotes, at)) {
      return at + quotes.length;
    }
  }
  return text.length;
}
