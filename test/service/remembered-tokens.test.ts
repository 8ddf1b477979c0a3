import { expect, test } from "vitest";
import { issueToken, openToken } from "../../src/service/consistency-token.ts";
import { rememberTokens } from "../../src/service/remembered-tokens.ts";
import { createSealer } from "../../src/service/seal.ts";

const TENANT = "019a3cf1-0000-7000-8000-000000000001";
const OTHER = "019a3cf1-0000-7000-8000-000000000002";
const HEAD = { revision: 7, schemaName: "s", schemaVersion: 1, committedAtMs: 0 };
const sealerOf = (letter: string) => createSealer([{ id: letter, secret: letter.repeat(32) }]);
const invalid = expect.objectContaining({ reason: "INVALID_TOKEN" });

test("a token that was opened before is still of its tenant and its purpose alone", () => {
  const sealer = rememberTokens(sealerOf("a"));
  const token = issueToken(sealer, TENANT, HEAD);
  for (let time = 0; time < 2; time += 1) {
    expect(openToken(sealer, TENANT, token)).toEqual({ tenantId: TENANT, revision: 7, schemaVersion: 1 });
    expect(() => openToken(sealer, OTHER, token)).toThrow(invalid);
    expect(sealer.open("read-cursor", token)).toBeUndefined();
    expect(() => openToken(sealer, TENANT, `${token}A`)).toThrow(invalid);
  }
});

test("opening a genuine token again takes no MAC, judging a forged one does each time", () => {
  const inner = sealerOf("a");
  const judged: string[] = [];
  const open: typeof inner.open = (purpose, text) => {
    judged.push(text);
    return inner.open(purpose, text);
  };
  const sealer = rememberTokens({ ...inner, open });
  const token = issueToken(sealer, TENANT, HEAD);
  const forged = issueToken(sealerOf("b"), TENANT, { ...HEAD });
  for (let time = 0; time < 3; time += 1) {
    expect(openToken(sealer, TENANT, token).revision).toBe(7);
    expect(() => openToken(sealer, TENANT, forged)).toThrow(invalid);
  }
  expect(judged).toEqual([token, forged, forged, forged]);
});

test("a head's token is made once, and again for other keys and another tenant", () => {
  const [first, second] = [sealerOf("a"), sealerOf("b")];
  const token = issueToken(first, TENANT, HEAD);
  expect(issueToken(first, TENANT, HEAD)).toBe(token);
  expect(openToken(second, TENANT, issueToken(second, TENANT, HEAD)).revision).toBe(7);
  expect(openToken(first, OTHER, issueToken(first, OTHER, HEAD)).tenantId).toBe(OTHER);
  expect(openToken(first, TENANT, issueToken(first, TENANT, { ...HEAD, revision: 8 })).revision).toBe(8);
});
