import { type CelUint, type CelValue, celEnv, isCelError, isCelUint } from "@bufbuild/cel";
import { RE2JS } from "@bufbuild/re2";
import { writtenName } from "./expression.ts";
import { noOverload } from "./overload.ts";
import { Fault, type Value } from "./value.ts";

/** The standard functions of CEL as the library has them, which passes the conformance tests. */
const FUNCTIONS = celEnv({ re2: { compile: compilePattern } }).funcs;

/** Compiling a pattern takes 100 µs; most caveats with one have it written out. */
const PATTERNS = new Map<string, RE2JS>();
const MAX_PATTERNS = 200;
const MAX_KEPT_PATTERN = 1_000;

function compilePattern(pattern: string): RE2JS {
  const known = PATTERNS.get(pattern);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(pattern);
  if (PATTERNS.size >= MAX_PATTERNS) PATTERNS.clear();
  if (pattern.length <= MAX_KEPT_PATTERN) PATTERNS.set(pattern, compiled);
  return compiled;
}

type Scalar = Exclude<Extract<Value, CelValue>, CelUint> | CelUint;

/** Calls a standard function on scalars; lists, maps, times and addresses are handled here. Never throws. */
export function callLibrary(name: string, target: Value | undefined, values: readonly Value[]): Value {
  const all = target === undefined ? values : [target, ...values];
  const group = FUNCTIONS.find(name);
  if (group === undefined || !all.every(isScalar) || !(target === undefined || isScalar(target))) {
    return noOverload(name, all);
  }
  try {
    const result = group.call(0, target, values.filter(isScalar));
    if (isCelError(result)) {
      return new Fault(result.message.replace(/_([^_]+)_$/, "$1"), refused(name));
    }
    const value = result as Value | undefined;
    return value !== undefined && isScalar(value) ? value : noOverload(name, all);
  } catch (error) {
    return new Fault(error instanceof Error ? error.message : String(error), refused(name));
  }
}

function refused(name: string): string {
  return `"${writtenName(name)}" cannot take its values`;
}

function isScalar(value: Value): value is Scalar {
  return value === null || typeof value !== "object" || value instanceof Uint8Array || isCelUint(value);
}
