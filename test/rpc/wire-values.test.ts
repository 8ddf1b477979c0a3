import { create, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReadResponseSchema } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { readTuple, writeTuple } from "../../src/rpc/wire.ts";
import { readStruct, readTimestamp, writeStruct, writeTimestamp } from "../../src/rpc/wire-values.ts";

const refused = (message: string, reason = "INVALID_REQUEST") =>
  expect.objectContaining({ reason, message: expect.stringContaining(message), metadata: { field: "at" } });

const nested = (depth: number): JsonObject => (depth === 1 ? {} : { a: nested(depth - 1) });

describe("a struct", () => {
  test("is what it was, for any JSON", () => {
    const values = fc.jsonValue({ stringUnit: "grapheme", maxDepth: 5 });
    fc.assert(
      fc.property(values, (value) => {
        expect(readStruct({ value } as never, "at")).toEqual({ value });
      }),
    );
  });

  test("with a number that JSON does not have is refused, wherever it is", () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const struct of [{ n: number }, { a: [1, number] }, { a: { b: [{ c: number }] } }])
        expect(() => readStruct(struct, "at")).toThrow(refused("infinite or none"));
  });

  test("with half a surrogate pair is refused, in keys too", () => {
    for (const struct of [{ a: "\ud800" }, { "\udc00": 1 }, { a: [["x\ud83d"]] }])
      expect(() => readStruct(struct, "at")).toThrow(refused("not Unicode"));
    expect(readStruct({ a: "🙂\u0000" }, "at")).toEqual({ a: "🙂\u0000" });
  });

  test("of 32 levels arrives at every decoder; one of 33 is refused", () => {
    expect(() => readStruct(writeStruct(nested(33)), "at")).toThrow(refused("deeper than 32 levels"));
    const context = readStruct(writeStruct(nested(32)), "at") ?? {};
    const key = {
      objectType: "a",
      objectId: "1",
      relation: "b",
      subjectType: "c",
      subjectId: "2",
      subjectRelation: "",
    };
    const answer = create(ReadResponseSchema, { tuple: writeTuple({ ...key, caveat: { name: "c", context } }) });
    const arrived = fromBinary(ReadResponseSchema, toBinary(ReadResponseSchema, answer));
    expect(readTuple(arrived.tuple, "tuple").caveat?.context).toEqual(context);
  });
});

describe("an instant", () => {
  const at = (seconds: bigint, nanos: number) =>
    readTimestamp(create(TimestampSchema, { seconds, nanos }), "at", "INVALID_TUPLE");

  test("is cut to the millisecond, never rounded up, before the epoch too", () => {
    expect(at(1n, 999_999_999)).toBe(1_999);
    expect(at(1n, 500_000)).toBe(1_000);
    expect(at(-1n, 999_999_999)).toBe(-1);
  });

  test("outside the years 1 to 9999, or with nanoseconds that are none, is refused", () => {
    for (const [seconds, nanos] of [
      [-62_135_596_801n, 0],
      [253_402_300_800n, 0],
      [2n ** 63n - 1n, 0],
      [-(2n ** 63n), 0],
      [0n, -1],
      [0n, 1_000_000_000],
    ] as const)
      expect(() => at(seconds, nanos)).toThrow(refused("years 1 to 9999", "INVALID_TUPLE"));
    expect(at(253_402_300_799n, 999_999_999)).toBe(Date.UTC(9999, 11, 31, 23, 59, 59, 999));
  });

  test("comes back as it went", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(readTimestamp(writeTimestamp(ms), "at", "INVALID_TUPLE")).toBe(ms);
      }),
    );
  });

  test("in JSON is read the same way", () => {
    const read = fromJson(TimestampSchema, "1969-12-31T23:59:59.9999Z");
    expect(readTimestamp(read, "at", "INVALID_TUPLE")).toBe(-1);
  });
});
