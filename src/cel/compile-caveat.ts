import { RelataError } from "../errors.ts";
import type { CaveatProgram, CaveatResult } from "../model/caveat.ts";
import { didYouMean } from "../model/did-you-mean.ts";
import type { CaveatType } from "../model/schema.ts";
import type { JsonObject, JsonValue } from "../model/tuple.ts";
import { BudgetExceeded, MAX_STEPS } from "./budget.ts";
import { checkTypes } from "./check-types.ts";
import { type Coercion, CoercionError, createCoercion } from "./coerce.ts";
import { checkCost } from "./cost.ts";
import { createEvaluator, type Evaluator } from "./evaluator.ts";
import { childrenOf, type ExpressionProblem, type Node } from "./expression.ts";
import { readExpression } from "./read-expression.ts";
import { Fault, Unknown, type Value } from "./value.ts";

/** What makes a caveat, as its declaration has it. */
export interface CaveatSource {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, CaveatType>;
  /** CEL. */
  readonly expression: string;
}

export interface CompiledCaveat {
  /** Undefined if and only if there are problems. */
  readonly program: CaveatProgram | undefined;
  /** With offsets into the expression. */
  readonly problems: readonly ExpressionProblem[];
  /** Parameters that the expression uses; undefined when it could not be read. */
  readonly used: ReadonlySet<string> | undefined;
}

/** Parses, checks and prepares a caveat's expression. Never throws, whatever the expression. */
export function compileCaveat(source: CaveatSource): CompiledCaveat {
  const read = readExpression(source.expression);
  if ("problem" in read) {
    return { program: undefined, problems: [read.problem], used: undefined };
  }
  const used = usedParameters(read.node, source.parameters);
  const cost = checkCost(read.node);
  const problems = cost === undefined ? checkTypes(read.node, source.parameters) : [cost];
  return { program: problems.length > 0 ? undefined : new Program(source, read.node), problems, used };
}

function usedParameters(root: Node, parameters: ReadonlyMap<string, CaveatType>): ReadonlySet<string> {
  const used = new Set<string>();
  function walk(node: Node, hidden: ReadonlySet<string>): void {
    if (node.kind === "variable" && parameters.has(node.name) && !hidden.has(node.name)) {
      used.add(node.name);
    }
    const inner = node.kind === "comprehension" ? new Set([...hidden, node.variable]) : hidden;
    for (const child of childrenOf(node)) {
      walk(child, node.kind === "comprehension" && child === node.range ? hidden : inner);
    }
  }
  walk(root, new Set());
  return used;
}

interface Parameter {
  readonly type: CaveatType;
  readonly coerce: Coercion;
}

/** A class, since what its methods need is then private: two schemas of the same text are equal, field by field. */
class Program implements CaveatProgram {
  readonly #name: string;
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #evaluator: Evaluator;

  constructor({ name, parameters }: CaveatSource, root: Node) {
    this.#name = name;
    this.#parameters = new Map(
      [...parameters].map(([parameter, type]) => [parameter, { type, coerce: createCoercion(type) }]),
    );
    this.#evaluator = createEvaluator(root, [...parameters.keys()]);
  }

  evaluate(written: JsonObject, request: JsonObject): CaveatResult {
    try {
      const values: Value[] = [];
      for (const [name, parameter] of this.#parameters) {
        const given = Object.hasOwn(written, name) ? written : request;
        const json = Object.hasOwn(given, name) ? given[name] : undefined;
        values.push(json === undefined ? new Unknown([name]) : this.#coerce(name, parameter, json));
      }
      return resultOf(this.#name, run(this.#name, this.#evaluator, values), Object.keys(written).length > 0);
    } catch (error) {
      if (error instanceof RelataError) {
        return { kind: "failed", error };
      }
      throw error;
    }
  }

  validateWritten(written: JsonObject): void {
    for (const [key, json] of Object.entries(written)) {
      const parameter = this.#parameters.get(key);
      if (parameter === undefined) {
        throw unknownParameter(this.#name, key, [...this.#parameters.keys()]);
      }
      this.#coerce(key, parameter, json);
    }
  }

  #coerce(name: string, { type, coerce }: Parameter, json: JsonValue): Value {
    try {
      return coerce(json);
    } catch (error) {
      if (error instanceof CoercionError) {
        throw wrongType(this.#name, name, type, error);
      }
      throw error;
    }
  }
}

function run(name: string, evaluator: Evaluator, values: readonly Value[]): Value {
  try {
    return evaluator(values);
  } catch (error) {
    if (error instanceof BudgetExceeded) {
      throw failure(name, `it takes more than ${MAX_STEPS} steps; give it shorter lists or texts`);
    }
    // Of texts longer than a string may be, and of the stack.
    if (error instanceof RangeError) {
      throw failure(name, "its values are too large");
    }
    throw error;
  }
}

/** @param discreetly without values: whoever may ask for a decision need not be one who may read tuples */
function resultOf(name: string, value: Value, discreetly: boolean): CaveatResult {
  if (typeof value === "boolean") {
    return value ? TRUE : FALSE;
  }
  if (value instanceof Unknown) {
    return { kind: "missing", names: value.names };
  }
  if (!(value instanceof Fault)) return { kind: "failed", error: failure(name, "its value is neither true nor false") };
  return { kind: "failed", error: failure(name, discreetly ? value.discreet : value.message) };
}

const TRUE: CaveatResult = { kind: "true" };
const FALSE: CaveatResult = { kind: "false" };

function failure(name: string, message: string): RelataError {
  return new RelataError("CAVEAT_EVALUATION_FAILED", `caveat "${name}" cannot be evaluated: ${message}`, {
    metadata: { caveat: name },
  });
}

function wrongType(name: string, parameter: string, type: CaveatType, error: CoercionError): RelataError {
  return new RelataError(
    "INVALID_CAVEAT_CONTEXT",
    `parameter "${parameter}${error.path}" of caveat "${name}": ${error.message}`,
    { metadata: { caveat: name, parameter, expected: formatType(type) } },
  );
}

function unknownParameter(name: string, key: string, parameters: readonly string[]): RelataError {
  const quoted = key.length > MAX_QUOTED ? `${key.slice(0, MAX_QUOTED)}…` : key;
  const hint = didYouMean(key.slice(0, MAX_QUOTED), parameters) || `it has ${parameters.join(", ")}`;
  return new RelataError("INVALID_CAVEAT_CONTEXT", `caveat "${name}" has no parameter "${quoted}"; ${hint}`, {
    metadata: { caveat: name, parameter: quoted },
  });
}

/** Of a key that a writer made up. */
const MAX_QUOTED = 60;

function formatType(type: CaveatType): string {
  return type.arguments.length === 0 ? type.name : `${type.name}<${type.arguments.map(formatType).join(", ")}>`;
}
