import { isCelUint } from "@bufbuild/cel";
import type { Budget } from "./budget.ts";
import { equals, isSubtree, mapKeyOf } from "./equality.ts";
import { writtenName } from "./expression.ts";
import {
  durationOf,
  floorDivide,
  formatDuration,
  formatTimestamp,
  NANOS_PER_SECOND,
  parseDuration,
  parseTimestamp,
  timestampOf,
} from "./instant.ts";
import { IpAddress, networkContains, parseNetwork } from "./ip-address.ts";
import { callLibrary } from "./library.ts";
import { noOverload, type StrictFunction, typeNameOf } from "./overload.ts";
import { TIME_METHODS } from "./time-methods.ts";
import { Duration, Fault, isList, isMap, Timestamp, TypeValue, type Value } from "./value.ts";

/**
 * What is done here and not by the library: everything of lists, maps and addresses, and the operators that caveats use
 * most, for speed (a comparison of ints takes 20 ns here and 400 ns there).
 */
const OWN: ReadonlyMap<string, StrictFunction> = new Map<string, StrictFunction>([
  ["_==_", ([a = null, b = null], budget) => equals(a, b, budget)],
  ["_!=_", ([a = null, b = null], budget) => !equals(a, b, budget)],
  ["_<_", (values) => compare("_<_", values, (order) => order < 0)],
  ["_<=_", (values) => compare("_<=_", values, (order) => order <= 0)],
  ["_>_", (values) => compare("_>_", values, (order) => order > 0)],
  ["_>=_", (values) => compare("_>=_", values, (order) => order >= 0)],
  ["_+_", add],
  ["_-_", (values) => arithmetic("_-_", values)],
  ["_*_", (values) => arithmetic("_*_", values)],
  ["_/_", (values) => arithmetic("_/_", values)],
  ["_%_", (values) => arithmetic("_%_", values)],
  ["!_", ([value = null]) => (typeof value === "boolean" ? !value : noOverload("!", [value]))],
  ["@in", isIn],
  ["_[_]", ([container = null, index = null]) => elementOf(container, index)],
  ["size", size],
  ["in_cidr", inCidr],
  ["isSubtreeOf", isSubtreeOf],
  ["matches", matches],
  ["type", ([value = null]) => new TypeValue(typeNameOf(value))],
  ["dyn", ([value = null]) => value],
  ["timestamp", toTimestamp],
  ["duration", toDuration],
  ["int", toInt],
  ["string", toText],
  ...TIME_METHODS,
]);

/** The function of a call; `isMethod` when it is written `target.name(…)`, the target being the first value. */
export function functionOf(name: string, isMethod: boolean): StrictFunction {
  const own = OWN.get(name);
  if (own !== undefined) {
    return own;
  }
  return (values, budget) => {
    budget.spend(1 + textLength(values));
    return isMethod ? callLibrary(name, values[0], values.slice(1)) : callLibrary(name, undefined, values);
  };
}

/** In steps of 64 characters. */
function textLength(values: readonly Value[]): number {
  let length = 0;
  for (const value of values) {
    length += typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
  }
  return length >> 6;
}

function compare(name: string, values: readonly Value[], holds: (order: number) => boolean): Value {
  const [a = null, b = null] = values;
  if ((typeof a === "bigint" && typeof b === "bigint") || (typeof a === "number" && typeof b === "number")) {
    return a < b ? holds(-1) : a > b ? holds(1) : a === b && holds(0);
  }
  if (typeof a === "string" && typeof b === "string") {
    return holds(compareText(a, b));
  }
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration)) {
    return holds(Number(a.nanos > b.nanos) - Number(a.nanos < b.nanos));
  }
  return callLibrary(name, undefined, values);
}

/** By code points, as in UTF-8 and unlike UTF-16, where U+FFFF sorts after U+10000. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) {
      const [leftPair, rightPair] = [left >= 0xd800 && left <= 0xdfff, right >= 0xd800 && right <= 0xdfff];
      return leftPair === rightPair ? left - right : leftPair ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** An int with a uint gives an int: a parameter of type uint is counted up and down with plain literals. */
function arithmetic(name: string, values: readonly Value[]): Value {
  const [a = null, b = null] = values;
  if (isTime(a) && isTime(b)) {
    return timeArithmetic(name, a, b);
  }
  if (typeof a === "bigint") {
    return typeof b === "bigint"
      ? intArithmetic(name, a, b)
      : isCelUint(b)
        ? intArithmetic(name, a, b.value)
        : noOverload(name, values);
  }
  return isCelUint(a) && typeof b === "bigint" ? intArithmetic(name, a.value, b) : callLibrary(name, undefined, values);
}

function intArithmetic(name: string, a: bigint, b: bigint): Value {
  if (b === 0n && (name === "_/_" || name === "_%_")) {
    return new Fault("division by zero");
  }
  const result = OPERATIONS.get(name)?.(a, b) ?? 0n;
  return BigInt.asIntN(64, result) === result
    ? result
    : new Fault(`the result of "${writtenName(name)}" is no int of 64 bits`);
}

