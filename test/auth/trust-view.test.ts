import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApiTokenAuthenticator } from "../../src/auth/api-token-authenticator.ts";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import type { LoadedKeys } from "../../src/auth/key-source.ts";
import { RelataError } from "../../src/errors.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import type { Principal } from "../../src/model/principal.ts";
import type { Binding } from "../../src/model/trust.ts";
import type { RevocableClaims, TrustView } from "../../src/model/trust-view.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { recordLog, refused, verdict } from "./rig.ts";

/** What a process knows, to be changed by hand. */
interface KnownTrust extends TrustView {
  version: number;
  stale: boolean;
  stored: Binding[];
  revoked: (claims: RevocableClaims) => boolean;
  judged: RevocableClaims[];
}

function knownTrust(): KnownTrust {
  const known: KnownTrust = {
    version: 7,
    stale: false,
    stored: [],
    judged: [],
    revoked: () => false,
    requireFresh() {
      if (known.stale) throw new RelataError("CREDENTIALS_UNCONFIRMED", "try again later");
    },
    confirm: async () => known.requireFresh(),
    bindings: (issuer, subject) =>
      known.stored.filter((binding) => binding.issuer === issuer && binding.subject === subject),
    isRevoked(claims) {
      known.judged.push(claims);
      return known.revoked(claims);
    },
  };
  return known;
}

let clock: TestClock;
let issuer: TestIssuer;
let trust: KnownTrust;
beforeEach(async () => {
  clock = createClock();
  issuer = await startTestIssuer({ now: clock.now });
  trust = knownTrust();
});
afterEach(() => issuer.close());

function authenticator(
  bindings: readonly Partial<Binding>[] = [{ tenants: ["acme"], scopes: ["check"] }],
  apiTokens?: ApiTokenAuthenticator,
) {
  const whole = bindings.map((changes) => stored(changes));
  return createAuthenticator(
    { issuers: [issuer.trust({ tenant: { kind: "bindings" } })], bindings: whole },
    { now: clock.now, log: recordLog().log, trust, ...(apiTokens && { apiTokens }) },
  );
}

const stored = (changes: Partial<Binding>): Binding => ({
  issuer: issuer.issuer,
  subject: "service",
  tenants: [],
  platform: false,
  scopes: [],
  ...changes,
});

describe("what is known of revocations", () => {
  test("is asked with the issuer, subject, jti and iat of the token, which go into the principal", async () => {
    const auth = authenticator();
    const iat = Math.floor(clock.now() / 1000) - 5;
    const principal = await auth.authenticate(issuer.bearer({ jti: "id-1", iat }), UNKNOWN_PEER);
    expect(trust.judged).toEqual([
      { issuer: issuer.issuer, subject: "service", tokenId: "id-1", issuedAtMs: iat * 1000 },
    ]);
    expect(principal).toMatchObject({ credential: "jwt:id-1", issuedAtMs: iat * 1000 });
    auth.close();
  });

  test("refuses a token seen before from the moment the version moves, without its signature being checked again", async () => {
    const auth = authenticator();
    const token = issuer.bearer({ jti: "id-1" });
    const first = await auth.authenticate(token, UNKNOWN_PEER);
    trust.revoked = ({ tokenId }) => tokenId === "id-1";
    // Judgements are kept by version: whoever changes what is known moves it.
    expect(auth.recall(token, UNKNOWN_PEER)).toBe(first);
    trust.version += 1;
    expect(() => auth.recall(token, UNKNOWN_PEER)).toThrow(RelataError);
    expect(await verdict(auth, token)).toBe("revoked");
    expect(await verdict(auth, issuer.bearer({ jti: "id-2" }))).toBe("accepted");
    trust.revoked = () => false;
    trust.version += 1;
    expect(auth.recall(token, UNKNOWN_PEER)).toEqual(first);
    auth.close();
  });

  test("that is too old lets nobody in: neither who was known nor who is new, and nobody is refused for good", async () => {
    const auth = authenticator();
    const token = issuer.bearer();
    const first = await auth.authenticate(token, UNKNOWN_PEER);
    trust.stale = true;
    expect(auth.recall(token, UNKNOWN_PEER)).toBeUndefined();
    for (const authorization of [token, issuer.bearer(), "Bearer rlt_test_x"])
      expect(await refused(auth.authenticate(authorization, UNKNOWN_PEER))).toMatchObject({
        reason: "CREDENTIALS_UNCONFIRMED",
      });
    trust.stale = false;
    expect(auth.recall(token, UNKNOWN_PEER)).toBe(first);
    auth.close();
  });

  test("that grew too old while keys were fetched lets nobody in", async () => {
    const auth = authenticator();
    const whole = JSON.stringify({ keys: issuer.publishedKeys() });
    issuer.answer("jwks", (_request, response) => {
      trust.stale = true;
      response.end(whole);
    });
    const error = await refused(auth.authenticate(issuer.bearer(), UNKNOWN_PEER));
    expect(error).toMatchObject({ reason: "CREDENTIALS_UNCONFIRMED" });
    auth.close();
  });
});

