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

/** Turns JSON into values of one type. @throws CoercionError */
export type Coercion = (json: JsonValue) => Value;

/**
 * Numbers of 64 bits beyond 2^53 are given as decimal strings, since JSON numbers have lost their last digits by the time
 * they are read.
 */
export function createCoercion(type: CaveatType): Coercion {
  const convert = conversionOf(type);
  return (json) => convert(json, { path: [], elements: 0 });
}

/** Where in a value a conversion is, and how much of it was seen. */
interface Place {
  readonly path: (string | number)[];
  elements: number;
}

type Conversion = (json: JsonValue, place: Place) => Value;

function conversionOf(type: CaveatType): Conversion {
  if (type.name === "any") {
    return convertAny;
  }
  const element = type.arguments[0] === undefined ? convertAny : conversionOf(type.arguments[0]);
  if (type.name === "list") {
    return (json, place) => (Array.isArray(json) ? convertList(element, json, place) : refuse(type, json, place));
  }
  if (type.name === "map") {
    return (json, place) => (isObject(json) ? convertMap(element, json, place) : refuse(type, json, place));
  }
  const scalar = Object.hasOwn(SCALARS, type.name) ? SCALARS[type.name] : undefined;
  return (json, place) => scalar?.(json) ?? refuse(type, json, place);
}

function convertAny(json: JsonValue, place: Place): Value {
  if (Array.isArray(json)) {
    return convertList(convertAny, json, place);
  }
  return isObject(json) ? convertMap(convertAny, json, place) : (json as Value);
}

function convertList(element: Conversion, json: readonly JsonValue[], place: Place): Value {
  enter(json.length, place);
  return json.map((value, index) => convertAt(element, index, value, place));
}

function convertMap(element: Conversion, json: { readonly [key: string]: JsonValue }, place: Place): Value {
  const entries = Object.entries(json);
  enter(entries.length, place);
  return new Map(entries.map(([key, value]) => [key, convertAt(element, key, value, place)] as const));
}

function convertAt(element: Conversion, at: string | number, json: JsonValue, place: Place): Value {
  place.path.push(at);
  const value = element(json, place);
  place.path.pop();
  return value;
}

function enter(size: number, place: Place): void {
  place.elements += size;
  if (place.path.length >= MAX_VALUE_DEPTH) {
    throw new CoercionError("", `lists and maps are nested more than ${MAX_VALUE_DEPTH} deep`);
  }
  if (place.elements > MAX_VALUE_ELEMENTS) {
    throw new CoercionError("", `it has more than ${MAX_VALUE_ELEMENTS} elements in all`);
  }
}

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

function refuse(type: CaveatType, json: JsonValue, { path }: Place): never {
  const tooLarge = typeof json === "number" && Number.isInteger(json) && !Number.isSafeInteger(json);
  const advice =
    tooLarge && type.name !== "string" ? "; beyond 2^53 write it as a string, since JSON loses digits" : "";
  const example = Object.hasOwn(EXAMPLES, type.name) ? EXAMPLES[type.name] : type.name;
  const where = path.map((at) => `[${typeof at === "number" ? at : quote(at)}]`).join("");
  throw new CoercionError(where.slice(0, MAX_QUOTED), `expected ${example}, found ${describe(json)}${advice}`);
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