const OPERATIONS: ReadonlyMap<string, (a: bigint, b: bigint) => bigint> = new Map([
  ["_+_", (a, b) => a + b],
  ["_-_", (a, b) => a - b],
  ["_*_", (a, b) => a * b],
  ["_/_", (a, b) => a / b],
  ["_%_", (a, b) => a % b],
]);

function isTime(value: Value): value is Timestamp | Duration {
  return value instanceof Timestamp || value instanceof Duration;
}

function timeArithmetic(name: string, a: Timestamp | Duration, b: Timestamp | Duration): Value {
  const points = Number(a instanceof Timestamp) + Number(b instanceof Timestamp);
  if (name === "_+_" && points < 2) {
    return points === 1 ? timestampOf(a.nanos + b.nanos) : durationOf(a.nanos + b.nanos);
  }
  // From a duration no point in time can be taken.
  if (name === "_-_" && !(points === 1 && b instanceof Timestamp)) {
    return points === 1 ? timestampOf(a.nanos - b.nanos) : durationOf(a.nanos - b.nanos);
  }
  return noOverload(name, [a, b]);
}

function add(values: readonly Value[], budget: Budget): Value {
  const [a = null, b = null] = values;
  if (isList(a) && isList(b)) {
    budget.spend(a.length + b.length);
    return [...a, ...b];
  }
  budget.spend(textLength(values));
  return arithmetic("_+_", values);
}

function isIn(values: readonly Value[], budget: Budget): Value {
  const [value = null, container = null] = values;
  if (isMap(container)) {
    const key = mapKeyOf(value);
    return key !== undefined && container.has(key);
  }
  return isList(container) ? container.some((element) => equals(element, value, budget)) : noOverload("in", values);
}

/** `list[0]`, `map["key"]`. */
export function elementOf(container: Value, index: Value): Value {
  const key = mapKeyOf(index);
  if (isMap(container)) {
    const found = key === undefined ? undefined : container.get(key);
    return found === undefined ? new Fault(`no such key: ${shown(index)}`, "no such key") : found;
  }
  if (isList(container) && typeof key === "bigint") {
    const found = key >= 0n && key < container.length ? container[Number(key)] : undefined;
    return found === undefined
      ? new Fault(`index ${key} is outside of a list of ${container.length}`, "an index is outside of its list")
      : found;
  }
  return noOverload("[]", [container, index]);
}

function size(values: readonly Value[]): Value {
  const [value = null] = values;
  if (isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(value.size) : callLibrary("size", undefined, values);
}

function inCidr(values: readonly Value[]): Value {
  const [address = null, text = null] = values;
  if (!(address instanceof IpAddress) || typeof text !== "string") {
    return noOverload("in_cidr", values);
  }
  const network = parseNetwork(text);
  return network === undefined ? notA('network, such as "10.0.0.0/8"', text) : networkContains(network, address);
}

function isSubtreeOf(values: readonly Value[], budget: Budget): Value {
  const [inner = null, outer = null] = values;
  return isMap(inner) && isMap(outer) ? isSubtree(inner, outer, budget) : noOverload("isSubtreeOf", values);
}

/** RE2 takes time in proportion to both, and 4 µs a character to compile a pattern. */
function matches(values: readonly Value[], budget: Budget): Value {
  const [text = null, pattern = null] = values;
  if (typeof text === "string" && typeof pattern === "string") {
    budget.spend(50 + pattern.length * 8 + ((text.length * pattern.length) >> 4));
  }
  return callLibrary("matches", text, [pattern]);
}

/** Texts are parsed; an int is seconds since the epoch, or as in cel-go the nanoseconds of a duration. */
function toTimestamp(values: readonly Value[]): Value {
  const [value = null] = values;
  if (typeof value === "bigint") return timestampOf(value * NANOS_PER_SECOND);
  if (value instanceof Timestamp) return value;
  if (typeof value !== "string") return noOverload("timestamp", values);
  return parseTimestamp(value) ?? notA('timestamp, such as "2026-01-31T09:00:00Z"', value);
}

function toDuration(values: readonly Value[]): Value {
  const [value = null] = values;
  if (typeof value === "bigint") return durationOf(value);
  if (value instanceof Duration) return value;
  if (typeof value !== "string") return noOverload("duration", values);
  return parseDuration(value) ?? notA('duration, such as "1h30m"', value);
}

function toInt([value = null]: readonly Value[]): Value {
  if (value instanceof Timestamp) return floorDivide(value.nanos, NANOS_PER_SECOND);
  return value instanceof Duration ? value.nanos : callLibrary("int", undefined, [value]);
}

function toText([value = null]: readonly Value[]): Value {
  if (value instanceof Timestamp) return formatTimestamp(value);
  return value instanceof Duration ? formatDuration(value) : callLibrary("string", undefined, [value]);
}

function notA(what: string, value: string): Fault {
  return new Fault(`${shown(value)} is not a ${what}`, `a text is not a ${what}`);
}

function shown(value: Value): string {
  const text = typeof value === "string" ? JSON.stringify(value) : isCelUint(value) ? `${value.value}` : `${value}`;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
