import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { parseTimestamp } from "../../src/model/timestamp.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTuple, parseObject, parseSubject, parseTuple } from "../../src/model/tuple-text.ts";

const segment = fc.stringMatching(/^[a-z]([a-z0-9_]{0,8}[a-z0-9])?$/);
const typeName = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const objectId = fc.stringMatching(/^[a-zA-Z0-9/_|\-=+.@:~%!]{1,40}$/);
// JSON has no -0: it comes back as 0.
const context = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)));
const lastMs = Date.parse("9999-12-31T23:59:59.999Z");

const tuple: fc.Arbitrary<Tuple> = fc
  .record({
    objectType: typeName,
    objectId,
    relation: segment,
    subjectType: typeName,
    subject: fc.oneof(
      fc.record({ subjectId: objectId, subjectRelation: fc.oneof(fc.constant(""), segment) }),
      fc.constant({ subjectId: "*", subjectRelation: "" }),
    ),
    caveat: fc.option(fc.record({ name: typeName.filter((name) => name !== "expiration"), context }), {
      nil: undefined,
    }),
    expiresAtMs: fc.option(fc.integer({ min: 0, max: lastMs }), { nil: undefined }),
  })
  .map(({ subject, caveat, expiresAtMs, ...rest }) => ({
    ...rest,
    ...subject,
    ...(caveat === undefined ? {} : { caveat }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  }));

describe("tuple text", () => {
  test("parse undoes format", () => {
    fc.assert(
      fc.property(tuple, (value) => {
        expect(parseTuple(formatTuple(value))).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  test("any text gives a tuple that formats to itself, or INVALID_TUPLE with a column inside the text", () => {
    const fragments = [
      "document:",
      "readme",
      "#",
      "viewer",
      "@",
      "user:",
      "*",
      "[",
      "]",
      "{",
      "}",
      '"',
      "expiration:",
      "c:",
      "é",
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...fragments), fc.string()), { maxLength: 14 }), (parts) => {
        const text = parts.join("");
        try {
          const parsed = parseTuple(text);
          expect(parseTuple(formatTuple(parsed))).toEqual(parsed);
        } catch (error) {
          if (!(error instanceof RelataError)) {
            throw error;
          }
          expect(error.reason).toBe("INVALID_TUPLE");
          const column = Number(error.metadata["column"]);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("reads ids with @ and : from the left", () => {
    expect(parseTuple("doc:a@b:c#viewer@user:anne@example.com#self")).toEqual({
      objectType: "doc",
      objectId: "a@b:c",
      relation: "viewer",
      subjectType: "user",
      subjectId: "anne@example.com",
      subjectRelation: "self",
    });
  });

  test("reads caveat and expiration in either order, brackets in JSON strings included", () => {
    const expected = { name: "c", context: { k: ["]}", { n: 1 }] } };
    const first = parseTuple('d:1#r@u:1[c:{"k":["]}",{"n":1}]}][expiration:2030-01-01T00:00:00.1239+01:00]');
    const second = parseTuple('d:1#r@u:1[expiration:2030-01-01T00:00:00.1239+01:00][c:{"k":["]}",{"n":1}]}]');
    expect(first.caveat).toEqual(expected);
    expect(first.expiresAtMs).toBe(Date.parse("2029-12-31T23:00:00.123Z"));
    expect(second).toEqual(first);
  });

  test("an ellipsis is no relation", () => {
    expect(parseSubject("user:1#...")).toEqual({ type: "user", id: "1", relation: "" });
  });

  test.each([
    ["", 'expected "#" and a relation after the object, at column 1'],
    ["document:readme", 'expected "#" and a relation after the object, at column 16'],
    ["document#viewer@user:1", 'expected "type:id" for an object, at column 9'],
    ["document:#viewer@user:1", 'expected an id after ":", at column 10'],
    [":a#viewer@user:1", 'expected a type before ":", at column 1'],
    ["Document:a#viewer@user:1", '"Document" is not a type name'],
    ["document:*#viewer@user:1", "a wildcard can only be a subject, not an object, at column 10"],
    ["document:a#viewer", 'expected "@" and a subject after the relation, at column 18'],
    ["document:a#@user:1", 'expected a relation after "#", at column 12'],
    ["document:a#Viewer@user:1", '"Viewer" is not a relation name'],
    [
      "document:a b#viewer@user:1",
      '" " is not allowed in an id (letters, digits and / _ | - = + . @ : ~ % !), at column 11',
    ],
    ["document:a#viewer@user", 'expected "type:id" for a subject, at column 23'],
    ["document:a#viewer@user:*#member", "a wildcard has no relation: write user:*, at column 25"],
    ["document:a#viewer@user:1#", 'expected a relation after "#", at column 26'],
    ["document:a#viewer@user:1[", 'expected "]", at column 26'],
    ["document:a#viewer@user:1[c]x", 'expected "[caveat]", "[expiration:time]" or the end, at column 28'],
    ["document:a#viewer@user:1[c][d]", "a tuple has at most one caveat, at column 28"],
    ["document:a#viewer@user:1[c:1]", "expected a JSON object as the caveat's context, at column 28"],
    ["document:a#viewer@user:1[c:{1}]", "the caveat's context is not a valid JSON object, at column 28"],
    ['document:a#viewer@user:1[c:{"n":1e999}]', "the caveat's context is not a valid JSON object, at column 28"],
    [
      "document:a#viewer@user:1[expiration:soon]",
      'expected an RFC 3339 time such as 2030-01-01T00:00:00Z and "]", found "soon"',
    ],
    [`document:${"x".repeat(1025)}#viewer@user:1`, "an id has at most 1024 bytes, this one has more, at column 10"],
  ])("%j: %s", (text, message) => {
    expect(() => parseTuple(text)).toThrow(message);
  });

  test("objects and subjects have reasons of their own", () => {
    expect(() => parseObject("document")).toThrow(expect.objectContaining({ reason: "INVALID_OBJECT" }));
    expect(() => parseObject("document:a#b")).toThrow('"#" is not allowed in an id');
    expect(() => parseSubject("user")).toThrow(expect.objectContaining({ reason: "INVALID_SUBJECT" }));
    expect(parseObject("document:a")).toEqual({ type: "document", id: "a" });
  });
});

test("timestamps that do not exist are refused", () => {
  const bad = [
    "2023-02-29T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:00:60Z",
    "2023-01-01",
    "2023-13-01T00:00:00Z",
    "2023-01-01T00:00:00",
  ];
  expect(bad.map(parseTimestamp)).toEqual(bad.map(() => undefined));
  expect(parseTimestamp("2024-02-29T00:00:00Z")).toBe(Date.parse("2024-02-29T00:00:00Z"));
});
