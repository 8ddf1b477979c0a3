import { isCelUint } from "@bufbuild/cel";
import type { Budget } from "./budget.ts";
import { IpAddress } from "./ip-address.ts";
import { Duration, isList, isMap, type MapKey, Timestamp, TypeValue, type Value, type ValueMap } from "./value.ts";

/**
 * CEL's `==`: numbers by value whatever their type, lists and maps by their elements, values of different types are unequal.
 * Neither side holds unknowns or faults.
 */
export function equals(a: Value, b: Value, budget: Budget): boolean {
  if (a === b) return true;
  budget.spend(1);
  const [left, right] = [isCelUint(a) ? a.value : a, isCelUint(b) ? b.value : b];
  if (typeof left === "bigint" || typeof left === "number") {
    // Ordering compares a bigint and a number by their exact values, as === does not; NaN is in no order, and unequal.
    return (typeof right === "bigint" || typeof right === "number") && left <= right && left >= right;
  }
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) return left === right;
  if (isList(left)) return isList(right) && equalLists(left, right, budget);
  if (isMap(left)) return isMap(right) && equalMaps(left, right, budget);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && equalBytes(left, right, budget);
  if (left instanceof IpAddress) return right instanceof IpAddress && left.equals(right);
  if (left instanceof TypeValue) return right instanceof TypeValue && left.name === right.name;
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanos === right.nanos;
  return left instanceof Duration && right instanceof Duration && left.nanos === right.nanos;
}

/** The key a value stands for in maps; undefined for what can be no key. */
export function mapKeyOf(value: Value): MapKey | undefined {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
  if (isCelUint(value)) return value.value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
}

/** Every entry of `inner` is in `outer`; where both have a map, the same holds for these. */
export function isSubtree(inner: ValueMap, outer: ValueMap, budget: Budget): boolean {
  for (const [key, value] of inner) {
    budget.spend(1);
    const other = outer.get(key);
    if (other === undefined) return false;
    const holds = isMap(value) ? isMap(other) && isSubtree(value, other, budget) : equals(value, other, budget);
    if (!holds) return false;
  }
  return true;
}

function equalLists(a: readonly Value[], b: readonly Value[], budget: Budget): boolean {
  return a.length === b.length && a.every((value, index) => equals(value, b[index] ?? null, budget));
}

function equalMaps(a: ValueMap, b: ValueMap, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !equals(value, other, budget)) return false;
  }
  return true;
}

function equalBytes(a: Uint8Array, b: Uint8Array, budget: Budget): boolean {
  budget.spend(a.length >> 6);
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
