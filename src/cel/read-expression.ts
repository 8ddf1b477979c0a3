import { celUint, parse } from "@bufbuild/cel";
import type { ExpressionProblem, Node, Span } from "./expression.ts";
import { describeSyntaxError, unclosedBracket } from "./syntax-error.ts";
import { createTokens, MAX_TOKENS, type Tokens } from "./tokens.ts";
import type { Value } from "./value.ts";

type Parsed = ReturnType<typeof parse>;
type Expr = Parsed["expr"];

/** As in cel-go, and so in SpiceDB. */
export const MAX_DEPTH = 250;
/** Brackets; the parser's time grows with the cube of their depth where something in them is wrong: 10 ms here. */
export const MAX_BRACKET_DEPTH = 64;

export type ReadResult = { readonly node: Node } | { readonly problem: ExpressionProblem };

/** Reads CEL text. Never throws, whatever the text. */
export function readExpression(text: string): ReadResult {
  const tokens = createTokens(text);
  const problem = problemBeforeParsing(tokens);
  if (problem !== undefined) {
    return { problem };
  }
  let parsed: Parsed;
  try {
    // A comment must end in a line end.
    parsed = parse(`${tokens.tidied}\n`);
  } catch (error) {
    return {
      problem:
        error instanceof RangeError
          ? tooDeep({ start: 0, end: 1 }, MAX_DEPTH)
          : describeSyntaxError(tokens, text, error),
    };
  }
  try {
    return { node: read({ tokens, positions: parsed.sourceInfo?.positions ?? {} }, parsed.expr, 0) };
  } catch (error) {
    if (error instanceof UnreadableError) {
      return { problem: error.problem };
    }
    throw error;
  }
}

/** The parser takes 10 µs a word, and much more for brackets that are not closed. */
function problemBeforeParsing(tokens: Tokens): ExpressionProblem | undefined {
  if (tokens.count > MAX_TOKENS) {
    const { start = 0, end = 1 } = tokens.at(0) ?? {};
    const message = `the expression has more than ${MAX_TOKENS} words and signs`;
    return { start, end, code: "caveat-too-expensive", message, hint: "move lists of values into a parameter" };
  }
  const deep = tokens.deeperThan(MAX_BRACKET_DEPTH);
  return deep === undefined ? unclosedBracket(tokens) : tooDeep(deep, MAX_BRACKET_DEPTH);
}

class UnreadableError extends Error {
  readonly problem: ExpressionProblem;

