import type { ExpressionNode, Name, OperatorNode } from "./ast.ts";
import { type Cursor, expectSymbol, fail, failExpected, parseName, takeSymbol } from "./cursor.ts";
import { positionOf } from "./source.ts";

/** Nested parentheses, and operators of one expression when written as a binary tree. Real schemas stay below 10. */
export const MAX_EXPRESSION_DEPTH = 100;

/** From loosest to tightest: `a - b + c` is `a - (b + c)`. All are left-associative. To add an operator, start here. */
const LEVELS = [
  { symbol: "-", kind: "exclusion" },
  { symbol: "&", kind: "intersection" },
  { symbol: "+", kind: "union" },
] as const satisfies readonly { symbol: string; kind: OperatorNode["kind"] }[];

/** @param depth how many parentheses are open */
export function parseExpression(cursor: Cursor, depth = 0): ExpressionNode {
  return parseLevel(cursor, 0, depth);
}

function parseLevel(cursor: Cursor, index: number, depth: number): ExpressionNode {
  const level = LEVELS[index];
  if (level === undefined) {
    return parseOperand(cursor, depth);
  }
  const first = parseLevel(cursor, index + 1, depth);
  const operands = [first];
  while (cursor.isSymbol(level.symbol)) {
    if (cursor.token.lineBreakBefore && depth === 0) {
      reportLeadingOperator(cursor);
    }
    cursor.advance();
    operands.push(parseLevel(cursor, index + 1, depth));
  }
  const { start } = first;
  return operands.length === 1
    ? first
    : { kind: level.kind, operands, start, end: cursor.previousEnd, parenthesized: false };
}

/** A statement ends with its line, so an operator cannot begin one. What is meant is clear: report it and read on. */
export function reportLeadingOperator(cursor: Cursor): void {
  cursor.report(cursor.token, {
    code: "line-starts-with-operator",
    message: `a statement ends with its line, so a line cannot begin with "${cursor.token.text}"`,
    hint: `put the "${cursor.token.text}" at the end of the line above`,
  });
}

function parseOperand(cursor: Cursor, depth: number): ExpressionNode {
  const { token } = cursor;
  if (cursor.isSymbol("(")) {
    return parseParentheses(cursor, depth);
  }
  if (token.kind === "word" && (token.text === "nil" || (token.text === "self" && cursor.isKeyword("self")))) {
    cursor.advance();
    refuseArrowAfter(cursor, `"${token.text}"`);
    return { kind: token.text === "nil" ? "nil" : "self", start: token.start, end: token.end };
  }
  if (token.kind !== "word" || cursor.isKeyword(token.text)) {
    return failExpected(cursor, 'a relation, a permission, "nil" or "("', () => operandHint(token.text));
  }
  const name = parseName(cursor, "a relation or permission");
  return parseArrow(cursor, name) ?? { kind: "computed", member: name, start: name.start, end: name.end };
}

function operandHint(found: string): string {
  if (found === "!" || found === "not") {
    return 'there is no negation: "all but these" is written everyone - these';
  }
  return found === "&" ? 'intersection is written with one "&"' : "";
}

function parseParentheses(cursor: Cursor, depth: number): ExpressionNode {
  const open = cursor.advance();
  if (depth >= MAX_EXPRESSION_DEPTH) {
    return fail(cursor, open, {
      code: "expression-too-deep",
      message: `parentheses may be nested at most ${MAX_EXPRESSION_DEPTH} deep`,
      hint: "give parts of the expression a name as permissions of their own",
    });
  }
  const inner = parseExpression(cursor, depth + 1);
  expectSymbol(cursor, ")", '")"', () => {
    const { line, column } = positionOf(cursor.source, open.start);
    return `the "(" at ${line}:${column} is not closed`;
  });
  refuseArrowAfter(cursor, "an expression");
  const span = { start: open.start, end: cursor.previousEnd };
  return "operands" in inner ? { ...inner, ...span, parenthesized: true } : { ...inner, ...span };
}

/** `->name`, `.any(name)` or `.all(name)` after a name. */
function parseArrow(cursor: Cursor, tupleset: Name): ExpressionNode | undefined {
  const hop = parseHop(cursor);
  if (hop === undefined) {
    return undefined;
  }
  const end = cursor.previousEnd;
  if (cursor.isSymbol("->") || cursor.isSymbol(".")) {
    skipHops(cursor);
    cursor.report(
      { start: tupleset.start, end: cursor.previousEnd },
      {
        code: "nested-arrow",
        message: "an arrow takes one step only",
        hint: `define a permission for the second step on the type that "${tupleset.text}" leads to, and point the arrow at it`,
      },
    );
  }
  return { kind: "arrow", ...hop, tupleset, start: tupleset.start, end };
}

function parseHop(cursor: Cursor): { quantifier: "any" | "all"; target: Name } | undefined {
  if (takeSymbol(cursor, "->")) {
    return { quantifier: "any", target: parseName(cursor, 'a relation or permission after "->"') };
  }
  if (!takeSymbol(cursor, ".")) {
    return undefined;
  }
  const word = cursor.token;
  if (word.text !== "any" && word.text !== "all") {
    return failExpected(cursor, '"any" or "all" after "."');
  }
  cursor.advance();
  expectSymbol(cursor, "(", `"(" after ".${word.text}"`);
  const target = parseName(cursor, `a relation or permission in ".${word.text}(…)"`);
  expectSymbol(cursor, ")", '")"');
  return { quantifier: word.text, target };
}

function skipHops(cursor: Cursor): void {
  while (parseHop(cursor) !== undefined) {
    // Each hop is dropped: the whole chain is one mistake.
  }
}

function refuseArrowAfter(cursor: Cursor, what: string): void {
  if (cursor.isSymbol("->") || cursor.isSymbol(".")) {
    const arrow = cursor.token;
    skipHops(cursor);
    cursor.report(arrow, {
      code: "arrow-left-side",
      message: `the left side of an arrow is a relation of this definition, not ${what}`,
      hint: "",
    });
  }
}
