import { didYouMean } from "../model/did-you-mean.ts";
import { BudgetExceeded, createBudget } from "./budget.ts";
import { type Checking, requireCondition } from "./checking.ts";
import { type CallNode, type Span, writtenName } from "./expression.ts";
import { functionOf } from "./functions.ts";
import { IpAddress } from "./ip-address.ts";
import type { StrictFunction } from "./overload.ts";
import { FUNCTION_NAMES, resultOfCall, SIGNATURES } from "./signatures.ts";
import {
  ANY,
  BOOL,
  canBeEqual,
  formatType,
  INT,
  isNumber,
  isOpen,
  join,
  listOf,
  NOTHING,
  type StaticType,
} from "./static-type.ts";
import { Fault, type Value } from "./value.ts";

type Call = CallNode & Span;
type Rule = (checking: Checking, call: Call, types: readonly StaticType[]) => StaticType;

/** @param types of the target, if there is one, and of the arguments */
export function checkCall(checking: Checking, call: Call, types: readonly StaticType[]): StaticType {
  const rule = RULES.get(call.name);
  if (rule !== undefined) {
    return rule(checking, call, types);
  }
  const result = checkSignatures(checking, call, types);
  checkConstants(checking, call);
  return result;
}

/** Operators whose types depend on each other. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["_&&_", conditions],
  ["_||_", conditions],
  ["!_", conditions],
  ["@not_strictly_false", () => BOOL],
  ["_?_:_", ternary],
  ["_==_", equality],
  ["_!=_", equality],
  ["_<_", order],
  ["_<=_", order],
  ["_>_", order],
  ["_>=_", order],
  ["@in", membership],
  ["_[_]", index],
  ["_+_", plus],
]);

function conditions(checking: Checking, call: Call, types: readonly StaticType[]): StaticType {
  const operator = writtenName(call.name);
  for (const [at, operand] of call.arguments.entries()) {
    // What a macro asks of each element is joined to the outcome so far.
    const isMacro = call.arguments.some((each) => each.kind === "variable" && each.name.startsWith("@"));
    requireCondition(
      checking,
      operand,
      types[at] ?? ANY,
      isMacro ? "what is asked of each element" : `what "${operator}" takes`,
    );
  }
  return BOOL;
}

function ternary(
  checking: Checking,
  call: Call,
  [condition = ANY, then = ANY, otherwise = ANY]: readonly StaticType[],
): StaticType {
  requireCondition(checking, call.arguments[0] ?? call, condition, 'what stands before "?"');
  const joined = join(then, otherwise);
  if (joined === undefined) {
    const message = `the two sides of ":" are ${formatType(then)} and ${formatType(otherwise)}`;
    checking.report(call, "caveat-type", message, "both must be of the same type");
  }
  return joined ?? ANY;
}

function equality(checking: Checking, call: Call, [a = ANY, b = ANY]: readonly StaticType[]): StaticType {
  if (!canBeEqual(a, b)) {
    const message = `${formatType(a)} and ${formatType(b)} are never equal`;
    checking.report(call, "caveat-type", message, conversionHint(a, b));
  }
  return BOOL;
}

const ORDERED = new Set(["bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp"]);

function order(checking: Checking, call: Call, [a = ANY, b = ANY]: readonly StaticType[]): StaticType {
  const isOrdered = [a, b].every((type) => isOpen(type) || ORDERED.has(type.name));
  if (!isOrdered || !(isOpen(a) || isOpen(b) || a.name === b.name || (isNumber(a) && isNumber(b)))) {
    const message = `"${writtenName(call.name)}" does not compare ${formatType(a)} with ${formatType(b)}`;
    checking.report(call, "caveat-type", message, conversionHint(a, b));
  }
  return BOOL;
}

function membership(checking: Checking, call: Call, [value = ANY, container = ANY]: readonly StaticType[]): StaticType {
  const element = container.arguments[0] ?? ANY;
  if (!isOpen(container) && container.name !== "list" && container.name !== "map") {
    const hint = container.name === "string" ? "whether a text is part of another is text.contains(part)" : "";
    checking.report(
      call.arguments[1] ?? call,
      "caveat-type",
      `"in" needs a list or a map, this is ${formatType(container)}`,
      hint,
    );
  } else if (!canBeEqual(value, element)) {
    const message = `${formatType(value)} is never in ${formatType(container)}`;
    checking.report(call, "caveat-type", message, conversionHint(value, element));
  }
  return BOOL;
}

function index(checking: Checking, call: Call, [container = ANY, key = ANY]: readonly StaticType[]): StaticType {
  const wanted = container.name === "list" ? INT : container.arguments[0];
  if (isOpen(container)) {
    return ANY;
  }
  if (container.name !== "list" && container.name !== "map") {
    checking.report(call, "caveat-type", `${formatType(container)} has no elements`, "only lists and maps have them");
  } else if (!canBeEqual(wanted ?? ANY, key)) {
    const message = `an element of ${formatType(container)} is found by ${formatType(wanted ?? ANY)}, not by ${formatType(key)}`;
    checking.report(call.arguments[1] ?? call, "caveat-type", message);
  }
  return container.arguments.at(-1) ?? ANY;
}

function plus(checking: Checking, call: Call, types: readonly StaticType[]): StaticType {
  const [a = ANY, b = ANY] = types;
  if (a.name === "list" && b.name === "list") {
    return listOf(join(a.arguments[0] ?? NOTHING, b.arguments[0] ?? NOTHING) ?? ANY);
  }
  if ([a, b].some((type) => type.name === "list") && [a, b].some(isOpen)) {
    return listOf(ANY);
  }
  return checkSignatures(checking, call, types);
}

function checkSignatures(checking: Checking, call: Call, types: readonly StaticType[]): StaticType {
  const signatures = SIGNATURES.get(call.name);
  if (signatures === undefined) {
    reportUnknown(checking, call);
    return ANY;
  }
  const isMethod = call.target !== undefined;
  const result = resultOfCall(signatures, isMethod ? types[0] : undefined, isMethod ? types.slice(1) : types);
  if (result === undefined) {
    const [name, shown] = [writtenName(call.name), types.map(formatType)];
    const given = isMethod ? `${shown[0]}.${name}(${shown.slice(1).join(", ")})` : `${name}(${shown.join(", ")})`;
    const isOperator = name !== call.name;
    const message = isOperator ? `"${name}" does not work on ${shown.join(" and ")}` : `there is no ${given}`;
    const hint = isOperator ? "" : `there is ${signatures.map(({ text }) => text).join(", ")}`;
    checking.report(isOperator ? call : call.nameSpan, "caveat-type", message, hint);
  }
  return result ?? ANY;
}

/** Macros that the parser took for functions, since they are not written as they must be. */
const MACRO_FORMS: Readonly<Record<string, string>> = {
  has: "write has(map.key)",
  all: "write list.all(x, condition), x being a new name",
  exists: "write list.exists(x, condition), x being a new name",
  exists_one: "write list.exists_one(x, condition), x being a new name",
  map: "write list.map(x, value), x being a new name",
  filter: "write list.filter(x, condition), x being a new name",
};

