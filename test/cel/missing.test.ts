import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/tuple.ts";
import { outcomeOf, programOf } from "./program.ts";

const PARAMETERS = "a int, b int, c int, flag bool, m map<int>, l list<int>";

/** Expression, what is given, and what comes of it. */
const CASES: readonly (readonly [string, JsonObject, string])[] = [
  ["a == 1", {}, "missing a"],
  ["a == 1 && c == 3 || b == 2", {}, "missing a, b, c"],
  ["a == 1 && c == 3 || b == 2", { a: 0 }, "missing b"],
  ["a == 1 && c == 3 || b == 2", { a: 1 }, "missing b, c"],
  ["a == 1 && c == 3 || b == 2", { a: 0, b: 2 }, "true"],
  ["a == 1 && c == 3 || b == 2", { c: 4, b: 3 }, "false"],
  ["c == 3 && a == 1", { a: 0 }, "false"],
  ["!(a == 1)", {}, "missing a"],
  ["a + b > c", { b: 1 }, "missing a, c"],
  ["flag ? a == 1 : b == 2", {}, "missing a, b, flag"],
  ["flag ? a == 1 : b == 2", { flag: true }, "missing a"],
  ["flag ? a == 1 : b == 2", { a: 1, b: 2 }, "missing flag"],
  // With b it may fail, so it is not decided before.
  ["1 / b == 1 ? a == 1 : a == 1", { a: 1 }, "missing b"],
  ["flag ? a == 1 : b == 2", { a: 1, b: 3 }, "missing flag"],
  ["has(m.k)", {}, "missing m"],
  ["has(m.k) && m.k > a", { m: {} }, "false"],
  ["has(m.k) && m.k > a", { m: { k: 1 } }, "missing a"],
  ["m.k == 1 || b == 2", { b: 2 }, "true"],
  ["l.exists(x, x == a)", { a: 1 }, "missing l"],
  ["l.exists(x, x == a)", { l: [1, 2] }, "missing a"],
  ["l.exists(x, x == a)", { l: [] }, "false"],
  ["l.exists(x, x == a || x == 2)", { l: [1, 2] }, "true"],
  ["l.all(x, x > a)", { l: [] }, "true"],
  ["l.all(x, x > a && x < 2)", { l: [1, 2] }, "false"],
  ["l.all(x, x > 0 || b == x)", { l: [1, -2] }, "missing b"],
  ["l.filter(x, x > a).size() == 0", { l: [1] }, "missing a"],
  ["l.map(x, x + a) == [2]", { l: [1] }, "missing a"],
  ["l.exists_one(x, x == a)", { l: [1] }, "missing a"],
  ["[a, b].exists(x, x == 1)", { b: 2 }, "missing a"],
  ["{'k': a}.k == 1", {}, "missing a"],
  ["a in [1, 2] && b in l", { b: 1, l: [2] }, "false"],
  // What is missing goes before what fails: with the value, the failure may turn out not to matter.
  ["a == 1 && 1 / b == 1", { b: 0 }, "missing a"],
  ["1 / b == 1 && a == 1", { b: 0 }, "missing a"],
  ["1 / b == 1 && a == 1", { b: 0, a: 0 }, "false"],
  ["1 / b == 1 || a == 1", { b: 0, a: 1 }, "true"],
  ["a / b == 1", { b: 0 }, "missing a"],
  ["1 / b + a == 1", { b: 0 }, "missing a"],
];

describe("what is missing", () => {
  test.each(CASES)("%s with %j: %s", (expression, given, outcome) => {
    const used = PARAMETERS.split(", ").join(", ");
    expect(outcomeOf(programOf(used, expression), given)).toBe(outcome);
    expect(outcomeOf(programOf(used, expression), {}, given)).toBe(outcome);
  });
});