  constructor(problem: ExpressionProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

function tooDeep({ start, end }: Span, depth: number): ExpressionProblem {
  return {
    start,
    end,
    code: "caveat-too-deep",
    message: `the expression is nested more than ${depth} deep`,
    hint: "split it into several caveats",
  };
}

function unsupported({ start, end }: Span, what: string): UnreadableError {
  const message = `${what} cannot be used in a caveat`;
  return new UnreadableError({ start, end, code: "caveat-expression", message, hint: "" });
}

interface Reader {
  readonly tokens: Tokens;
  /** By the id of a node. */
  readonly positions: Readonly<Record<string, number>>;
}

/** The token the parser's position points at; positions of operators have the white space before them. */
function tokenOf(reader: Reader, expr: Expr): Span {
  const offset = reader.positions[String(expr.id)] ?? 0;
  return reader.tokens.at(offset) ?? { start: offset, end: offset + 1 };
}

function read(reader: Reader, expr: Expr | undefined, depth: number): Node {
  if (expr === undefined) {
    throw unsupported({ start: 0, end: 1 }, "an unfinished expression");
  }
  const token = tokenOf(reader, expr);
  if (depth > MAX_DEPTH) {
    throw new UnreadableError(tooDeep(token, MAX_DEPTH));
  }
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "constExpr":
      return { kind: "constant", value: constantOf(exprKind.value, token), ...constantSpan(reader, token) };
    case "identExpr":
      return readVariable(reader, exprKind.value.name, token);
    case "selectExpr": {
      const operand = read(reader, exprKind.value.operand, depth + 1);
      const { field, testOnly } = exprKind.value;
      if (operand.kind === "variable" && /^google(\.protobuf)?$/.test(operand.name) && !testOnly) {
        return { ...operand, name: `${operand.name}.${field}`, end: endAfterDot(reader, token) };
      }
      const end = testOnly ? operand.end + field.length + 1 : endAfterDot(reader, token);
      return { kind: "select", operand, field, isTest: testOnly, start: operand.start, end };
    }
    case "callExpr":
      return readCall(reader, exprKind.value, token, depth);
    case "listExpr": {
      const elements = exprKind.value.elements.map((element) => read(reader, element, depth + 1));
      return { kind: "list", elements, start: token.start, end: reader.tokens.closingEnd(token.start) ?? token.end };
    }
    case "structExpr":
      return readMap(reader, exprKind.value, token, depth);
    case "comprehensionExpr":
      return readComprehension(reader, exprKind.value, token, depth);
    default:
      throw unsupported(token, "this");
  }
}

/** A minus sign is part of a number. */
function constantSpan(reader: Reader, token: Span): Span {
  const number = token.end - token.start === 1 ? reader.tokens.after(token) : undefined;
  return number !== undefined && reader.tokens.textOf(token) === "-" ? { start: token.start, end: number.end } : token;
}

/** `.name` is the outermost name; there is only one scope, so the dot says nothing. */
function readVariable(reader: Reader, written: string, token: Span): Node {
  const name = written.replace(/^\./, "");
  const end = written === name || name.startsWith("@") ? token.end : (reader.tokens.after(token)?.end ?? token.end);
  return { kind: "variable", name, start: token.start, end };
}

function endAfterDot(reader: Reader, dot: Span): number {
  return reader.tokens.after(dot)?.end ?? dot.end;
}

function readCall(
  reader: Reader,
  call: Extract<Expr["exprKind"], { case: "callExpr" }>["value"],
  token: Span,
  depth: number,
): Node {
  const target = call.target === undefined ? undefined : read(reader, call.target, depth + 1);
  const values = call.args.map((argument) => read(reader, argument, depth + 1));
  const common = { kind: "call", name: call.function, target, arguments: values } as const;
  if (/^[A-Za-z]/.test(call.function)) {
    const nameSpan = target === undefined ? token : (reader.tokens.after(token) ?? token);
    const open = reader.tokens.after(nameSpan);
    const end = (open === undefined ? undefined : reader.tokens.closingEnd(open.start)) ?? nameSpan.end;
    return { ...common, nameSpan, start: target?.start ?? token.start, end };
  }
  const isPrefix = values.length === 1;
  const start = isPrefix ? Math.min(token.start, values[0]?.start ?? token.start) : (values[0]?.start ?? token.start);
  const last = values.at(-1)?.end ?? token.end;
  const end = call.function === "_[_]" ? closingAfter(reader, values[0], last) : last;
  return { ...common, nameSpan: { start, end }, start, end };
}

/** Of `a[i]`: the end of the bracket after `a`. */
function closingAfter(reader: Reader, container: Node | undefined, otherwise: number): number {
  const open = container === undefined ? undefined : reader.tokens.at(container.end);
  return (open === undefined ? undefined : reader.tokens.closingEnd(open.start)) ?? otherwise;
}

function readMap(
  reader: Reader,
  struct: Extract<Expr["exprKind"], { case: "structExpr" }>["value"],
  token: Span,
  depth: number,
): Node {
  if (struct.messageName !== "") {
    throw unsupported(token, `the message type "${struct.messageName}"`);
  }
  const entries = struct.entries.map(({ keyKind, value }) => {
    if (keyKind.case !== "mapKey") {
      throw unsupported(token, "a field of a message");
    }
    return { key: read(reader, keyKind.value, depth + 1), value: read(reader, value, depth + 1) };
  });
  return { kind: "map", entries, start: token.start, end: reader.tokens.closingEnd(token.start) ?? token.end };
}

/** The position is the dot before the macro's name. */
function readComprehension(
  reader: Reader,
  fold: Extract<Expr["exprKind"], { case: "comprehensionExpr" }>["value"],
  dot: Span,
  depth: number,
): Node {
  if (fold.iterVar2 !== "") {
    throw unsupported(dot, "a macro with two variables");
  }
  const range = read(reader, fold.iterRange, depth + 1);
  const name = reader.tokens.after(dot) ?? dot;
  const open = reader.tokens.after(name);
  return {
    kind: "comprehension",
    range,
    variable: fold.iterVar,
    accumulator: fold.accuVar,
    initial: read(reader, fold.accuInit, depth + 1),
    condition: read(reader, fold.loopCondition, depth + 1),
    step: read(reader, fold.loopStep, depth + 1),
    result: read(reader, fold.result, depth + 1),
    start: range.start,
    end: (open === undefined ? undefined : reader.tokens.closingEnd(open.start)) ?? name.end,
  };
}

function constantOf({ constantKind }: Extract<Expr["exprKind"], { case: "constExpr" }>["value"], token: Span): Value {
  switch (constantKind.case) {
    case "nullValue":
      return null;
    case "boolValue":
    case "bytesValue":
    case "doubleValue":
    case "int64Value":
    case "stringValue":
      return constantKind.value;
    case "uint64Value":
      return celUint(constantKind.value);
    default:
      throw unsupported(token, "this constant");
  }
}
