import type { CaveatType } from "../model/schema.ts";

/** A type as the checker knows it. `any` is decided at run time; `nothing` is the element of an empty list or map. */
export interface StaticType {
  readonly name: string;
  /** Of a list its element, of a map its key and its value. */
  readonly arguments: readonly StaticType[];
}

export const ANY = simple("any");
export const BOOL = simple("bool");
export const INT = simple("int");
export const STRING = simple("string");
export const NOTHING = simple("nothing");

export function simple(name: string): StaticType {
  return { name, arguments: [] };
}

export function listOf(element: StaticType): StaticType {
  return { name: "list", arguments: [element] };
}

export function mapOf(key: StaticType, value: StaticType): StaticType {
  return { name: "map", arguments: [key, value] };
}

const DECLARED = new Set("any bool bytes double duration int ipaddress string timestamp uint".split(" "));

/** Of a declared parameter. A map's keys are strings, since they come from JSON; what is no type is told elsewhere. */
export function typeOfParameter({ name, arguments: types }: CaveatType): StaticType {
  const [element = ANY] = types.map(typeOfParameter);
  if (name === "list") return listOf(element);
  return name === "map" ? mapOf(STRING, element) : DECLARED.has(name) ? simple(name) : ANY;
}

/** `list<int>`; maps with keys that are strings are written as parameters are, `map<int>`. */
export function formatType({ name, arguments: types }: StaticType): string {
  if (name === "nothing") return "any";
  const shown = name === "map" && types[0]?.name === "string" ? types.slice(1) : types;
  return shown.length === 0 ? name : `${name}<${shown.map(formatType).join(", ")}>`;
}

const NUMBERS = new Set(["int", "uint", "double"]);

export function isNumber({ name }: StaticType): boolean {
  return NUMBERS.has(name);
}

/** Known only when it runs, or not to be known. */
export function isOpen({ name }: StaticType): boolean {
  return name === "any" || name === "nothing";
}

/** What cel-go lets one compare with null, though no parameter of these types ever is. */
const NULLABLE = new Set(["timestamp", "duration", "ipaddress"]);

/** Values of both can be equal: the same type, two kinds of number, or open. */
export function canBeEqual(a: StaticType, b: StaticType): boolean {
  if (isOpen(a) || isOpen(b) || (isNumber(a) && isNumber(b))) return true;
  if ((a.name === "null" && NULLABLE.has(b.name)) || (b.name === "null" && NULLABLE.has(a.name))) return true;
  return a.name === b.name && a.arguments.every((type, index) => canBeEqual(type, b.arguments[index] ?? ANY));
}

/** The type of a place where values of both come together; undefined where that makes no sense. */
export function join(a: StaticType, b: StaticType): StaticType | undefined {
  if (a.name === "nothing") return b;
  if (b.name === "nothing") return a;
  if (isOpen(a) || isOpen(b) || (isNumber(a) && isNumber(b) && a.name !== b.name)) return ANY;
  if (a.name !== b.name) return undefined;
  return { name: a.name, arguments: a.arguments.map((type, index) => join(type, b.arguments[index] ?? ANY) ?? ANY) };
}
