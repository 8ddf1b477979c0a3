import { type CelValue, celEnv, isCelError, isCelUint } from "@bufbuild/cel";
import { writtenName } from "./expression.ts";
import { IpAddress } from "./ip-address.ts";
import { Fault, type Instant, isList, isMap, TypeValue, Unknown, type Value } from "./value.ts";

/** The standard functions of CEL as the library has them, conformant for scalars; lists and maps are handled here. */
const FUNCTIONS = celEnv().funcs;

/** Calls a standard function on scalars, timestamps and durations. Never throws. */
export function callLibrary(name: string, target: Value | undefined, values: readonly Value[]): Value {
  const all = target === undefined ? values : [target, ...values];
  const group = FUNCTIONS.find(name);
  if (group === undefined || !all.every(isLibraryValue)) {
    return noOverload(name, all);
  }
  try {
    const result = group.call(0, target as CelValue | undefined, values as unknown as CelValue[]);
    if (result === undefined) {
      return noOverload(name, all);
    }
    return isCelError(result) ? new Fault(result.message) : (result as unknown as Value);
  } catch (error) {
    return new Fault(error instanceof Error ? error.message : String(error));
  }
}

export function noOverload(name: string, values: readonly Value[]): Fault {
  return new Fault(`"${writtenName(name)}" does not work on ${values.map(typeNameOf).join(" and ")}`);
}

/** Timestamps and durations are made by the library's own conversions; undefined when the text is neither. */
export function parseInstant(type: "timestamp" | "duration", text: string): Instant | undefined {
  const value = callLibrary(type, undefined, [text]);
  return isInstant(value) ? value : undefined;
}

export function isInstant(value: Value): value is Instant {
  return typeof value === "object" && value !== null && "desc" in value && "message" in value;
}

/** As in messages, and as `type(x)` has it. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
  }
  if (value === null) return "null";
  if (isList(value)) return "list";
  if (isMap(value)) return "map";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof IpAddress) return "ipaddress";
  if (isCelUint(value)) return "uint";
  if (isInstant(value)) return value.desc.typeName === "google.protobuf.Duration" ? "duration" : "timestamp";
  return "type";
}

function isLibraryValue(value: Value): boolean {
  return !(
    isList(value) ||
    isMap(value) ||
    value instanceof IpAddress ||
    value instanceof TypeValue ||
    value instanceof Unknown ||
    value instanceof Fault
  );
}
