import type { CelUint } from "@bufbuild/cel";
import type { IpAddress } from "./ip-address.ts";

/** What an expression can come to. Lists and maps are plain, everything of them is frozen by convention. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | Timestamp
  | Duration
  | TypeValue
  | IpAddress
  | readonly Value[]
  | ValueMap
  | Unknown
  | Fault;

/** Keys that are unsigned are kept as the int of the same value, which CEL holds to be equal. */
export type ValueMap = ReadonlyMap<MapKey, Value>;
export type MapKey = string | bigint | boolean;

/** Nanoseconds since the epoch, from the year 1 to 9999 as in CEL. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A length of time in nanoseconds, of 64 bits as in CEL: some 292 years either way. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A type as a value, from `type(x)` or by its name. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Depends on parameters that nobody gave. */
export class Unknown {
  /** Sorted, each once. */
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** An evaluation error, as a value: `false && 1/0 > 0` is false. */
export class Fault {
  readonly message: string;
  /** The same without a value: values written on tuples are for those who may read tuples. */
  readonly discreet: string;

  constructor(message: string, discreet: string = message) {
    this.message = message;
    this.discreet = discreet;
  }
}

export function mergeUnknowns(a: Unknown, b: Unknown): Unknown {
  return a === b ? a : new Unknown([...new Set([...a.names, ...b.names])].sort());
}

/** What a strict function makes of arguments one of which is no proper value; undefined when all are. Unknown goes before error. */
export function abnormal(values: readonly Value[]): Unknown | Fault | undefined {
  let found: Unknown | Fault | undefined;
  for (const value of values) {
    if (value instanceof Unknown) {
      found = found instanceof Unknown ? mergeUnknowns(found, value) : value;
    } else if (value instanceof Fault) {
      found ??= value;
    }
  }
  return found;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ValueMap {
  return value instanceof Map;
}