describe("stored bindings", () => {
  test("add to those of the configuration, and end with the version that no longer has them", async () => {
    const auth = authenticator();
    const token = issuer.bearer();
    trust.stored = [stored({ tenants: ["globex"], scopes: ["tuples:read"] })];
    const both = await auth.authenticate(token, UNKNOWN_PEER);
    expect(both.grant).toEqual({ kind: "tenants", slugs: ["acme", "globex"] });
    trust.stored = [];
    trust.version += 1;
    expect(auth.recall(token, UNKNOWN_PEER)?.grant).toEqual({ kind: "tenants", slugs: ["acme"] });
    auth.close();
  });

  test("are all a subject has: with the last one it is nobody, though its token was good a moment ago", async () => {
    const auth = authenticator([]);
    const token = issuer.bearer();
    trust.stored = [stored({ tenants: ["globex"], scopes: ["check"] })];
    expect(await verdict(auth, token)).toBe("accepted");
    trust.stored = [];
    trust.version += 1;
    expect(await verdict(auth, token)).toBe("subject_unbound");
    auth.close();
  });

  test("narrow what they grant to objects, under the issuer's ceiling", async () => {
    const auth = authenticator([]);
    trust.stored = [
      stored({ tenants: ["acme"], scopes: ["check"], objects: [{ type: "document" }] }),
      stored({ tenants: ["acme"], scopes: ["tuples:read"], objects: [{ type: "folder", relations: ["viewer"] }] }),
    ];
    const { access } = await auth.authenticate(issuer.bearer(), UNKNOWN_PEER);
    expect(access).toEqual(
      new Map<string, unknown>([
        ["check", new Map([["document", "all"]])],
        ["tuples:read", new Map([["folder", new Set(["viewer"])]])],
      ]),
    );
    auth.close();
  });
});

test("a bearer value that begins as an API token goes to whom it concerns, and nothing else does", async () => {
  const seen: string[] = [];
  const principal = { subject: "api_token:x" } as Principal;
  const auth = authenticator(undefined, {
    recall: (token) => (token === "rlt_test_known" ? principal : undefined),
    authenticate: async (token, peer) => {
      seen.push(`${token} ${peer.address}`);
      return principal;
    },
  });
  const peer = { address: "192.0.2.7" };
  expect(auth.recall("bearer rlt_test_known", peer)).toBe(principal);
  expect(await auth.authenticate("Bearer rlt_test_new", peer)).toBe(principal);
  expect(seen).toEqual(["rlt_test_new 192.0.2.7"]);
  expect(await verdict(auth, "Basics rlt_test_new")).toBe("scheme_not_bearer");
  expect(await verdict(auth, "Bearer rlt_test_new, Bearer x")).toBe("scheme_not_bearer");
  expect(await verdict(auth, issuer.bearer())).toBe("accepted");
  auth.close();
});

describe("keys of relata's own", () => {
  test("are read again when they are said to have changed, and none verifies before that", async () => {
    let reads = 0;
    let answer: () => Promise<LoadedKeys> = async () => ({ keys: issuer.publishedKeys() });
    const own = {
      trust: issuer.trust({ keys: { kind: "own" } }),
      load: () => {
        reads += 1;
        return answer();
      },
    };
    const auth = createAuthenticator(
      { issuers: [], bindings: [] },
      { now: clock.now, log: recordLog().log, trust, ownIssuer: own },
    );
    const token = issuer.bearer();
    expect(await verdict(auth, token)).toBe("accepted");
    expect(reads).toBe(1);
    const slow = Promise.withResolvers<LoadedKeys>();
    const old = issuer.publishedKeys();
    answer = () => slow.promise;
    auth.ownKeysChanged();
    issuer.removeKey(issuer.key().kid);
    answer = async () => ({ keys: issuer.publishedKeys() });
    // A second change while the first is read: what that reading brings is not believed.
    auth.ownKeysChanged();
    slow.resolve({ keys: old });
    expect(auth.recall(token, UNKNOWN_PEER)).toBeUndefined();
    expect(await verdict(auth, token)).toBe("key_unknown");
    auth.close();
  });

  test("of an issuer that the settings name too are refused at the start", () => {
    const own = { trust: issuer.trust({ keys: { kind: "own" } }), load: async () => ({ keys: [] }) };
    const deps = { now: clock.now, log: recordLog().log, ownIssuer: own };
    expect(() => createAuthenticator({ issuers: [issuer.trust()], bindings: [] }, deps)).toThrow(/is there twice/);
  });
});
