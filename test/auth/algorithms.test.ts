import { afterAll, beforeAll, expect, test } from "vitest";
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from "../../src/model/trust.ts";
import { createTestKey, signToken, type TestKey } from "../support/tokens-raw.ts";
import { type Rig, startRig, verdict } from "./rig.ts";

/** The algorithms that share a key, the first of each group making it. */
const FAMILIES: readonly (readonly SigningAlgorithm[])[] = [
  ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ["ES256"],
  ["ES384"],
  ["ES512"],
  ["EdDSA"],
];

let rig: Rig;
const open = new Map<SigningAlgorithm, TestKey>();
const named = new Map<SigningAlgorithm, TestKey>();

beforeAll(async () => {
  rig = await startRig({ trust: { algorithms: SIGNING_ALGORITHMS } });
  for (const family of FAMILIES) {
    const key = createTestKey(family[0] ?? "ES256", { jwk: { alg: undefined } });
    rig.issuer.addKey(key);
    for (const algorithm of family) open.set(algorithm, { ...key, algorithm });
    const first = { ...key, kid: `named-${key.kid}`, jwk: { ...key.jwk, kid: `named-${key.kid}`, alg: key.algorithm } };
    rig.issuer.addKey(first);
    for (const algorithm of family) named.set(algorithm, { ...first, algorithm });
  }
});
afterAll(() => rig.close());

function bearer(key: TestKey | undefined): string {
  if (key === undefined) throw new Error("no key of that algorithm");
  return `Bearer ${signToken(rig.issuer.header({ alg: key.algorithm, kid: key.kid }), rig.issuer.claims(), key)}`;
}

test("every algorithm has a family here", () => {
  expect([...open.keys()]).toEqual([...SIGNING_ALGORITHMS]);
});

test.each(SIGNING_ALGORITHMS)(
  "%s verifies what node:crypto signed, by a key that names no algorithm",
  async (algorithm) => {
    expect(await verdict(rig.auth, bearer(open.get(algorithm)))).toBe("accepted");
  },
);

test.each(SIGNING_ALGORITHMS)(
  "%s serves with a key that names an algorithm only when it is named",
  async (algorithm) => {
    const first = FAMILIES.some(([head]) => head === algorithm);
    expect(await verdict(rig.auth, bearer(named.get(algorithm)))).toBe(first ? "accepted" : "key_unusable");
  },
);

test("a key of RFC 9864's name for Ed25519 serves EdDSA", async () => {
  const key = createTestKey("EdDSA", { jwk: { alg: "Ed25519" } });
  rig.issuer.addKey(key);
  expect(await verdict(rig.auth, bearer(key))).toBe("accepted");
});

test("a signature of one RSA padding does not pass as the other", async () => {
  const key = open.get("RS256");
  if (key === undefined) throw new Error("no RSA key");
  const header = rig.issuer.header({ alg: "PS256", kid: key.kid });
  expect(await verdict(rig.auth, `Bearer ${signToken(header, rig.issuer.claims(), key)}`)).toBe("bad_signature");
});
