import { isCelUint } from "@bufbuild/cel";
import type { Budget } from "./budget.ts";
import { writtenName } from "./expression.ts";
import { IpAddress } from "./ip-address.ts";
import { Duration, Fault, isList, isMap, Timestamp, type Value } from "./value.ts";

/** A strict function: its arguments, the target first, hold neither unknowns nor faults. */
export type StrictFunction = (values: readonly Value[], budget: Budget) => Value;

export function noOverload(name: string, values: readonly Value[]): Fault {
  return new Fault(`"${writtenName(name)}" does not work on ${values.map(typeNameOf).join(" and ")}`);
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
  if (value instanceof Timestamp) return "timestamp";
  if (value instanceof Duration) return "duration";
  return isCelUint(value) ? "uint" : "type";
}
