import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseStrictJson } from "../../src/auth/strict-json.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import { SIGNING_ALGORITHMS } from "../../src/model/trust.ts";
import { type Rig, refused, startRig, verdict } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

test("no flipped bit of a valid token is accepted, and nothing but a RelataError comes out", async () => {
  const valid = Buffer.from(rig.issuer.mint());
  expect(await verdict(rig.auth, `Bearer ${valid}`)).toBe("accepted");
  const reasons = new Map<string, number>();
  for (let bit = 0; bit < valid.length * 8; bit++) {
    const mutant = Buffer.from(valid);
    mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // as a header is read: one character a byte
    const reason = await verdict(rig.auth, `Bearer ${mutant.toString("latin1")}`);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  expect(reasons.get("accepted")).toBeUndefined();
  expect(reasons.get("bad_signature")).toBeGreaterThan(100);
});

test("random edits of a valid token are refused, each with a code", async () => {
  const valid = rig.issuer.mint();
  const edit = fc.record({
    at: fc.nat(valid.length),
    remove: fc.nat(20),
    insert: fc.oneof(fc.base64String({ maxLength: 20 }), fc.string({ maxLength: 10 }), fc.constantFrom(".", "=", "")),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const mutant = edits.reduce((text, e) => text.slice(0, e.at) + e.insert + text.slice(e.at + e.remove), valid);
      fc.pre(mutant !== valid);
      expect(await verdict(rig.auth, `Bearer ${mutant}`)).not.toBe("accepted");
    }),
    { numRuns: 500 },
  );
});

test("random headers and claims, signed by the right key, give a principal or a RelataError", async () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...SIGNING_ALGORITHMS, "acme", 0, "check"));
  const members = (...names: readonly string[]) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(
      members("alg", "kid", "typ", "crit", "b64", "jwk", "x"),
      members("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "tenant", "cnf", "__proto__"),
      async (header, claims) => {
        await verdict(rig.auth, rig.issuer.bearer(claims, header));
      },
    ),
    { numRuns: 500 },
  );
});

test("random authorization headers are refused", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `Bearer ${text}`),
      ),
      async (authorization) => {
        expect(await refused(rig.auth.authenticate(authorization, UNKNOWN_PEER))).toMatchObject({
          reason: "UNAUTHENTICATED",
        });
      },
    ),
    { numRuns: 300 },
  );
});

test("strict JSON reads what JSON.parse reads, unless an object names a member twice", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(4), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      const read = parseStrictJson(Buffer.from(text));
      expect(read).toEqual({ kind: "object", members: new Map(Object.entries(JSON.parse(text))) });
      const [key] = Object.keys(object);
      if (key === undefined) return;
      const twice = text.replace(/\}\s*$/, () => `, ${JSON.stringify(key)} : 0}`);
      expect(parseStrictJson(Buffer.from(`{"a":[{}, ${twice}]}`))).toEqual({ kind: "duplicate", key });
    }),
    { numRuns: 500 },
  );
});
