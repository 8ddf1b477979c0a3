import { MAX_STEPS } from "./budget.ts";
import { childrenOf, type ExpressionProblem, type Node } from "./expression.ts";

/** More than SpiceDB stores (4096 bytes of a checked expression are some 400 nodes), and evaluated in some 100 µs. */
export const MAX_NODES = 2_000;
/** `all` in `exists` in `map`: each multiplies. */
export const MAX_NESTING = 3;
/** What a list of unknown length is taken to have. */
export const ASSUMED_ELEMENTS = 10;

/**
 * Refuses expressions that are too large, or that could not be evaluated within their budget of steps even with short
 * lists. How long lists may be at run time follows from the same budget.
 */
export function checkCost(root: Node): ExpressionProblem | undefined {
  const nodes = countNodes(root);
  if (nodes > MAX_NODES) {
    const message = `the expression has ${nodes} parts, and at most ${MAX_NODES} are allowed`;
    return problem(root, message, "move lists of values into a parameter, or split the caveat");
  }
  const deepest = deepNesting(root, 0);
  if (deepest !== undefined) {
    const message = `all, exists, exists_one, map and filter may be nested at most ${MAX_NESTING} deep`;
    return problem(deepest, message, "prepare the data so that fewer levels do");
  }
  const steps = estimate(root);
  if (steps > MAX_STEPS) {
    const message = `with lists of ${ASSUMED_ELEMENTS} elements the expression takes ${steps} steps, and at most ${MAX_STEPS} are allowed`;
    return problem(root, message, "nest all, exists, map and filter less deep");
  }
  return undefined;
}

function problem({ start, end }: Node, message: string, hint: string): ExpressionProblem {
  return { start, end, code: "caveat-too-expensive", message, hint };
}

function countNodes(node: Node): number {
  return childrenOf(node).reduce((sum, child) => sum + countNodes(child), 1);
}

function deepNesting(node: Node, depth: number): Node | undefined {
  const inside = node.kind === "comprehension" ? depth + 1 : depth;
  if (inside > MAX_NESTING) {
    return node;
  }
  for (const child of childrenOf(node)) {
    // The list a comprehension goes through is made once, outside of it.
    const found = deepNesting(child, node.kind === "comprehension" && child === node.range ? depth : inside);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function estimate(node: Node): number {
  if (node.kind !== "comprehension") {
    return childrenOf(node).reduce((sum, child) => sum + estimate(child), 1);
  }
  const elements = node.range.kind === "list" ? node.range.elements.length : ASSUMED_ELEMENTS;
  return estimate(node.range) + elements * (estimate(node.condition) + estimate(node.step)) + estimate(node.result);
}
