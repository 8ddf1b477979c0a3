import { closestName } from "../model/did-you-mean.ts";
import type { BlockNode, MemberNode, Name, PartialRefNode, PermissionNode, RelationNode, TypeRefNode } from "./ast.ts";
import {
  type Cursor,
  expectSymbol,
  fail,
  failExpected,
  failUnexpected,
  ParseFailure,
  parseName,
  parseTypePath,
  takeSymbol,
} from "./cursor.ts";
import { docBefore } from "./doc.ts";
import { parseExpression, reportLeadingOperator } from "./parse-expression.ts";
import type { Token } from "./token.ts";

const MEMBER_WORDS = ["relation", "permission"] as const;

/** `definition name { … }` or `partial name { … }`, from its keyword on. */
export function parseBlock(cursor: Cursor, kind: BlockNode["kind"]): BlockNode {
  const doc = docBefore(cursor);
  const { start } = cursor.advance();
  const name = parseTypePath(cursor, `the name of the ${kind}`);
  const bodyStart = cursor.token.start;
  const opened = takeSymbol(cursor, "{");
  if (!opened && !MEMBER_WORDS.some((word) => cursor.isWord(word))) {
    failExpected(cursor, `"{" after the ${kind}'s name`, () => nameHint(cursor, name));
  }
  if (!opened) {
    cursor.report(
      { start: name.end, end: name.end },
      { code: "syntax", message: `expected "{" after the ${kind}'s name, found the end of the line` },
    );
  }
  const members: MemberNode[] = [];
  let incomplete = false;
  while (!takeSymbol(cursor, "}")) {
    if (endsBlock(cursor)) {
      cursor.report(name, {
        code: "unclosed-block",
        message: `the ${kind} "${name.text}" is not closed`,
        hint: 'add "}" where it ends',
      });
      incomplete = true;
      break;
    }
    const member = parseMemberOrSkip(cursor);
    if (member === "failed") {
      incomplete = true;
    } else if (member !== undefined) {
      members.push(member);
    }
  }
  return { kind, source: cursor.source, start, end: cursor.previousEnd, name, doc, members, bodyStart, incomplete };
}

function endsBlock(cursor: Cursor): boolean {
  const { token } = cursor;
  const opensAnother =
    token.text === "definition" || token.text === "caveat" || (token.text === "partial" && cursor.isKeyword("partial"));
  return token.kind === "end" || (token.kind === "word" && opensAnother);
}

function parseMemberOrSkip(cursor: Cursor): MemberNode | "failed" | undefined {
  if (takeSymbol(cursor, ";")) {
    return undefined;
  }
  let member: MemberNode | "failed" = "failed";
  try {
    member = parseMember(cursor);
    expectStatementEnd(cursor, member.kind);
  } catch (error) {
    if (!(error instanceof ParseFailure)) {
      throw error;
    }
    skipStatement(cursor);
  }
  return member;
}

/** A relation or permission; also used for one that stands outside of a definition. */
export function parseMember(cursor: Cursor): MemberNode {
  const { token } = cursor;
  if (cursor.isSymbol("...")) {
    return parsePartialRef(cursor);
  }
  if (cursor.isWord("relation")) {
    return parseRelation(cursor);
  }
  if (cursor.isWord("permission")) {
    return parsePermission(cursor);
  }
  const expected = '"relation", "permission" or "}"';
  const meant = token.kind === "word" ? closestName(token.text, MEMBER_WORDS) : undefined;
  if (meant === undefined) {
    return failUnexpected(cursor, expected);
  }
  // What is meant is clear, and without the member everything that refers to it would look wrong as well.
  const message = `expected ${expected}, found "${token.text}"`;
  cursor.report(token, { code: "syntax", message, hint: `did you mean "${meant}"?` });
  return meant === "relation" ? parseRelation(cursor) : parsePermission(cursor);
}

function parsePartialRef(cursor: Cursor): PartialRefNode {
  const dots = cursor.advance();
  if (!cursor.uses.has("partial")) {
    cursor.report(dots, {
      code: "missing-use-flag",
      message: '"..." takes in a partial, which needs "use partial"',
      hint: 'add "use partial" at the top of the file',
    });
  }
  const name = parseTypePath(cursor, 'the name of a partial after "..."');
  return { kind: "partial-ref", source: cursor.source, start: dots.start, end: name.end, name };
}

function parseRelation(cursor: Cursor): RelationNode {
  const doc = docBefore(cursor);
  const { start } = cursor.advance();
  const name = parseName(cursor, "the relation's name");
  if (cursor.isSymbol("=")) {
    fail(cursor, cursor.token, {
      code: "syntax",
      message: `expected ":" and a subject type, found "="`,
      hint: "a relation lists types (relation viewer: user | group#member); what is computed is a permission",
    });
  }
  expectSymbol(cursor, ":", `":" and a subject type after "relation ${name.text}"`, () => nameHint(cursor, name));
  const types = [parseTypeRef(cursor)];
  while (cursor.isSymbol("|")) {
    if (cursor.token.lineBreakBefore) {
      reportLeadingOperator(cursor);
    }
    cursor.advance();
    types.push(parseTypeRef(cursor));
  }
  return { kind: "relation", source: cursor.source, start, end: cursor.previousEnd, name, doc, types };
}

