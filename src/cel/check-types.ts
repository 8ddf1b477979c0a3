import { didYouMean } from "../model/did-you-mean.ts";
import type { CaveatType } from "../model/schema.ts";
import { checkCall } from "./check-call.ts";
import { type Checking, requireCondition } from "./checking.ts";
import type { ComprehensionNode, ExpressionProblem, Node, Span } from "./expression.ts";
import { typeNameOf } from "./overload.ts";
import {
  ANY,
  BOOL,
  formatType,
  isOpen,
  join,
  listOf,
  mapOf,
  NOTHING,
  type StaticType,
  simple,
  typeOfParameter,
} from "./static-type.ts";
import { TYPE_NAMES } from "./type-names.ts";

type Scope = ReadonlyMap<string, StaticType>;

/** Types of a whole expression, which must be a condition. Types that JSON decides (`any`) are left to run time. */
export function checkTypes(root: Node, parameters: ReadonlyMap<string, CaveatType>): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  const checking: Checking = {
    parameters,
    report: ({ start, end }, code, message, hint = "") => problems.push({ start, end, code, message, hint }),
  };
  const scope = new Map([...parameters].map(([name, type]) => [name, typeOfParameter(type)]));
  requireCondition(checking, root, typeOf(checking, root, scope), "a caveat's expression");
  return problems;
}

function typeOf(checking: Checking, node: Node, scope: Scope): StaticType {
  switch (node.kind) {
    case "constant":
      return simple(typeNameOf(node.value));
    case "variable":
      return scope.get(node.name) ?? typeOfName(checking, node, node.name, scope);
    case "select":
      return typeOfSelect(checking, node, typeOf(checking, node.operand, scope));
    case "list":
      return listOf(joinAll(node.elements.map((element) => typeOf(checking, element, scope))));
    case "map":
      return mapOf(
        joinAll(node.entries.map(({ key }) => typeOfKey(checking, key, scope))),
        joinAll(node.entries.map(({ value }) => typeOf(checking, value, scope))),
      );
    case "call": {
      const operands = node.target === undefined ? node.arguments : [node.target, ...node.arguments];
      return checkCall(
        checking,
        node,
        operands.map((operand) => typeOf(checking, operand, scope)),
      );
    }
    case "comprehension":
      return typeOfComprehension(checking, node, scope);
  }
}

/** Elements of one literal may be of different types; what comes out is then known at run time. */
function joinAll(types: readonly StaticType[]): StaticType {
  return types.reduce<StaticType>((all, type) => join(all, type) ?? ANY, NOTHING);
}

function typeOfName(checking: Checking, span: Span, name: string, scope: Scope): StaticType {
  if (TYPE_NAMES.has(name)) {
    return simple("type");
  }
  const known = [...scope.keys()].filter((each) => !each.startsWith("@"));
  checking.report(
    span,
    "unknown-parameter",
    `the caveat has no parameter "${name}"`,
    didYouMean(name, known) || `it has ${known.join(", ")}`,
  );
  return ANY;
}

function typeOfSelect(
  checking: Checking,
  { field, isTest, ...span }: Extract<Node, { kind: "select" }>,
  operand: StaticType,
): StaticType {
  if (operand.name === "map") {
    return isTest ? BOOL : (operand.arguments[1] ?? ANY);
  }
  if (!isOpen(operand)) {
    const hint = operand.name === "list" ? "an element of a list is list[0]" : "only maps have fields";
    checking.report(span, "caveat-type", `${formatType(operand)} has no field "${field}"`, hint);
  }
  return isTest ? BOOL : ANY;
}

const KEY_TYPES = new Set(["string", "int", "uint", "bool"]);

function typeOfKey(checking: Checking, key: Node, scope: Scope): StaticType {
  const type = typeOf(checking, key, scope);
  if (!isOpen(type) && !KEY_TYPES.has(type.name)) {
    const message = `the key of a map cannot be of type ${formatType(type)}`;
    checking.report(key, "caveat-type", message, "keys are string, int, uint or bool");
  }
  return type;
}

function typeOfComprehension(checking: Checking, node: ComprehensionNode & Span, scope: Scope): StaticType {
  const range = typeOf(checking, node.range, scope);
  if (!isOpen(range) && range.name !== "list" && range.name !== "map") {
    const message = `${formatType(range)} has no elements to go through`;
    checking.report(
      node.range,
      "caveat-type",
      message,
      "all, exists, exists_one, map and filter are for lists and maps",
    );
  }
  const element = range.arguments[0] ?? ANY;
  const outer = new Map(scope).set(node.accumulator, typeOf(checking, node.initial, scope));
  const inner = new Map(outer).set(node.variable, element.name === "nothing" ? ANY : element);
  const step = typeOf(checking, node.step, inner);
  const accumulated = join(outer.get(node.accumulator) ?? ANY, step) ?? ANY;
  return typeOf(checking, node.result, new Map(outer).set(node.accumulator, accumulated));
}
