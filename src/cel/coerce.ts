import { celUint } from "@bufbuild/cel";
import type { CaveatType } from "../model/schema.ts";
import type { JsonValue } from "../model/tuple.ts";
import { parseDuration, parseTimestamp } from "./instant.ts";
import { parseIpAddress } from "./ip-address.ts";
import type { Value } from "./value.ts";

/** Nesting of lists and maps in one value; nothing that a person means is deeper. */
export const MAX_VALUE_DEPTH = 32;
/** Elements of all lists and maps of one value, nested ones counted. */
export const MAX_VALUE_ELEMENTS = 20_000;

/** Why a JSON value is not of a type: `expected int, found "x"`, with the place inside the value when it is nested. */
export class CoercionError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * A JSON value as a value of a parameter's type. Numbers of 64 bits beyond 2^53 are given as decimal strings, since JSON
 * numbers have lost their last digits by the time they are read.
 * @throws CoercionError
 */
export function coerce(type: CaveatType, json: JsonValue): Value {
  let elements = 0;

  function convert(expected: CaveatType, value: JsonValue, path: string, depth: number): Value {
    if (expected.name === "any") {
      return convertAny(value, path, depth);
    }
    const [element = ANY] = expected.arguments;
    if (expected.name === "list") {
      return Array.isArray(value) ? convertList(element, value, path, depth) : refuse(expected, value, path);
    }
    if (expected.name === "map") {
      return isObject(value) ? convertMap(element, value, path, depth) : refuse(expected, value, path);
    }
    const converted = (Object.hasOwn(SCALARS, expected.name) ? SCALARS[expected.name] : undefined)?.(value);
    return converted === undefined ? refuse(expected, value, path) : converted;
  }

  function convertAny(value: JsonValue, path: string, depth: number): Value {
    if (Array.isArray(value)) {
      return convertList(ANY, value, path, depth);
    }
    return isObject(value) ? convertMap(ANY, value, path, depth) : (value as Value);
  }

  function convertList(element: CaveatType, values: readonly JsonValue[], path: string, depth: number): Value {
    enter(values.length, path, depth);
    return values.map((value, index) => convert(element, value, `${path}[${index}]`, depth + 1));
  }

  function convertMap(element: CaveatType, object: { readonly [key: string]: JsonValue }, path: string, depth: number) {
    const entries = Object.entries(object);
    enter(entries.length, path, depth);
    return new Map(
      entries.map(([key, value]) => [key, convert(element, value, `${path}[${quote(key)}]`, depth + 1)] as const),
    );
  }

  function enter(size: number, path: string, depth: number): void {
    elements += size;
    if (depth >= MAX_VALUE_DEPTH) {
      throw new CoercionError(path.slice(0, MAX_QUOTED), `lists and maps are nested more than ${MAX_VALUE_DEPTH} deep`);
    }
    if (elements > MAX_VALUE_ELEMENTS) {
      throw new CoercionError(path.slice(0, MAX_QUOTED), `it has more than ${MAX_VALUE_ELEMENTS} elements`);
    }
  }

  return convert(type, json, "", 0);
}

const ANY: CaveatType = { name: "any", arguments: [] };

/** By type name: the value, or undefined when the JSON is not of the type. */
const SCALARS: Readonly<Record<string, (json: JsonValue) => Value | undefined>> = {
  bool: (json) => (typeof json === "boolean" ? json : undefined),
  string: (json) => (typeof json === "string" ? json : undefined),
  int: (json) => integer(json, -(2n ** 63n), 2n ** 63n - 1n),
  uint: (json) => {
    const number = integer(json, 0n, 2n ** 64n - 1n);
    return number === undefined ? undefined : celUint(number);
  },
  double,
  bytes,
  duration: (json) => (typeof json === "string" ? parseDuration(json) : undefined),
  timestamp: (json) => (typeof json === "string" ? parseTimestamp(json) : undefined),
  ipaddress: (json) => (typeof json === "string" ? parseIpAddress(json) : undefined),
};

/** What a value of each type looks like, for messages. */
const EXAMPLES: Readonly<Record<string, string>> = {
  int: "int, a whole number or one in a string",
  uint: "uint, a whole number from 0 or one in a string",
  double: "double, a number or one in a string",
  bytes: 'bytes, a string in base64 such as "aGk="',
  duration: 'duration, such as "1h30m"',
  timestamp: 'timestamp, such as "2026-01-31T09:00:00Z"',
  ipaddress: 'ipaddress, such as "10.0.0.1" or "2001:db8::1"',
};

function integer(json: JsonValue, min: bigint, max: bigint): bigint | undefined {
  let number: bigint | undefined;
  if (typeof json === "number" && Number.isSafeInteger(json)) {
    number = BigInt(json);
  } else if (typeof json === "string" && /^[+-]?[0-9]{1,20}$/.test(json)) {
    number = BigInt(json.replace("+", ""));
  }
  return number !== undefined && number >= min && number <= max ? number : undefined;
}

function double(json: JsonValue): number | undefined {
  const isDecimal = typeof json === "string" && /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$/.test(json);
  const number = isDecimal ? Number(json) : json;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** Padded base64 of the standard alphabet, exactly. */
function bytes(json: JsonValue): Uint8Array | undefined {
  if (typeof json !== "string" || !/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(json)) {
    return undefined;
  }
  return Uint8Array.from(atob(json), (character) => character.charCodeAt(0));
}

function refuse(type: CaveatType, json: JsonValue, path: string): never {
  const tooLarge = typeof json === "number" && Number.isInteger(json) && !Number.isSafeInteger(json);
  const advice =
    tooLarge && type.name !== "string" ? "; beyond 2^53 write it as a string, since JSON loses digits" : "";
  throw new CoercionError(
    path.slice(0, MAX_QUOTED),
    `expected ${Object.hasOwn(EXAMPLES, type.name) ? EXAMPLES[type.name] : type.name}, found ${describe(json)}${advice}`,
  );
}

/** Values can be long, and they are the caller's: this much is repeated. */
const MAX_QUOTED = 60;

function describe(json: JsonValue): string {
  if (Array.isArray(json)) return "a list";
  if (isObject(json)) return "an object";
  return typeof json === "string" ? quote(json) : String(json);
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

function isObject(json: JsonValue): json is { readonly [key: string]: JsonValue } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
