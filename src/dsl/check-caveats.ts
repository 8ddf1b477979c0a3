import { compileCaveat } from "../cel/compile-caveat.ts";
import type { CaveatProgram } from "../model/caveat.ts";
import { didYouMean } from "../model/did-you-mean.ts";
import type { CaveatNode, ParameterNode, ParameterTypeNode } from "./ast.ts";
import { hasCelCode } from "./cel-scan.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import { lowerParameters } from "./lower.ts";
import type { Names } from "./names.ts";

/** Type names of caveat parameters, with how many types they take. */
const PARAMETER_TYPES: Readonly<Record<string, number>> = {
  any: 0,
  bool: 0,
  bytes: 0,
  double: 0,
  duration: 0,
  int: 0,
  ipaddress: 0,
  list: 1,
  map: 1,
  string: 0,
  timestamp: 0,
  uint: 0,
};

const MAX_PARAMETERS = 20;
const MAX_EXPRESSION_LENGTH = 100_000;
/** Of a whole schema; they are compiled within some 2 s, at 150 µs for a short one. */
const MAX_TOTAL_LENGTH = 500_000;
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Words that CEL keeps for itself; a parameter of such a name could not be used. */
const CEL_RESERVED = new Set(
  "as break const continue else false for function if import in let loop namespace null package return true var void while".split(
    " ",
  ),
);

/**
 * Parameters and their types, that the expression is a condition over them, and that each is used.
 * @returns the programs of all caveats without errors, by name
 */
export function checkCaveats(names: Names, bag: DiagnosticBag): ReadonlyMap<string, CaveatProgram> {
  const programs = new Map<string, CaveatProgram>();
  let length = 0;
  for (const [name, caveat] of names.caveats) {
    checkParameters(caveat, bag);
    length += caveat.expression.text.length;
    if (length > MAX_TOTAL_LENGTH) {
      const message = `the expressions of all caveats have at most ${MAX_TOTAL_LENGTH} characters together`;
      bag.error(caveat.source, caveat.name, { code: "caveat-too-large", message });
      break;
    }
    const program = compileExpression(caveat, bag);
    if (program !== undefined) {
      programs.set(name, program);
    }
  }
  return programs;
}

function checkParameters(caveat: CaveatNode, bag: DiagnosticBag): void {
  const seen = new Set<string>();
  for (const [index, parameter] of caveat.parameters.entries()) {
    if (index === MAX_PARAMETERS) {
      const message = `a caveat has at most ${MAX_PARAMETERS} parameters`;
      bag.error(caveat.source, parameter, { code: "too-many-parameters", message });
    }
    if (seen.has(parameter.name.text)) {
      bag.error(caveat.source, parameter.name, {
        code: "duplicate-parameter",
        message: `caveat "${caveat.name.text}" already has a parameter "${parameter.name.text}"`,
      });
    }
    seen.add(parameter.name.text);
    checkParameterName(caveat, parameter, bag);
    checkType(caveat, parameter.type, bag);
  }
}

function checkParameterName(caveat: CaveatNode, parameter: ParameterNode, bag: DiagnosticBag): void {
  const { name } = parameter;
  if (CEL_RESERVED.has(name.text) || !PARAMETER_NAME.test(name.text)) {
    bag.error(caveat.source, name, {
      code: "invalid-name",
      message: `"${name.text}" cannot be the name of a parameter`,
      hint: CEL_RESERVED.has(name.text)
        ? "the expression language keeps this word for itself"
        : "use a-z, A-Z, 0-9 and _",
    });
  }
}

function checkType(caveat: CaveatNode, type: ParameterTypeNode, bag: DiagnosticBag): void {
  const name = type.name.text;
  const expected = Object.hasOwn(PARAMETER_TYPES, name) ? PARAMETER_TYPES[name] : undefined;
  if (expected === undefined) {
    bag.error(caveat.source, type.name, {
      code: "unknown-parameter-type",
      message: `there is no parameter type "${name}"`,
      hint: () =>
        didYouMean(name, Object.keys(PARAMETER_TYPES)) || `there are ${Object.keys(PARAMETER_TYPES).join(", ")}`,
    });
    return;
  }
  if (type.arguments.length !== expected) {
    const message =
      expected === 0 ? `"${name}" takes no type in <>` : `"${name}" takes one type in <>, as in ${name}<int>`;
    bag.error(caveat.source, type, { code: "wrong-type-arguments", message });
  }
  for (const argument of type.arguments) {
    checkType(caveat, argument, bag);
  }
}

function compileExpression(caveat: CaveatNode, bag: DiagnosticBag): CaveatProgram | undefined {
  const { expression, name, source } = caveat;
  if (!hasCelCode(expression.text)) {
    bag.error(source, expression, {
      code: "empty-caveat",
      message: `the caveat "${name.text}" has no expression`,
      hint: "write a condition over its parameters, as in { hour < 18 }",
    });
    return undefined;
  }
  if (expression.text.length > MAX_EXPRESSION_LENGTH) {
    const message = `a caveat's expression has at most ${MAX_EXPRESSION_LENGTH} characters`;
    bag.error(source, name, { code: "caveat-too-large", message });
    return undefined;
  }
  const { program, problems, used } = compileCaveat({
    name: name.text,
    parameters: lowerParameters(caveat),
    expression: expression.text,
  });
  for (const { start, end, ...problem } of problems) {
    bag.error(source, { start: expression.start + start, end: expression.start + end }, problem);
  }
  if (used !== undefined) {
    const isMisspelt = problems.some(({ code }) => code === "unknown-parameter");
    reportUnused(caveat, used, isMisspelt ? "is it misspelt in the expression?" : "remove it", bag);
  }
  return program;
}

function reportUnused(
  { name, parameters, source }: CaveatNode,
  used: ReadonlySet<string>,
  hint: string,
  bag: DiagnosticBag,
): void {
  for (const parameter of new Map(parameters.map((each) => [each.name.text, each])).values()) {
    if (!used.has(parameter.name.text) && !CEL_RESERVED.has(parameter.name.text)) {
      bag.error(source, parameter.name, {
        code: "unused-parameter",
        message: `the caveat "${name.text}" never uses its parameter "${parameter.name.text}"`,
        hint,
      });
    }
  }
}
