import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/model/tuple.ts";
import { outcomeOf, programOf } from "./program.ts";

/** Type, a value of it, and what then holds of x. */
const RIGHT: readonly (readonly [string, JsonValue, string])[] = [
  ["any", null, "x == null"],
  ["any", 1, "x == 1 && x == 1.0 && type(x) == double"],
  ["any", { a: [1, "two", { b: true }] }, 'x.a[0] == 1 && x.a[1] == "two" && x.a[2].b && size(x) == 1'],
  ["bool", true, "x"],
  ["string", "é𝄞", 'x == "é𝄞" && size(x) == 2'],
  ["string", "", 'x == ""'],
  ["int", -3, "x == -3 && x / 2 == -1 && x % 2 == -1"],
  ["int", "9223372036854775807", "x == 9223372036854775807 && x - 1 == 9223372036854775806"],
  ["int", "-9223372036854775808", "x < -9223372036854775807"],
  ["int", "+5", "x == 5"],
  ["int", 9007199254740991, "x + 1 == 9007199254740992"],
  ["uint", 0, "x == 0 && x == 0u && x - 1 == -1"],
  ["uint", "18446744073709551615", "x == 18446744073709551615u && x > 5"],
  ["double", 1.5, "x > 1 && x < 2.0 && x * 2.0 == 3.0"],
  ["double", "-1e3", "x == -1000.0"],
  ["double", 2, "x == 2"],
  ["bytes", "aGk=", 'x == b"hi" && size(x) == 2'],
  ["bytes", "", "size(x) == 0"],
  ["duration", "1h30m", 'x == duration("90m") && x.getHours() == 1 && x.getMinutes() == 90 && string(x) == "5400s"'],
  ["duration", "-1.5s", 'x < duration("0") && string(x) == "-1.5s"'],
  [
    "timestamp",
    "2026-01-31T09:00:00Z",
    'x.getMonth() == 0 && x + duration("24h") == timestamp("2026-02-01T09:00:00Z")',
  ],
  ["timestamp", "2026-01-31T10:00:00.5+01:00", 'string(x) == "2026-01-31T09:00:00.5Z" && x.getHours("+01:00") == 10'],
  ["timestamp", "2026-07-01T12:00:00Z", 'x.getHours("Europe/Berlin") == 14 && x.getHours() == 12'],
  ["list<int>", [1, "2", 3], "x == [1, 2, 3] && x[1] == 2 && 3 in x && x.map(each, each * 2) == [2, 4, 6]"],
  ["list<list<string>>", [["a"], []], 'x[0] == ["a"] && size(x[1]) == 0'],
  ["list<any>", [1, "a", null], 'x[1] == "a" && null in x'],
  [
    "map<int>",
    { a: 1, b: 2 },
    'x.a == 1 && x["b"] == 2 && has(x.a) && !has(x.c) && "b" in x && x.all(key, x[key] > 0)',
  ],
  [
    "map<any>",
    { a: { b: 1 } },
    'x.a.b == 1 && x.isSubtreeOf({"a": {"b": 1, "c": 2}, "d": 3}) && !x.isSubtreeOf({"a": 1})',
  ],
  ["ipaddress", "10.1.2.3", 'x.in_cidr("10.0.0.0/8") && !x.in_cidr("11.0.0.0/8") && !x.in_cidr("::/0")'],
  ["ipaddress", "2001:db8::1", 'x.in_cidr("2001:db8::/32") && !x.in_cidr("2001:db9::/32") && !x.in_cidr("0.0.0.0/0")'],
  ["list<ipaddress>", ["10.0.0.1", "::1"], "x[0] == x[0] && x[0] != x[1] && x[0] in x"],
  // Keys of JSON that mean something to JavaScript are keys like others.
  [
    "map<any>",
    JSON.parse('{"__proto__": 1, "constructor": 2}'),
    'x["__proto__"] == 1 && x.constructor == 2 && size(x) == 2',
  ],
  ["map<int>", {}, 'size(x) == 0 && !has(x.constructor) && !("toString" in x)'],
];

