import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/tuple.ts";
import { describeResult, programOf } from "./program.ts";

const PARAMETERS = "a int, b int, flag bool, name string, list list<int>, map map<int>";
const NAMES = ["a", "b", "flag", "name", "list", "map"] as const;

interface World {
  readonly a: number;
  readonly b: number;
  readonly flag: boolean;
  readonly name: string;
  readonly list: readonly number[];
  readonly map: Readonly<Record<string, number>>;
}

/** An expression with what it means, said in JavaScript over a whole world. Throws where CEL would fail. */
interface Twin<T> {
  readonly cel: string;
  readonly js: (world: World) => T;
}

class Failure extends Error {}

const world: fc.Arbitrary<World> = fc.record({
  a: fc.integer({ min: -3, max: 3 }),
  b: fc.integer({ min: -3, max: 3 }),
  flag: fc.boolean(),
  name: fc.constantFrom("", "ab", "abc", "x"),
  list: fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom("k", "j"), fc.integer({ min: -2, max: 2 })),
});

const number: fc.Arbitrary<Twin<number>> = fc.letrec<{ number: Twin<number> }>((tie) => ({
  number: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.integer({ min: -3, max: 3 }).map((value) => ({ cel: `(${value})`, js: () => value })),
    fc.constantFrom<Twin<number>>(
      { cel: "a", js: ({ a }) => a },
      { cel: "b", js: ({ b }) => b },
      { cel: "size(list)", js: ({ list }) => list.length },
      { cel: "name.size()", js: ({ name }) => name.length },
      { cel: "map.k", js: ({ map }) => map["k"] ?? fail() },
      { cel: "list[0]", js: ({ list }) => list[0] ?? fail() },
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

const condition: fc.Arbitrary<Twin<boolean>> = fc.letrec<{ condition: Twin<boolean> }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom<Twin<boolean>>(
      { cel: "flag", js: ({ flag }) => flag },
      { cel: "true", js: () => true },
      { cel: 'name.startsWith("ab")', js: ({ name }) => name.startsWith("ab") },
      { cel: "has(map.k)", js: ({ map }) => map["k"] !== undefined },
      { cel: '"j" in map', js: ({ map }) => map["j"] !== undefined },
      { cel: "a in list", js: ({ a, list }) => list.includes(a) },
      { cel: "list.exists(x, x == b)", js: ({ b, list }) => list.includes(b) },
      { cel: "list.all(x, x > a)", js: ({ a, list }) => list.every((x) => x > a) },
      { cel: "list.exists_one(x, x == 1)", js: ({ list }) => list.filter((x) => x === 1).length === 1 },
      { cel: "list.filter(x, x > 0).size() > 1", js: ({ list }) => list.filter((x) => x > 0).length > 1 },
      {
        cel: "list.map(x, x * 2) == [2, 4]",
        js: ({ list }) => JSON.stringify(list.map((x) => x * 2)) === "[2,4]",
      },
      { cel: "map.all(k, map[k] > 0)", js: ({ map }) => Object.values(map).every((value) => value > 0) },
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

function compiled({ cel }: Twin<boolean>) {
  return programOf(PARAMETERS, cel);
}

function answerOf({ js }: Twin<boolean>, given: World): string {
  try {
    return String(js(given));
  } catch (error) {
    if (error instanceof Failure) return "failed";
    throw error;
  }
}

function pick(given: World, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name))) as JsonObject;
}

function short(text: string): string {
  return text.startsWith("CAVEAT_EVALUATION_FAILED") ? "failed" : text;
}

describe("random expressions", () => {
  test("with everything given say what JavaScript says", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(condition, world, fc.subarray([...NAMES]), (twin, given, written) => {
        const rest = NAMES.filter((name) => !written.includes(name));
        const result = short(describeResult(compiled(twin).evaluate(pick(given, written), pick(given, rest))));
        seen.set(result, (seen.get(result) ?? 0) + 1);
        expect(result).toBe(answerOf(twin, given));
      }),
      { numRuns: 800 },
    );
    // The test would show nothing if nearly all came out the same.
    for (const outcome of ["true", "false", "failed"]) expect(seen.get(outcome) ?? 0).toBeGreaterThan(30);
  });

  test("what is decided stays decided whatever else is given, and the missing names suffice to decide", () => {
    let decided = 0;
    let missing = 0;
    fc.assert(
      fc.property(condition, world, fc.subarray([...NAMES]), (twin, given, names) => {
        const program = compiled(twin);
        const part = program.evaluate({}, pick(given, names));
        const whole = answerOf(twin, given);
        if (part.kind === "true" || part.kind === "false") {
          decided++;
          expect(part.kind).toBe(whole);
        } else if (part.kind === "failed") {
          expect(whole).toBe("failed");
        } else {
          missing++;
          expect(part.names.length).toBeGreaterThan(0);
          expect(part.names.filter((name) => names.some((each) => each === name))).toEqual([]);
          expect(part.names).toEqual(part.names.toSorted());
        }
      }),
      { numRuns: 800 },
    );
    expect(decided).toBeGreaterThan(80);
    expect(missing).toBeGreaterThan(80);
  });

  test("giving what is named, again and again, ends in a decision", () => {
    fc.assert(
      fc.property(condition, world, (twin, given) => {
        const program = compiled(twin);
        const names: string[] = [];
        for (let round = 0; round <= NAMES.length; round++) {
          const result = program.evaluate({}, pick(given, names));
          if (result.kind !== "missing") {
            expect(short(describeResult(result))).toBe(answerOf(twin, given));
            return;
          }
          names.push(...result.names);
        }
        throw new Error("still missing with everything given");
      }),
      { numRuns: 500 },
    );
  });
});