function parseTypeRef(cursor: Cursor): TypeRefNode {
  const type = parseTypePath(cursor, "a subject type");
  const { wildcard, relation } = parseSubjectKind(cursor, type);
  let caveat: Name | undefined;
  let expiration = false;
  if (cursor.isWord("with") && !cursor.token.lineBreakBefore) {
    cursor.advance();
    expiration = takeExpiration(cursor);
    if (!expiration) {
      caveat = parseTypePath(cursor, 'a caveat after "with"');
      if (cursor.isWord("and") && cursor.isKeyword("and")) {
        cursor.advance();
        expiration = takeExpiration(cursor) || failExpected(cursor, '"expiration" after "and"');
      }
    }
  }
  return { type, wildcard, relation, caveat, expiration, start: type.start, end: cursor.previousEnd };
}

function parseSubjectKind(cursor: Cursor, type: Name): { wildcard: boolean; relation: Name | undefined } {
  if (takeSymbol(cursor, ":")) {
    expectSymbol(
      cursor,
      "*",
      `"*" after "${type.text}:"`,
      `a relation of ${type.text} is written ${type.text}#relation`,
    );
    if (cursor.isSymbol("#")) {
      fail(cursor, cursor.token, { code: "syntax", message: `a wildcard has no relation: write ${type.text}:*` });
    }
    return { wildcard: true, relation: undefined };
  }
  if (!takeSymbol(cursor, "#") || takeSymbol(cursor, "...")) {
    return { wildcard: false, relation: undefined };
  }
  return { wildcard: false, relation: parseName(cursor, `a relation after "${type.text}#"`) };
}

function takeExpiration(cursor: Cursor): boolean {
  if (cursor.isWord("expiration") && cursor.isKeyword("expiration")) {
    cursor.advance();
    return true;
  }
  return false;
}

function parsePermission(cursor: Cursor): PermissionNode {
  const doc = docBefore(cursor);
  const { start } = cursor.advance();
  const name = parseName(cursor, "the permission's name");
  const annotation: Name[] = [];
  if (takeSymbol(cursor, ":")) {
    do {
      annotation.push(parseTypePath(cursor, "a type"));
    } while (takeSymbol(cursor, "|"));
  }
  const after = annotation.length === 0 ? `"permission ${name.text}"` : "the type annotation";
  expectSymbol(cursor, "=", `"=" and an expression after ${after}`, () => nameHint(cursor, name));
  const expression = parseExpression(cursor);
  return {
    kind: "permission",
    source: cursor.source,
    start,
    end: cursor.previousEnd,
    name,
    doc,
    annotation,
    expression,
  };
}

function nameHint(cursor: Cursor, name: Name): string {
  const glued = cursor.token.start === name.end && (cursor.isSymbol("-") || cursor.isSymbol("."));
  return glued ? "names are made of a-z, 0-9 and _" : "";
}

const UNION = 'in an expression, union is written "+"';
const OTHER_OPERATORS: Readonly<Record<string, string>> = {
  "|": UNION,
  ",": UNION,
  or: UNION,
  and: 'intersection is written "&"',
};
const OTHER_SEPARATORS = new Set(["+", "or", ",", "&", "-"]);

function expectStatementEnd(cursor: Cursor, kind: MemberNode["kind"]): void {
  const { token } = cursor;
  if (token.lineBreakBefore || token.kind === "end" || cursor.isSymbol("}") || takeSymbol(cursor, ";")) {
    return;
  }
  const operator = Object.hasOwn(OTHER_OPERATORS, token.text) ? OTHER_OPERATORS[token.text] : undefined;
  const hint = kind === "relation" ? relationHint(cursor) : (operator ?? "");
  failExpected(cursor, 'the end of the line, ";" or "}"', hint);
}

function relationHint(cursor: Cursor): string {
  const { token } = cursor;
  if (token.text === "and" || token.text === "expiration") {
    if (cursor.uses.has("expiration")) return 'a caveat and an end are written "with office_hours and expiration"';
    return 'tuples that expire need "use expiration" at the top of the file';
  }
  if (token.text === "*") {
    return "a wildcard is written type:*";
  }
  const another = OTHER_SEPARATORS.has(token.text) || (token.kind === "word" && !isMemberWord(token.text));
  return another ? "subject types are separated by |" : "";
}

/** To the next statement: past `;`, or before `}`, a member at the start of a line, or another block. */
function skipStatement(cursor: Cursor): void {
  while (!cursor.isSymbol("}") && !takeSymbol(cursor, ";")) {
    const { token } = cursor;
    if (token.kind === "end" || (token.lineBreakBefore && (endsBlock(cursor) || beginsMember(token)))) {
      return;
    }
    cursor.advance();
  }
}

function beginsMember(token: Token): boolean {
  const word =
    token.kind === "word" && (isMemberWord(token.text) || closestName(token.text, MEMBER_WORDS) !== undefined);
  return word || token.text === "...";
}

function isMemberWord(text: string): boolean {
  return text === "relation" || text === "permission";
}
