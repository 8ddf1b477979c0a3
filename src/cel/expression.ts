import type { Value } from "./value.ts";

/** Half-open range of UTF-16 offsets into the expression's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * An expression as relata reads it: the parser library's tree with its macros expanded, without what caveats have no use
 * for (messages, optionals), and with the span of every node.
 */
export type Node =
  | (Span & { readonly kind: "constant"; readonly value: Value })
  | (Span & { readonly kind: "variable"; readonly name: string })
  /** `operand.field`, or `has(operand.field)`. */
  | (Span & { readonly kind: "select"; readonly operand: Node; readonly field: string; readonly isTest: boolean })
  | (Span & CallNode)
  | (Span & { readonly kind: "list"; readonly elements: readonly Node[] })
  | (Span & { readonly kind: "map"; readonly entries: readonly { readonly key: Node; readonly value: Node }[] })
  | (Span & ComprehensionNode);

/** A function, method or operator; operators are named as in CEL's abstract syntax, `_&&_`. */
export interface CallNode {
  readonly kind: "call";
  readonly name: string;
  /** Where the name is written; of operators, the whole. */
  readonly nameSpan: Span;
  readonly target: Node | undefined;
  readonly arguments: readonly Node[];
}

/** What `all`, `exists`, `exists_one`, `map` and `filter` become: a fold over the elements of a list or the keys of a map. */
export interface ComprehensionNode {
  readonly kind: "comprehension";
  readonly range: Node;
  readonly variable: string;
  readonly accumulator: string;
  readonly initial: Node;
  /** The fold goes on while this is not false. */
  readonly condition: Node;
  readonly step: Node;
  readonly result: Node;
}

/** Something wrong with an expression. Shaped as the DSL's diagnostics, which it becomes. */
export interface ExpressionProblem extends Span {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Children in the order they are written, or run. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "constant":
    case "variable":
      return [];
    case "select":
      return [node.operand];
    case "call":
      return node.target === undefined ? node.arguments : [node.target, ...node.arguments];
    case "list":
      return node.elements;
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "comprehension":
      return [node.range, node.initial, node.condition, node.step, node.result];
  }
}

/** How a function or operator is written: `_&&_` is `&&`, `@in` is `in`. */
export function writtenName(name: string): string {
  return /^[a-z]/i.test(name) ? name : name.replaceAll(/[_@]/g, "");
}
