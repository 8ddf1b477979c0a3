import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Authenticator, createAuthenticator } from "../../src/auth/authenticate.ts";
import { REMOTE_KEY_POLICY } from "../../src/auth/keys.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { startTestTrustDomain, type TestTrustDomain } from "../support/spiffe-tokens.ts";
import { createTestKey } from "../support/tokens-raw.ts";
import { recordLog, verdict } from "./rig.ts";

let clock: TestClock;
let domain: TestTrustDomain;
let auth: Authenticator;
beforeEach(async () => {
  clock = createClock();
  domain = await startTestTrustDomain("prod.example", { now: clock.now });
  auth = start();
});
afterEach(async () => {
  auth.close();
  await domain.close();
});

function start(trust: Partial<TrustedIssuer> = {}): Authenticator {
  const issuer = `spiffe://${domain.name}`;
  const bound = { issuer, subject: `${issuer}/*`, tenants: ["acme"], platform: false, scopes: ["check"] } as const;
  return createAuthenticator(
    { issuers: [domain.trust(trust)], bindings: [bound] },
    { now: clock.now, log: recordLog().log },
  );
}

const fresh = (): Promise<string> => verdict(auth, domain.bearer());

describe("of a bundle", () => {
  test("the keys for JWT-SVIDs verify, beside those for X.509-SVIDs", async () => {
    expect(await fresh()).toBe("accepted");
    expect(domain.fetches.count).toBe(1);
  });

  test.each<[string, Record<string, unknown>]>([
    ["for X.509-SVIDs", { use: "x509-svid" }],
    ["for any signature", { use: "sig" }],
    ["of no use at all", { use: undefined }],
    ["of a use to come", { use: "wit-svid" }],
    ["without kid", { kid: undefined }],
    ["of a kind to come", { kty: "AKP" }],
  ])("a key %s verifies nothing", async (_name, change) => {
    const { jwk } = domain.key();
    domain.serve({ keys: [JSON.parse(JSON.stringify({ ...jwk, ...change }))] });
    expect(["key_unknown", "key_unusable"]).toContain(await fresh());
    const withoutKid = domain.bearer({}, { kid: undefined });
    expect(await verdict(auth, withoutKid)).toBe("key_unknown");
  });

  test("that is empty nothing of the domain verifies, also what was verified before", async () => {
    const token = domain.bearer({ exp: Math.floor(clock.now() / 1000) + 3600 });
    expect(await verdict(auth, token)).toBe("accepted");
    domain.serve({ keys: [] });
    clock.advance(REMOTE_KEY_POLICY.staleMs);
    expect(await verdict(auth, token)).toBe("key_unknown");
  });

  test("without `keys` nothing is believed: the last good one serves", async () => {
    expect(await fresh()).toBe("accepted");
    domain.serve({ keys: undefined });
    clock.advance(REMOTE_KEY_POLICY.staleMs);
    expect(await fresh()).toBe("accepted");
  });

  test("a new key is followed at the first SVID it signed, and an old one ends once it is gone", async () => {
    const old = domain.bearer();
    expect(await verdict(auth, old)).toBe("accepted");
    domain.rotate({ keepOld: true });
    expect(await fresh()).toBe("accepted");
    expect(await verdict(auth, old)).toBe("accepted");
    clock.advance(REMOTE_KEY_POLICY.unknownKidMs);
    domain.rotate();
    expect(await fresh()).toBe("accepted");
    expect(await verdict(auth, old)).toBe("key_unknown");
  });
});

describe("spiffe_refresh_hint", () => {
  /** Milliseconds after which a key that was taken out verifies nothing any more, with a token a second. */
  async function endOfARemovedKey(hint: unknown): Promise<number> {
    domain.serve({ spiffe_refresh_hint: hint });
    const token = domain.bearer({ exp: Math.floor(clock.now() / 1000) + 3600 });
    expect(await verdict(auth, token)).toBe("accepted");
    domain.serve({ spiffe_refresh_hint: hint, keys: [createTestKey("ES256").jwk] });
    let ms = 0;
    while (ms < 3_600_000) {
      clock.advance(1000);
      ms += 1000;
      if (auth.recall(token, { address: "" }) === undefined) return ms;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ms;
  }

  test("of a minute ends a removed key within two", async () => {
    expect(await endOfARemovedKey(60)).toBeLessThanOrEqual(120_000);
  });

  test("of a second is taken for ten", async () => {
    domain.serve({ spiffe_refresh_hint: 1 });
    expect(await fresh()).toBe("accepted");
    for (let second = 1; second < 10; second++) {
      clock.advance(1000);
      expect(await fresh()).toBe("accepted");
    }
    expect(domain.fetches.count).toBe(1);
    clock.advance(1000);
    expect(await fresh()).toBe("accepted");
    await expect.poll(() => domain.fetches.count).toBe(2);
  });

  test.each([
    ["of an hour", 3600],
    ["that is a word", "soon"],
    ["below zero", -5],
    ["that is missing", undefined],
  ])("%s changes nothing", async (_name, hint) => {
    const ended = await endOfARemovedKey(hint);
    expect(ended).toBeLessThanOrEqual(REMOTE_KEY_POLICY.staleMs);
    expect(ended).toBeGreaterThanOrEqual(REMOTE_KEY_POLICY.refreshMs);
  });
});

test("a bundle in a file is read as one at an address", async () => {
  const folder = await mkdtemp(join(tmpdir(), "relata-bundle-"));
  const path = join(folder, "bundle.json");
  await writeFile(path, JSON.stringify({ keys: [domain.key().jwk], spiffe_sequence: 1, spiffe_refresh_hint: 300 }));
  const fromFile = start({ keys: { kind: "file", path } });
  expect(await verdict(fromFile, domain.bearer())).toBe("accepted");
  fromFile.close();
  await rm(folder, { recursive: true });
});

test("an SVID that does not say since when is as if issued at the beginning of time, for whoever revokes by date", async () => {
  const principal = await auth.authenticate(domain.bearer({ iat: undefined }), { address: "" });
  expect(principal).toMatchObject({
    issuer: "spiffe://prod.example",
    subject: "spiffe://prod.example/ns/shop/sa/cart",
    issuedAtMs: 0,
    credential: "jwt",
  });
});
