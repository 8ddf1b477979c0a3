import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeResult, programOf } from "./program.ts";
import { answerOf, condition, NAMES, PARAMETERS, pick, type Twin, world } from "./twin.ts";

function compiled({ cel }: Twin<boolean>) {
  return programOf(PARAMETERS, cel);
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
