import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSealer, type SealPurpose } from "../../src/service/seal.ts";

const key = (id: string) => ({ id, secret: id.repeat(32).slice(0, 32) });
const sealer = createSealer([key("first")]);
const payloads = fc.uint8Array({ maxLength: 200 });
const PURPOSES: readonly SealPurpose[] = ["consistency-token", "read-cursor", "tenant-page"];

describe("a seal", () => {
  test("gives back what it holds", () => {
    fc.assert(
      fc.property(payloads, fc.constantFrom(...PURPOSES), (payload, purpose) => {
        const text = sealer.seal(purpose, payload);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(Buffer.from(sealer.open(purpose, text) ?? "none")).toEqual(Buffer.from(payload));
      }),
    );
  });

  test("does not open after any bit of it has changed", () => {
    const sealed = Buffer.from(sealer.seal("read-cursor", Buffer.from("payload")), "base64url");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect([bit, sealer.open("read-cursor", altered.toString("base64url"))]).toEqual([bit, undefined]);
    }
  });

  test("does not open when cut, extended or spelt otherwise", () => {
    const text = sealer.seal("read-cursor", Buffer.from("payloa"));
    for (let length = 0; length < text.length; length++)
      expect(sealer.open("read-cursor", text.slice(0, length))).toBeUndefined();
    const last = text.at(-1) ?? "";
    const spellings = [
      `${text}A`,
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      `${text.replaceAll("-", "+").replaceAll("_", "/")} `,
    ];
    // base64url's last character has spare bits: another one may decode to the same bytes.
    for (const other of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      if (other !== last) spellings.push(text.slice(0, -1) + other);
    for (const spelling of spellings)
      expect([spelling, sealer.open("read-cursor", spelling)]).toEqual([spelling, undefined]);
  });

  test("opens for its own purpose only", () => {
    for (const made of PURPOSES)
      for (const asked of PURPOSES)
        expect(sealer.open(asked, sealer.seal(made, Buffer.from("x"))) !== undefined).toBe(made === asked);
  });

  test("opens with any known key, and is made with the first", () => {
    const rotated = createSealer([key("second"), key("first")]);
    const old = sealer.seal("read-cursor", Buffer.from("x"));
    const fresh = rotated.seal("read-cursor", Buffer.from("x"));
    expect([rotated.open("read-cursor", old), rotated.open("read-cursor", fresh)]).not.toContain(undefined);
    expect(sealer.open("read-cursor", fresh)).toBeUndefined();
    expect(createSealer([key("second")]).open("read-cursor", old)).toBeUndefined();
  });

  test("does not open with another secret under the same id", () => {
    const impostor = createSealer([{ id: "first", secret: "x".repeat(32) }]);
    expect(sealer.open("read-cursor", impostor.seal("read-cursor", Buffer.from("x")))).toBeUndefined();
  });

  test("whatever text there is, opening it does not throw", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(sealer.open("read-cursor", text)).toBeUndefined();
      }),
    );
  });
});

test("a sealer without keys is refused", () => {
  expect(() => createSealer([])).toThrow(TypeError);
});
