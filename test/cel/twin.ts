import fc from "fast-check";
import type { JsonObject } from "../../src/model/tuple.ts";

export const PARAMETERS = "a int, b int, flag bool, name string, items list<int>, table map<int>";
export const NAMES = ["a", "b", "flag", "name", "items", "table"] as const;

export interface World {
  readonly a: number;
  readonly b: number;
  readonly flag: boolean;
  readonly name: string;
  readonly items: readonly number[];
  readonly table: Readonly<Record<string, number>>;
}

/** An expression with what it means, said in JavaScript over a whole world. Throws where CEL would fail. */
export interface Twin<T> {
  readonly cel: string;
  readonly js: (world: World) => T;
}

class Failure extends Error {}

export const world: fc.Arbitrary<World> = fc.record({
  a: fc.integer({ min: -3, max: 3 }),
  b: fc.integer({ min: -3, max: 3 }),
  flag: fc.boolean(),
  name: fc.constantFrom("", "ab", "abc", "x"),
  items: fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 3 }),
  table: fc.dictionary(fc.constantFrom("k", "j"), fc.integer({ min: -2, max: 2 })),
});

const number: fc.Arbitrary<Twin<number>> = fc.letrec<{ number: Twin<number> }>((tie) => ({
  number: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.integer({ min: -3, max: 3 }).map((value) => ({ cel: `(${value})`, js: () => value })),
    fc.constantFrom<Twin<number>>(
      { cel: "a", js: ({ a }) => a },
      { cel: "b", js: ({ b }) => b },
      { cel: "size(items)", js: ({ items }) => items.length },
      { cel: "name.size()", js: ({ name }) => name.length },
      { cel: "table.k", js: ({ table }) => table["k"] ?? fail() },
      { cel: "items[0]", js: ({ items }) => items[0] ?? fail() },
    ),
    fc
      .tuple(fc.constantFrom("+", "-", "*", "/", "%"), tie("number"), tie("number"))
      .map(([sign, left, right]) => ({ cel: `(${left.cel} ${sign} ${right.cel})`, js: arithmetic(sign, left, right) })),
  ),
})).number;

function fail(): never {
  throw new Failure();
}

function arithmetic(sign: string, left: Twin<number>, right: Twin<number>): (world: World) => number {
  return (given) => {
    const [x, y] = [left.js(given), right.js(given)];
    if ((sign === "/" || sign === "%") && y === 0) return fail();
    const results: Record<string, number> = { "+": x + y, "-": x - y, "*": x * y, "/": Math.trunc(x / y), "%": x % y };
    return results[sign] ?? fail();
  };
}

/** CEL's `&&` and `||` look at both sides: one that fails does not matter when the other decides. */
function logic(deciding: boolean, left: Twin<boolean>, right: Twin<boolean>): (world: World) => boolean {
  return (given) => {
    const sides = [left, right].map((side) => {
      try {
        return side.js(given);
      } catch (error) {
        if (error instanceof Failure) return undefined;
        throw error;
      }
    });
    if (sides.includes(deciding)) return deciding;
    return sides.includes(undefined) ? fail() : !deciding;
  };
}

const COMPARISONS: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  "==": (x, y) => x === y,
  "!=": (x, y) => x !== y,
  "<": (x, y) => x < y,
  ">=": (x, y) => x >= y,
};

export const condition: fc.Arbitrary<Twin<boolean>> = fc.letrec<{ condition: Twin<boolean> }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom<Twin<boolean>>(
      { cel: "flag", js: ({ flag }) => flag },
      { cel: "true", js: () => true },
      { cel: 'name.startsWith("ab")', js: ({ name }) => name.startsWith("ab") },
      { cel: "has(table.k)", js: ({ table }) => table["k"] !== undefined },
      { cel: '"j" in table', js: ({ table }) => table["j"] !== undefined },
      { cel: "a in items", js: ({ a, items }) => items.includes(a) },
      { cel: "items.exists(x, x == b)", js: ({ b, items }) => items.includes(b) },
      { cel: "items.all(x, x > a)", js: ({ a, items }) => items.every((x) => x > a) },
      { cel: "items.exists_one(x, x == 1)", js: ({ items }) => items.filter((x) => x === 1).length === 1 },
      { cel: "items.filter(x, x > 0).size() > 1", js: ({ items }) => items.filter((x) => x > 0).length > 1 },
      {
        cel: "items.map(x, x * 2) == [2, 4]",
        js: ({ items }) => JSON.stringify(items.map((x) => x * 2)) === "[2,4]",
      },
      { cel: "table.all(k, table[k] > 0)", js: ({ table }) => Object.values(table).every((value) => value > 0) },
    ),
    fc.tuple(fc.constantFrom(...Object.keys(COMPARISONS)), number, number).map(([sign, left, right]) => ({
      cel: `${left.cel} ${sign} ${right.cel}`,
      js: (given: World) => COMPARISONS[sign]?.(left.js(given), right.js(given)) ?? fail(),
    })),
    tie("condition").map((inner) => ({ cel: `!(${inner.cel})`, js: (given: World) => !inner.js(given) })),
    fc.tuple(tie("condition"), tie("condition")).map(([left, right]) => ({
      cel: `(${left.cel}) && (${right.cel})`,
      js: logic(false, left, right),
    })),
    fc.tuple(tie("condition"), tie("condition")).map(([left, right]) => ({
      cel: `(${left.cel}) || (${right.cel})`,
      js: logic(true, left, right),
    })),
    fc.tuple(tie("condition"), tie("condition"), tie("condition")).map(([test, then, otherwise]) => ({
      cel: `((${test.cel}) ? (${then.cel}) : (${otherwise.cel}))`,
      js: (given: World) => (test.js(given) ? then.js(given) : otherwise.js(given)),
    })),
  ),
})).condition;

export function answerOf({ js }: Twin<boolean>, given: World): string {
  try {
    return String(js(given));
  } catch (error) {
    if (error instanceof Failure) return "failed";
    throw error;
  }
}

export function pick(given: World, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name))) as JsonObject;
}
