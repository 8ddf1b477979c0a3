import { celUint, isCelUint } from "@bufbuild/cel";
import { getConformanceSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import { TYPE_NAMES } from "../../src/cel/type-names.ts";
import { Duration, Fault, isList, isMap, type MapKey, Timestamp, TypeValue, type Value } from "../../src/cel/value.ts";

type Suite = ReturnType<typeof getConformanceSuite>;
type SimpleTest = Suite["suites"][number]["tests"][number]["original"];
type ProtoValue = Extract<SimpleTest["resultMatcher"], { case: "value" }>["value"];

/** One case of CEL's own conformance data. */
export interface ConformanceCase {
  readonly name: string;
  readonly expression: string;
  readonly bindings: ReadonlyMap<string, Value>;
  /** In the text form of `canonical`, or that evaluation fails. */
  readonly expected: string | "error";
  /** Meant for evaluators that check no types. */
  readonly unchecked: boolean;
}

/** What caveats have no use for: messages, enums, wrappers, containers' name spaces, optionals and extension libraries. */
const FOREIGN_FILES =
  /^(proto2|proto3|enums|dynamic|wrappers|block_ext|type_deduction|optionals|bindings_ext|macros2|math_ext|network_ext|proto2_ext|string_ext|encoders_ext|namespace|plumbing|unknowns)$/;
const FOREIGN_TEXT = /TestAll|google\.(api|protobuf)\.|proto[23]|optional|\.\?|\[\?|cel\.@?b|`/;

/** All cases that fit, and how many were left aside. */
export function conformanceCases(): { readonly cases: readonly ConformanceCase[]; readonly left: number } {
  const cases: ConformanceCase[] = [];
  let left = 0;
  for (const { file, name, test } of flat(getConformanceSuite())) {
    const found =
      FOREIGN_FILES.test(file) || FOREIGN_TEXT.test(test.expr) || test.checkOnly ? undefined : caseOf(name, test);
    if (found === undefined) left++;
    else cases.push(found);
  }
  return { cases, left };
}

function* flat(suite: Suite): Generator<{ file: string; name: string; test: SimpleTest }> {
  for (const file of suite.suites) {
    yield* flatFile(file, file.name, file.name);
  }
}

function* flatFile(
  suite: Suite["suites"][number],
  file: string,
  path: string,
): Generator<{ file: string; name: string; test: SimpleTest }> {
  for (const { name, original } of suite.tests) {
    yield { file, name: `${path}/${name}`, test: original };
  }
  for (const inner of suite.suites) {
    yield* flatFile(inner, file, `${path}/${inner.name}`);
  }
}

function caseOf(name: string, test: SimpleTest): ConformanceCase | undefined {
  const bindings = new Map<string, Value>();
  for (const [variable, { kind }] of Object.entries(test.bindings)) {
    // A name space of the container's, not a parameter.
    if (variable.includes(".")) return undefined;
    const value = kind.case === "value" ? fromProto(kind.value) : undefined;
    if (value === undefined) return undefined;
    bindings.set(variable, value);
  }
  const { resultMatcher: matcher } = test;
  if (matcher.case === "evalError" || matcher.case === "anyEvalErrors") {
    return { name, expression: test.expr, bindings, expected: "error", unchecked: test.disableCheck };
  }
  const value = matcher.case === undefined ? true : matcher.case === "value" ? fromProto(matcher.value) : undefined;
  return value === undefined
    ? undefined
    : { name, expression: test.expr, bindings, expected: canonical(value), unchecked: test.disableCheck };
}

function fromProto({ kind }: ProtoValue): Value | undefined {
  switch (kind.case) {
    case "nullValue":
      return null;
    case "boolValue":
    case "stringValue":
    case "bytesValue":
    case "doubleValue":
    case "int64Value":
      return kind.value;
    case "uint64Value":
      return celUint(kind.value);
    case "typeValue":
      return new TypeValue(TYPE_NAMES.get(kind.value) ?? kind.value);
    case "listValue": {
      const values = kind.value.values.map(fromProto);
      return values.every((value) => value !== undefined) ? values : undefined;
    }
    case "mapValue": {
      const map = new Map<MapKey, Value>();
      for (const entry of kind.value.entries) {
        const key = entry.key && fromProto(entry.key);
        const value = entry.value && fromProto(entry.value);
        if (key === undefined || value === undefined) return undefined;
        map.set((isCelUint(key) ? key.value : key) as MapKey, value);
      }
      return map;
    }
    default:
      return undefined;
  }
}

/** Equal text, equal value and type; keys of maps are int or uint alike. */
export function canonical(value: Value): string {
  if (value instanceof Fault) return "error";
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  if (isMap(value))
    return `{${[...value]
      .map(([key, each]) => `${canonical(key)}:${canonical(each)}`)
      .sort()
      .join(",")}}`;
  if (value instanceof Uint8Array) return `bytes ${[...value].join(" ")}`;
  if (value instanceof TypeValue) return `type ${value.name}`;
  if (isCelUint(value)) return `${value.value}u`;
  if (value instanceof Timestamp) return `timestamp ${value.nanos}`;
  if (value instanceof Duration) return `duration ${value.nanos}`;
  if (typeof value === "number") return `double ${Object.is(value, -0) ? 0 : value}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