function reportUnknown(checking: Checking, { name, nameSpan }: Call): void {
  const form = Object.hasOwn(MACRO_FORMS, name) ? MACRO_FORMS[name] : undefined;
  if (form !== undefined) {
    checking.report(nameSpan, "caveat-macro", `"${name}" is not written like this`, form);
  } else {
    const hint = didYouMean(name, FUNCTION_NAMES) || `there are ${FUNCTION_NAMES.join(", ")}`;
    checking.report(nameSpan, "unknown-function", `there is no function "${name}"`, hint);
  }
}

/** Functions that take texts of a form of their own: a wrong one that is written out is a mistake of whoever wrote it. */
const CHECKED = new Set(["in_cidr", "matches", "timestamp", "duration"]);

function checkConstants(checking: Checking, call: Call): void {
  const written = call.arguments.at(-1);
  if (!CHECKED.has(call.name) || written?.kind !== "constant" || typeof written.value !== "string") {
    return;
  }
  const sample: readonly Value[] = call.name === "in_cidr" ? [SAMPLE_ADDRESS] : call.name === "matches" ? [""] : [];
  const message = faultOf(functionOf(call.name, call.target !== undefined), [...sample, written.value]);
  if (message !== undefined) {
    checking.report(written, "caveat-constant", message);
  }
}

function faultOf(apply: StrictFunction, values: readonly Value[]): string | undefined {
  try {
    const value = apply(values, createBudget());
    return value instanceof Fault ? value.message : undefined;
  } catch (error) {
    if (error instanceof BudgetExceeded) return "it is too long to be used within the steps of one evaluation";
    throw error;
  }
}

const SAMPLE_ADDRESS = new IpAddress(32, 0n);

function conversionHint(a: StaticType, b: StaticType): string {
  const [text, other] = a.name === "string" ? [a, b] : [b, a];
  const convertible = new Set(["int", "uint", "double", "bool", "timestamp", "duration", "bytes"]);
  return text.name === "string" && convertible.has(other.name) ? `${other.name}("…") makes one of a string` : "";
}
