import type { CaveatNode, ExpressionNode, MemberNode, ParameterTypeNode, PermissionNode, RelationNode } from "./ast.ts";
import { formatTypeRef } from "./check-relations.ts";
import { type CommentStream, formatInline } from "./comment-stream.ts";

/** Longer statements are broken after each operator of the outermost level. */
const MAX_LINE = 100;
/** Of lines that continue a statement inside of a definition. */
const CONTINUATION = "      ";
const SIGNS = { union: "+", intersection: "&", exclusion: "-" } as const;

/** One statement of a definition, comments inside it included; may span lines. */
export function printMember(member: MemberNode, comments: CommentStream): string {
  switch (member.kind) {
    case "partial-ref":
      return `...${member.name.text}`;
    case "relation":
      return printRelation(member, comments);
    case "permission":
      return printPermission(member, comments);
  }
}

function printRelation(relation: RelationNode, comments: CommentStream): string {
  const types = relation.types.map(
    (ref) => formatInline(comments.takeBefore(ref.start), CONTINUATION) + formatTypeRef(ref),
  );
  return layOut(`relation ${relation.name.text}:`, types, "|");
}

function printPermission(permission: PermissionNode, comments: CommentStream): string {
  const annotation = permission.annotation.map((name) => name.text).join(" | ");
  const head = `permission ${permission.name.text}${annotation === "" ? "" : `: ${annotation}`} =`;
  const { expression } = permission;
  return "operands" in expression
    ? layOut(head, printOperands(expression, comments), SIGNS[expression.kind])
    : layOut(head, [printExpression(expression, comments)], "");
}

function layOut(head: string, parts: readonly string[], sign: string): string {
  const line = `${head} ${parts.join(` ${sign} `)}`;
  return line.length <= MAX_LINE || parts.length === 1 || line.includes("\n")
    ? line
    : `${head}\n${CONTINUATION}${parts.join(` ${sign}\n${CONTINUATION}`)}`;
}

function printExpression(node: ExpressionNode, comments: CommentStream): string {
  if ("operands" in node) {
    return printOperands(node, comments).join(` ${SIGNS[node.kind]} `);
  }
  return formatInline(comments.takeBefore(node.start), CONTINUATION) + formatLeaf(node);
}

function formatLeaf(node: Exclude<ExpressionNode, { operands: unknown }>): string {
  switch (node.kind) {
    case "computed":
      return node.member.text;
    case "arrow":
      return node.quantifier === "all"
        ? `${node.tupleset.text}.all(${node.target.text})`
        : `${node.tupleset.text}->${node.target.text}`;
    case "nil":
    case "self":
      return node.kind;
  }
}

/**
 * Operands with parentheses around every other operator, so that nobody needs to know what binds tighter. The same operator
 * needs none: unions and intersections are associative, and exclusions read from the left.
 */
function printOperands(node: Extract<ExpressionNode, { operands: unknown }>, comments: CommentStream): string[] {
  return node.operands.flatMap((operand, index) => {
    if (!("operands" in operand)) {
      return [printExpression(operand, comments)];
    }
    if (operand.kind === node.kind && (node.kind !== "exclusion" || index === 0)) {
      return printOperands(operand, comments);
    }
    return [`(${printExpression(operand, comments)})`];
  });
}

/** The expression stays as it was written: its white space may be inside a string. */
export function printCaveat(caveat: CaveatNode, comments: CommentStream): string {
  const parameters = caveat.parameters.map(
    ({ name, type, start }) =>
      `${formatInline(comments.takeBefore(start), "  ")}${name.text} ${formatParameterType(type)}`,
  );
  const rest = formatInline(comments.takeBefore(caveat.expression.start), "");
  const list = parameters.join(", ") + (rest === "" ? "" : ` ${rest.replace(/ $/, "")}`);
  return `caveat ${caveat.name.text}(${list}) {\n  ${caveat.expression.text}\n}`;
}

function formatParameterType(type: ParameterTypeNode): string {
  const { name } = type;
  return type.arguments.length === 0
    ? name.text
    : `${name.text}<${type.arguments.map(formatParameterType).join(", ")}>`;
}
