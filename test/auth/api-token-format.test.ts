import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newApiToken, newKeyId, parseApiToken } from "../../src/auth/api-token-format.ts";
import { newOwnSecret, newPublicId } from "../../src/auth/own-secret.ts";
import { API_TOKEN_PATTERN } from "../../src/model/api-token.ts";

describe("the form of an API token", () => {
  test("has a checksum that finds every wrong character", () => {
    const { text } = newApiToken("test", newKeyId());
    expect(text).toMatch(new RegExp(`^${API_TOKEN_PATTERN}$`));
    expect(parseApiToken(text)?.keyId).toBe(text.slice(9, 21));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(..."0Az_9-~ "), (at, character) => {
        const wrong = text.slice(0, at) + character + text.slice(at + 1);
        return wrong === text || parseApiToken(wrong) === undefined;
      }),
    );
    for (const wrong of [` ${text}`, `${text}\n`, text.slice(1), `${text}0`, "rlt_", ""])
      expect(parseApiToken(wrong)).toBeUndefined();
  });

  const env = fc.stringMatching(/^[a-z0-9]{1,16}$/);
  const segment = fc
    .uint8Array({ minLength: 1, maxLength: 400 })
    .map((bytes) => Buffer.from(bytes).toString("base64url"));
  const scanner = new RegExp(API_TOKEN_PATTERN);

  test("that is published for secret scanners is that of every token", () => {
    fc.assert(
      fc.property(env, (label) => {
        const keyId = newKeyId();
        const { text } = newApiToken(label, keyId);
        const line = `TOKEN="${text}" # of ci`;
        return scanner.exec(line)?.[0] === text && parseApiToken(text)?.keyId === keyId;
      }),
      { numRuns: 500 },
    );
  });

  test("is that of no UUID, no JWT and no secret of a client", () => {
    const others = fc.oneof(
      fc.uuid(),
      fc.tuple(segment, segment, segment).map((parts) => parts.join(".")),
      env.map((label) => newOwnSecret("rlc", label, newPublicId()).text),
      env.map((label) => newOwnSecret("rlr", label, newPublicId()).text),
    );
    fc.assert(
      fc.property(others, (text) => !scanner.test(text) && parseApiToken(text) === undefined),
      { numRuns: 500 },
    );
  });

  test("is refused in look-alikes, other cases and with anything around it", () => {
    const { text } = newApiToken("live", "Ab0Ab0Ab0Ab0");
    const alike = [
      text.replace("live", "l\u0456ve"),
      text.replace("live", "LIVE"),
      text.replace("live", "l\u0131ve"),
      text.replace("Ab0", "Ab\uff10"),
      text.replace("Ab0", "A\u0299 0"),
      text.replaceAll("_", "\u2017"),
      text.toUpperCase(),
      text.normalize("NFKD").replace("A", "\u0391"),
      ...[" ", "\t", "\n", "\0", "\u00a0", "\u200b", "\ufeff", "="].flatMap((around) => [around + text, text + around]),
      `${text},${text}`,
      `${text} ${text}`,
      text + text,
    ];
    expect(alike.filter((wrong) => parseApiToken(wrong) !== undefined)).toEqual([]);
  });
});
