import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCaveat } from "../../src/cel/compile-caveat.ts";
import type { JsonObject, JsonValue } from "../../src/model/tuple.ts";
import { outcomeOf, parametersOf, problemsOf, programOf } from "./program.ts";

/** Generous: a busy machine takes 50 ms for the worst of these. */
const MAX_MS = 3_000;

function timed<T>(run: () => T): T {
  const startedAt = performance.now();
  const result = run();
  expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
  return result;
}

function nested(depth: number, wrap: (inner: JsonValue) => JsonValue): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const numbers = Array.from({ length: 20_000 }, (_, index) => index);

describe("hostile contexts", () => {
  test.each([
    ["lists", nested(10_000, (inner) => [inner])],
    ["objects", nested(10_000, (inner) => ({ a: inner }))],
    ["prototypes", JSON.parse(`${'{"__proto__":'.repeat(2_000)}1${"}".repeat(2_000)}`)],
  ])("thousands of nested %s are refused, not followed", (_, value) => {
    const program = programOf("x any", "x == x && x != 1");
    const outcome = timed(() => outcomeOf(program, { x: value }));
    expect(outcome).toContain("lists and maps are nested more than 32 deep");
  });

  test("a long list is refused by its length", () => {
    const program = programOf("x list<int>", "size(x) > 0");
    expect(outcomeOf(program, { x: numbers })).toBe("true");
    expect(outcomeOf(program, { x: [...numbers, 1] })).toContain("it has more than 20000 elements in all");
    const halves = programOf("x list<list<int>>", "size(x) > 0");
    expect(outcomeOf(halves, { x: [numbers.slice(1), numbers] })).toContain("it has more than 20000 elements in all");
  });

  test("keys of Object.prototype are no parameters and no values", () => {
    const program = programOf("x int, constructor int", "x == 1 && constructor == 2");
    expect(outcomeOf(program, JSON.parse('{"__proto__":{"x":1},"x":1}'))).toBe("missing constructor");
    expect(outcomeOf(program, JSON.parse('{"__proto__":{"x":1}}'))).toBe("missing constructor, x");
    expect(outcomeOf(program, { x: 1, constructor: 2 })).toBe("true");
    expect(() => program.validateWritten(JSON.parse('{"__proto__":1}'))).toThrow('no parameter "__proto__"');
    expect(() => program.validateWritten({ toString: 1 } as unknown as JsonObject)).toThrow('no parameter "toString"');
  });

  test.each<[string, string, JsonObject]>([
    ["l list<int>", "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))", { l: numbers }],
    ["l list<int>", `l.all(a, ${Array(200).fill("size(string(a)) > 0").join(" && ")})`, { l: numbers }],
    ["l list<int>", "l.map(a, l + l).size() > 0", { l: numbers }],
    ["l list<int>", "l.all(a, a in l || true) && l.exists(a, !(a in l))", { l: numbers }],
    ["l list<any>", "l.all(a, l == l) && l.exists(a, l.map(b, b) != l)", { l: numbers }],
    ["s string, p string", "s.matches(p)", { s: "a".repeat(1_000_000), p: "(a*)*b" }],
    ["s string, p string", "s.matches(p)", { s: "a", p: "(x+x+)+y".repeat(10_000) }],
    [
      "l list<string>",
      'l.all(z, timestamp("2026-01-01T00:00:00Z").getHours(z) >= 0)',
      { l: numbers.map(() => "eUROPE/berlin") },
    ],
    ["s string", doubled("s", "x + x", 60), { s: "a".repeat(1_000) }],
    ["l list<int>", doubled("l", "x + x", 60), { l: numbers }],
    ["l list<int>", doubled("l", "[x, x]", 60), { l: [1] }],
    ["m map<any>, n map<any>", "m.all(k, m.isSubtreeOf(n))", { m: wide(4_000), n: wide(4_000) }],
  ])("%s: %s costs too much and says so", (parameters, expression, context) => {
    const program = programOf(parameters, expression);
    expect(timed(() => outcomeOf(program, context))).toBe(
      'CAVEAT_EVALUATION_FAILED: caveat "sample" cannot be evaluated: it takes more than 100000 steps; give it shorter lists or texts',
    );
  });
});

/** Nothing of it is long, and its value has 2^times elements. */
function doubled(start: string, twice: string, times: number): string {
  let text = start;
  for (let count = 0; count < times; count++) text = `[${text}].map(x, ${twice})[0]`;
  return `${text} == ${text.replace(start, `[${start}].map(x, x)[0]`)}`;
}

function wide(size: number): JsonObject {
  return Object.fromEntries(Array.from({ length: size }, (_, index) => [`key${index}`, index]));
}

describe("hostile expressions", () => {
  test.each([
    ["a sum", `${"a + ".repeat(24_000)}1 > 0`],
    ["a conjunction", `${"a > 0 && ".repeat(11_000)}true`],
    ["signs", `${"!".repeat(99_000)}true`],
    ["fields", `a${".b".repeat(49_000)}`],
    ["choices", `a > 0${" ? true : false".repeat(6_000)}`],
    ["open parentheses", "(".repeat(99_000)],
    ["open lists", "[1,".repeat(33_000)],
    ["closed parentheses", `${"(".repeat(49_000)}a > 0${")".repeat(49_000)}`],
    ["a wrong word in maps", `${"{1:{1:".repeat(120)}+${"}}".repeat(120)}`],
    ["a wrong word in 64 maps", `${"{1:{1:".repeat(32)}+${"}}".repeat(32)}`],
    ["calls", `${"size(".repeat(64)}+${")".repeat(64)}`],
    ["a long list", `a in [${"1,".repeat(49_000)}1]`],
    ["a long string", `a == "${"x".repeat(99_000)}`],
    ["a long pattern", `"a".matches("${"x".repeat(90_000)}")`],
    ["empty brackets", `a == ${"( )".repeat(30_000)}`],
    ["macros", `${"[1].all(x, ".repeat(64)}true${")".repeat(64)}`],
  ])("%s without end is refused in time", (_, expression) => {
    expect(timed(() => problemsOf("a int", expression)).length).toBeGreaterThan(0);
  });

  test("any text at all has problems or a program", () => {
    const words = fc.constantFrom(
      ..."a b.c ( ) [ ] { } , . ? : + - * / % ! && || == != < <= in 1 1u 1.5 0x1 'x' \"y\" r'z' b'é' \"\"\" true null has size all exists map x # \\ // \n @ $ ` 99999999999999999999 1e999".split(
        " ",
      ),
    );
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.array(words, { maxLength: 25 }).map((all) => all.join(" ")),
    );
    const parameters = parametersOf("a int, b map<any>");
    fc.assert(
      fc.property(text, (expression) => {
        const { program, problems } = compileCaveat({ name: "sample", parameters, expression });
        expect(program === undefined).toBe(problems.length > 0);
        for (const { start, end } of problems) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(start).toBeLessThanOrEqual(expression.length);
        }
        program?.evaluate({}, { a: 1, b: { c: true } });
      }),
      { numRuns: 1_000 },
    );
  });
});
