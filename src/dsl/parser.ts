import { closestName, didYouMean } from "../model/did-you-mean.ts";
import { type Item, type SchemaFile, USE_FLAGS, type UseFlag } from "./ast.ts";
import {
  type Cursor,
  createCursor,
  fail,
  failExpected,
  failUnexpected,
  ParseFailure,
  parseName,
  takeSymbol,
} from "./cursor.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import { parseBlock, parseMember } from "./parse-block.ts";
import { parseCaveat } from "./parse-caveat.ts";
import type { Source } from "./source.ts";

/** Largest schema text, in UTF-16 units; the service's limit counts bytes. */
export const MAX_SCHEMA_LENGTH = 4 * 1024 * 1024;

/** Reads a file. Whatever is wrong goes to `bag`; what could be read is in the tree. */
export function parseFile(source: Source, bag: DiagnosticBag): SchemaFile {
  if (source.text.length > MAX_SCHEMA_LENGTH) {
    const message = `the schema has ${source.text.length} characters, at most ${MAX_SCHEMA_LENGTH} are allowed`;
    bag.error(source, { start: 0, end: 0 }, { code: "schema-too-large", message });
    return { source, items: [], comments: [], uses: new Set(), incomplete: true };
  }
  const cursor = createCursor(source, bag);
  const items: Item[] = [];
  let incomplete = false;
  while (cursor.token.kind !== "end") {
    const before = cursor.token;
    try {
      const item = parseItem(cursor, items);
      if (item !== undefined) {
        items.push(item);
      }
    } catch (error) {
      if (!(error instanceof ParseFailure)) {
        throw error;
      }
      incomplete = true;
      if (cursor.token === before) {
        cursor.advance();
      }
      skipItem(cursor);
    }
  }
  reportUnclosedComment(cursor);
  return { source, items, comments: cursor.comments, uses: cursor.uses, incomplete };
}

const ITEM_WORDS = ["definition", "caveat", "partial", "use", "import"] as const;
type ItemWord = (typeof ITEM_WORDS)[number];

function parseItem(cursor: Cursor, before: readonly Item[]): Item | undefined {
  if (takeSymbol(cursor, ";")) {
    return undefined;
  }
  const word = itemWord(cursor);
  switch (word) {
    case "definition":
      return parseBlock(cursor, "definition");
    case "partial":
      requireFlag(cursor, "partial");
      return parseBlock(cursor, "partial");
    case "caveat":
      return parseCaveat(cursor);
    case "use":
      return parseUse(cursor, before);
    case "import":
      requireFlag(cursor, "import");
      return parseImport(cursor);
    case undefined:
      return refuseItem(cursor);
  }
}

function itemWord(cursor: Cursor): ItemWord | undefined {
  return cursor.token.kind === "word" ? ITEM_WORDS.find((word) => word === cursor.token.text) : undefined;
}

/** Without its flag the word means nothing here, so what is meant is clear: report it and read on. */
function requireFlag(cursor: Cursor, flag: UseFlag): void {
  if (!cursor.uses.has(flag)) {
    cursor.report(cursor.token, {
      code: "missing-use-flag",
      message: `"${flag}" needs "use ${flag}"`,
      hint: `add "use ${flag}" at the top of the file`,
    });
    cursor.enable(flag);
  }
}

function refuseItem(cursor: Cursor): Item | undefined {
  const { token } = cursor;
  if (cursor.isSymbol("}")) {
    cursor.report(token, { code: "syntax", message: 'this "}" closes nothing' });
    cursor.advance();
    return undefined;
  }
  if (cursor.isWord("relation") || cursor.isWord("permission")) {
    cursor.report(token, {
      code: "member-outside-definition",
      message: `a ${token.text} belongs into a definition`,
      hint: `write definition <name> { ${token.text} … }`,
    });
    parseMember(cursor);
    return undefined;
  }
  const expected = '"definition", "caveat" or "use"';
  const meant = token.kind === "word" ? closestName(token.text, ["definition", "caveat"]) : undefined;
  const hint = meant === undefined ? "" : `did you mean "${meant}"?`;
  if (meant !== "definition") {
    return failUnexpected(cursor, expected, hint);
  }
  // What is meant is clear, and without the definition everything that refers to it would look wrong as well.
  cursor.report(token, { code: "syntax", message: `expected ${expected}, found "${token.text}"`, hint });
  return parseBlock(cursor, "definition");
}

function parseUse(cursor: Cursor, before: readonly Item[]): Item {
  const { start } = cursor.advance();
  const flag = parseName(cursor, 'a flag after "use"');
  const known = USE_FLAGS.find((name) => name === flag.text);
  if (known === undefined) {
    fail(cursor, flag, {
      code: "unknown-use-flag",
      message: `there is no use flag "${flag.text}"; there are ${USE_FLAGS.join(", ")}`,
      hint: () => didYouMean(flag.text, USE_FLAGS),
    });
  }
  if (before.some((item) => item.kind !== "use" && item.kind !== "import")) {
    cursor.report(
      { start, end: flag.end },
      {
        code: "use-not-first",
        message: "use flags stand before all definitions and caveats",
        hint: "move it to the top",
      },
    );
  }
  cursor.enable(known);
  expectLineEnd(cursor);
  return { kind: "use", start, end: flag.end, flag };
}

function parseImport(cursor: Cursor): Item {
  const { start } = cursor.advance();
  const { token } = cursor;
  if (token.kind !== "string" || token.unterminated) {
    failExpected(cursor, 'a path in quotes after "import"');
  }
  cursor.advance();
  expectLineEnd(cursor);
  const path = { text: token.text.slice(1, -1), start: token.start, end: token.end };
  return { kind: "import", start, end: token.end, path };
}

function expectLineEnd(cursor: Cursor): void {
  if (!cursor.token.lineBreakBefore && cursor.token.kind !== "end" && !takeSymbol(cursor, ";")) {
    failExpected(cursor, 'the end of the line or ";"');
  }
}

/** To the next line that begins a definition, caveat, partial, use or import, as far as one can tell. */
function skipItem(cursor: Cursor): void {
  let depth = 0;
  while (cursor.token.kind !== "end") {
    if (cursor.token.lineBreakBefore && beginsItem(cursor, depth)) {
      return;
    }
    depth += cursor.isSymbol("{") ? 1 : cursor.isSymbol("}") ? -1 : 0;
    cursor.advance();
  }
}

function beginsItem(cursor: Cursor, depth: number): boolean {
  const { token } = cursor;
  const mistyped =
    token.kind === "word" && depth <= 0 && closestName(token.text, ["definition", "caveat"]) !== undefined;
  return itemWord(cursor) !== undefined || mistyped;
}

function reportUnclosedComment(cursor: Cursor): void {
  const last = cursor.comments.at(-1);
  if (last?.unterminated) {
    const span = { start: last.start, end: last.start + 2 };
    cursor.report(span, {
      code: "unclosed-comment",
      message: "this comment is not closed",
      hint: 'add "*/" where it ends',
    });
  }
}
