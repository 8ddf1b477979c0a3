import type { ExpressionNode } from "./ast.ts";

/** A leaf that names members, and whether it stands anywhere on the right side of a `-`. */
export interface Reference {
  readonly node: Extract<ExpressionNode, { kind: "computed" | "arrow" }>;
  readonly subtracted: boolean;
}

/** All references of an expression, from left to right. */
export function referencesOf(expression: ExpressionNode): readonly Reference[] {
  const found: Reference[] = [];
  function walk(node: ExpressionNode, subtracted: boolean): void {
    if ("operands" in node) {
      for (const [index, operand] of node.operands.entries()) {
        walk(operand, subtracted || (node.kind === "exclusion" && index > 0));
      }
    } else if (node.kind === "computed" || node.kind === "arrow") {
      found.push({ node, subtracted });
    }
  }
  walk(expression, false);
  return found;
}

/** Height of the expression as the engine will see it: unions and intersections are n-ary, exclusions binary. */
export function depthOf(expression: ExpressionNode): number {
  if (!("operands" in expression)) {
    return 1;
  }
  const { operands, kind } = expression;
  let depth = 0;
  for (const [index, operand] of operands.entries()) {
    const above = kind === "exclusion" ? operands.length - Math.max(index, 1) : 1;
    depth = Math.max(depth, depthOf(operand) + above);
  }
  return depth;
}
