import fc from "fast-check";
import { expect, it } from "vitest";
import { compareBytes } from "../../src/model/byte-order.ts";

it("orders text like its UTF-8 bytes, also where UTF-16 differs", () => {
  const character = fc.constantFrom("a", "B", "~", "\u00E9", "\uD7FF", "\uE000", "\uFFFF", "\u{10000}", "\u{10FFFF}");
  const text = fc.oneof(
    fc.array(character, { maxLength: 4 }).map((all) => all.join("")),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 3000 },
  );
  expect("\u{10000}" < "\uE000").toBe(true);
  expect(compareBytes("\u{10000}", "\uE000")).toBeGreaterThan(0);
});