/** Expression, what is given, and why it cannot be evaluated. */
const FAILURES: readonly (readonly [string, JsonObject, string])[] = [
  ["1 / a == 1", { a: 0 }, "division by zero"],
  ["a % b == 1", { a: 1, b: 0 }, "division by zero"],
  ["a + 1 > 0", { a: "9223372036854775807" }, 'the result of "+" is no int of 64 bits'],
  ["m.k == 1", { m: {} }, 'no such key: "k"'],
  ["m['k'] == 1", { m: {} }, 'no such key: "k"'],
  ["l[a] == 1", { l: [1], a: 1 }, "index 1 is outside of a list of 1"],
  ["l[a] == 1", { l: [1], a: -1 }, "index -1 is outside of a list of 1"],
  ["l.exists(x, 1 / x == 1)", { l: [0] }, "division by zero"],
  ["flag && 1 / a == 1", { flag: true, a: 0 }, "division by zero"],
];

describe("what fails", () => {
  test.each(FAILURES)("%s with %j: %s", (expression, given, message) => {
    expect(outcomeOf(programOf(PARAMETERS, expression), given)).toBe(
      `CAVEAT_EVALUATION_FAILED: caveat "sample" cannot be evaluated: ${message}`,
    );
  });

  test.each([
    ["false && 1 / a == 1", "false"],
    ["1 / a == 1 && false", "false"],
    ["1 / a == 1 || true", "true"],
    ["l.exists(x, 1 / x == 1)", "true"],
    ["l.all(x, 1 / x == 0)", "false"],
    ["a == 0 ? true : 1 / a == 1", "true"],
  ])("%s does not, since the rest decides", (expression, outcome) => {
    expect(outcomeOf(programOf(PARAMETERS, expression), { a: 0, l: [0, 1] })).toBe(outcome);
  });

  test.each<[string, JsonObject, string]>([
    ["x + 1 == 2", { x: "1" }, '"+" does not work on string and int'],
    ["x.y == 1", { x: 1 }, "double has no field y"],
    ["x.matches(x)", { x: "(" }, "error parsing regexp: missing closing ): `(`"],
    ["x == 1 ? x : x", { x: 1 }, "its value is neither true nor false"],
    ["timestamp(x) == timestamp(x)", { x: "soon" }, '"soon" is not a timestamp, such as "2026-01-31T09:00:00Z"'],
    ["x.all(y, y)", { x: true }, "bool has no elements to go through"],
    ["x && true", { x: "yes" }, "string is neither true nor false"],
    ["timestamp(0).getHours(x) == 0", { x: "Mars/Phobos" }, 'there is no time zone "Mars/Phobos"'],
  ])("%s with %j, which only running it can tell: %s", (expression, given, message) => {
    expect(outcomeOf(programOf("x any", expression), given)).toBe(
      `CAVEAT_EVALUATION_FAILED: caveat "sample" cannot be evaluated: ${message}`,
    );
  });

  test.each<[string, JsonObject, string]>([
    ["{x: 1}[y] == 1", { x: "secret" }, "no such key"],
    ["[1][x] == int(y)", { x: 4711 }, "an index is outside of its list"],
    ["{x: 1, y: 2} == {}", { x: "secret" }, "the map has a key twice"],
    ["int(x) == int(y)", { x: "secret" }, '"int" cannot take its values'],
    ["y.matches(x)", { x: "secret(" }, '"matches" cannot take its values'],
    ["timestamp(x) == y", { x: "secret" }, 'a text is not a timestamp, such as "2026-01-31T09:00:00Z"'],
    ["duration(x) == y", { x: "secret" }, 'a text is not a duration, such as "1h30m"'],
    ["timestamp(0).getHours(x) == int(y)", { x: "Secret/Place" }, "there is no such time zone"],
  ])("%s with %j on a tuple fails without a word of what the tuple has: %s", (expression, written, message) => {
    const y = expression.startsWith("{x: 1, y") ? "secret" : "1";
    expect(outcomeOf(programOf("x any, y any", expression), { y }, written)).toBe(
      `CAVEAT_EVALUATION_FAILED: caveat "sample" cannot be evaluated: ${message}`,
    );
  });

  test("nor does an address outside of what is no network", () => {
    const program = programOf("ip ipaddress, network string", "ip.in_cidr(network)");
    expect(outcomeOf(program, { ip: "10.0.0.1" }, { network: "secret" })).toBe(
      'CAVEAT_EVALUATION_FAILED: caveat "sample" cannot be evaluated: a text is not a network, such as "10.0.0.0/8"',
    );
    expect(outcomeOf(program, { ip: "10.0.0.1", network: "mine" })).toContain('"mine" is not a network');
  });
});