/** Type, a value that is not of it, and how the message goes on after the parameter. */
const WRONG: readonly (readonly [string, JsonValue, string])[] = [
  ["bool", "true", 'expected bool, found "true"'],
  ["bool", null, "expected bool, found null"],
  ["string", 1, "expected string, found 1"],
  ["int", 1.5, "expected int, a whole number or one in a string, found 1.5"],
  ["int", "1.5", 'found "1.5"'],
  ["int", "NaN", 'found "NaN"'],
  ["int", "", 'found ""'],
  ["int", "0x10", 'found "0x10"'],
  ["int", "9223372036854775808", 'found "9223372036854775808"'],
  ["int", 2 ** 53, "found 9007199254740992; beyond 2^53 write it as a string, since JSON loses digits"],
  ["int", true, "found true"],
  ["uint", -1, "expected uint, a whole number from 0 or one in a string, found -1"],
  ["uint", "18446744073709551616", "found"],
  ["double", "NaN", 'expected double, a number or one in a string, found "NaN"'],
  ["double", "Infinity", 'found "Infinity"'],
  ["double", "1e999", 'found "1e999"'],
  ["double", {}, "found an object"],
  ["bytes", "a", 'expected bytes, a string in base64 such as "aGk=", found "a"'],
  ["bytes", "a-_=", "found"],
  ["duration", "1 day", 'expected duration, such as "1h30m", found "1 day"'],
  ["duration", "300y", "found"],
  ["duration", "99999999999h", "found"],
  ["duration", 60, "found 60"],
  ["timestamp", "2026-01-31", 'expected timestamp, such as "2026-01-31T09:00:00Z", found "2026-01-31"'],
  ["timestamp", "2026-02-30T00:00:00Z", "found"],
  ["timestamp", "2026-01-31T25:00:00Z", "found"],
  ["timestamp", 1_700_000_000, "found 1700000000"],
  ["ipaddress", "10.0.0.256", 'expected ipaddress, such as "10.0.0.1" or "2001:db8::1", found "10.0.0.256"'],
  ["ipaddress", "010.0.0.1", "found"],
  ["ipaddress", "1::2::3", "found"],
  ["ipaddress", "fe80::1%eth0", "found"],
  ["list<int>", { 0: 1 }, "expected list, found an object"],
  ["list<int>", [1, "x"], 'parameter "x[1]" of caveat "sample": expected int'],
  ["map<int>", [1], "expected map, found a list"],
  ["map<list<int>>", { a: [1, null] }, 'parameter "x["a"][1]" of caveat "sample": expected int'],
];

describe("values of parameters", () => {
  test.each(RIGHT)("%s takes %j: %s", (type, value, holds) => {
    const program = programOf(`x ${type}`, holds);
    expect(outcomeOf(program, { x: value })).toBe("true");
    expect(outcomeOf(program, {}, { x: value })).toBe("true");
    expect(() => program.validateWritten({ x: value })).not.toThrow();
  });

  test.each(WRONG)("%s refuses %j: %s", (type, value, words) => {
    const program = programOf(`x ${type}`, "x == x");
    const outcome = outcomeOf(program, { x: value });
    expect(outcome).toMatch(/^INVALID_CAVEAT_CONTEXT: parameter "x.* of caveat "sample": /);
    expect(outcome).toContain(words);
    expect(() => program.validateWritten({ x: value })).toThrow(RelataError);
  });

  test("a written value wins over the request's, which is then not even looked at", () => {
    const program = programOf("x int", "x == 1");
    expect(outcomeOf(program, { x: 2 }, { x: 1 })).toBe("true");
    expect(outcomeOf(program, { x: "no int" }, { x: 1 })).toBe("true");
    expect(outcomeOf(program, { x: 1, other: "ignored" })).toBe("true");
  });

  test("a time has the same hour whatever the zone of the machine", () => {
    const zone = process.env["TZ"];
    // Clocks there skip the hour from 2 to 3 on this day.
    process.env["TZ"] = "America/New_York";
    try {
      expect(outcomeOf(programOf("x timestamp", "x.getHours() == 2"), { x: "2026-03-08T02:30:00Z" })).toBe("true");
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });
});
