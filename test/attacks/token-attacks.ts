import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RefusalReason } from "../../src/auth/refusal.ts";
import { createTestKey, encodePart, signToken, signTokenWithSecret, type TestKey } from "../support/tokens-raw.ts";
import { type AttackWorld, type InWorld, PORTS, reasonIn } from "./world.ts";

interface TokenAttack {
  readonly name: string;
  /** What the log must call it: outside all look the same. */
  readonly reason: RefusalReason;
  readonly token: (world: AttackWorld) => string;
}

const attack = (name: string, reason: RefusalReason, token: TokenAttack["token"]): TokenAttack => ({
  name,
  reason,
  token,
});

/** A token of the oauth issuer, rightly signed, with these members instead. */
const claiming =
  (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}) =>
  ({ oauth }: AttackWorld) =>
    oauth.mint(claims, header);
const headed = (header: Readonly<Record<string, unknown>>) => claiming({}, header);

/** HMAC with something public as the secret. */
const confused = ({ oidc }: AttackWorld, alg: string, secret: string | Buffer): string =>
  signTokenWithSecret(oidc.header({ alg }), oidc.claims(), secret);

const unsigned =
  (alg: string, signature = "") =>
  ({ oauth }: AttackWorld): string =>
    `${encodePart(oauth.header({ alg }))}.${encodePart(oauth.claims())}.${signature}`;

const stranger = createTestKey("ES256");
const nowS = (): number => Math.floor(Date.now() / 1000);

const ALGORITHMS: readonly TokenAttack[] = [
  attack("HS256 with the public key as PEM", "alg_not_allowed", (w) =>
    confused(w, "HS256", w.oidc.key().publicKey.export({ type: "spki", format: "pem" })),
  ),
  attack("HS256 with the public key as DER", "alg_not_allowed", (w) =>
    confused(w, "HS256", w.oidc.key().publicKey.export({ type: "spki", format: "der" })),
  ),
  attack("HS256 with the modulus", "alg_not_allowed", (w) =>
    confused(w, "HS256", Buffer.from(String(w.oidc.key().jwk.n), "base64url")),
  ),
  attack("HS512 with an empty secret", "alg_not_allowed", (w) => confused(w, "HS512", "")),
  ...["none", "None", "NONE", "nOnE"].map((alg) => attack(`alg ${alg}`, "alg_none", unsigned(alg))),
  attack("alg none with a signature", "alg_none", headed({ alg: "none" })),
  attack("alg none behind a space", "alg_not_allowed", unsigned(" none")),
  attack("alg none with a NUL", "alg_not_allowed", unsigned("none\0")),
  attack("an empty alg", "alg_not_allowed", unsigned("", "AAAA")),
  attack("PS256 for an RS256 key", "alg_not_allowed", ({ oidc }) => {
    const key: TestKey = { ...oidc.key(), algorithm: "PS256" };
    return signToken(oidc.header({ alg: "PS256" }), oidc.claims(), key);
  }),
  attack("RS512 where RS256 is pinned", "alg_not_allowed", ({ oidc }) => {
    const key: TestKey = { ...oidc.key(), algorithm: "RS512" };
    return signToken(oidc.header({ alg: "RS512" }), oidc.claims(), key);
  }),
  attack("EdDSA where ES256 is pinned", "alg_not_allowed", ({ oauth }) => {
    const key = createTestKey("EdDSA", { kid: oauth.key().kid });
    return signToken(oauth.header({ alg: "EdDSA" }), oauth.claims(), key);
  }),
  attack("ES256K", "alg_not_allowed", headed({ alg: "ES256K" })),
];

const KIDS: readonly TokenAttack[] = [
  ...[
    "../../../../dev/null",
    "/proc/self/environ",
    "file:///etc/passwd",
    "http://127.0.0.1:1/key",
    "x' UNION SELECT 'secret' --",
    "| cat /etc/passwd",
    "key-1\u0000.pem",
    "k".repeat(512),
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
  ].map((kid) => attack(`kid ${kid.slice(0, 30)}`, "key_unknown", headed({ kid }))),
  attack("a kid of half a megabyte cut to what a header holds", "header_invalid", headed({ kid: "k".repeat(8_000) })),
  attack("a kid that is a list", "header_invalid", ({ oauth }) => oauth.mint({}, { kid: [oauth.key().kid] })),
  attack("a kid that is an object", "header_invalid", ({ oauth }) => oauth.mint({}, { kid: { toString: "x" } })),
  attack("issuer A's key for a token of issuer B, under B's kid", "bad_signature", ({ oauth, bound }) =>
    signToken(bound.header(), bound.claims({ sub: "both" }), { ...oauth.key(), algorithm: "ES256" }),
  ),
  attack("issuer A's key and kid for a token of issuer B", "key_unknown", ({ oauth, bound }) =>
    signToken(bound.header({ kid: oauth.key().kid }), bound.claims({ sub: "both" }), oauth.key()),
  ),
];

const CLAIMS: readonly TokenAttack[] = [
  attack("a token of another audience", "audience_mismatch", claiming({ aud: "https://elsewhere.example" })),
  attack("an audience that begins like ours", "audience_mismatch", claiming({ aud: "relata-test.evil.example" })),
  attack("an ID token as access token", "typ_not_allowed", headed({ typ: "JWT" })),
  attack("an untyped token as access token", "typ_not_allowed", headed({ typ: undefined })),
  attack("a logout token by its typ", "typ_not_allowed", ({ oidc }) => oidc.mint({}, { typ: "logout+jwt" })),
  attack("a logout token by its events", "token_kind_not_allowed", ({ oidc }) =>
    oidc.mint({ events: { "http://schemas.openid.net/event/backchannel-logout": {} } }),
  ),
  attack("an expired token", "expired", claiming({ iat: nowS() - 4_000, exp: nowS() - 3_000 })),
  attack("a token not valid yet", "not_yet_valid", claiming({ nbf: nowS() + 3_000 })),
  attack("a token issued tomorrow", "issued_in_future", claiming({ iat: nowS() + 86_400, exp: nowS() + 86_500 })),
  attack("a token for ten years", "lifetime_too_long", claiming({ exp: nowS() + 315_360_000 })),
  attack("a token without end", "exp_missing", claiming({ exp: undefined })),
  attack("an exp beyond numbers", "claim_invalid", ({ oauth }) =>
    signToken(oauth.header(), JSON.stringify(oauth.claims()).replace(/"exp":\d+/, '"exp":1e400'), oauth.key()),
  ),
  attack("a tenant claimed twice", "duplicate_claim", ({ oauth }) =>
    signToken(oauth.header(), JSON.stringify(oauth.claims()).replace("{", '{"tenant":"south",'), oauth.key()),
  ),
  attack("a claim spelt twice, once escaped", "duplicate_claim", ({ oauth }) =>
    signToken(oauth.header(), JSON.stringify(oauth.claims()).replace("{", '{"su\\u0062":"operator",'), oauth.key()),
  ),
  attack("an alg given twice", "duplicate_claim", ({ oauth }) =>
    signToken(JSON.stringify(oauth.header()).replace("{", '{"alg":"none",'), oauth.claims(), oauth.key()),
  ),
  attack("a token bound to a key it does not show", "cnf_unsupported", claiming({ cnf: { jkt: "x".repeat(43) } })),
  attack("the platform's subject at another issuer", "tenant_claim_missing", ({ oidc }) =>
    oidc.mint({ sub: "operator", tenant: undefined }),
  ),
  attack("a subject that begins like one that is bound", "subject_unbound", ({ bound }) =>
    bound.mint({ sub: "both2", tenant: "north" }),
  ),
  attack("a tenant that is a list of both", "tenant_claim_invalid", claiming({ tenant: ["north", "south"] })),
  attack("a tenant that is a pattern", "tenant_claim_invalid", claiming({ tenant: "*" })),
];

/** Every forged or misused token is refused on both ports, with one sentence for all of them. */
export function tokenAttacks(world: InWorld): void {
  const said = new Set<string>();

  test.each([...ALGORITHMS, ...KIDS, ...CLAIMS])("$name is refused as $reason", async ({ reason, token }) => {
    const forged = token(world());
    for (const [port, ask] of Object.entries(PORTS)) {
      const id = `forged-${port}-${reason}`;
      const seen = await ask(world(), {
        authorization: `Bearer ${forged}`,
        "x-request-id": id,
        "relata-tenant": "north",
      });
      expect(reasonIn(seen)).toBe("UNAUTHENTICATED");
      said.add(JSON.stringify([port, seen]));
      const line = world()
        .server.logLines()
        .findLast(({ requestId }) => requestId === id);
      expect(line).toMatchObject({ detail: expect.stringMatching(new RegExp(`^${reason}\\b`)) });
    }
  });

  test("what each was told is the same, and no piece of a token is in the log", () => {
    expect(said.size).toBe(Object.keys(PORTS).length);
    const log = world().server.logText();
    for (const { token } of [...ALGORITHMS, ...KIDS, ...CLAIMS]) {
      const signature = token(world()).split(".")[2] ?? "";
      if (signature.length > 20) expect(log).not.toContain(signature);
    }
  });

  describe("a header that points at a key of the attacker's", () => {
    const contacts: string[] = [];
    const attacker = createServer((request, response) => {
      contacts.push(request.url ?? "");
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [stranger.jwk] }));
    });
    let url = "";
    beforeAll(async () => {
      await new Promise<void>((resolve) => attacker.listen(0, "127.0.0.1", resolve));
      url = `http://127.0.0.1:${(attacker.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      attacker.closeAllConnections();
      attacker.close();
    });

    test.each(["jku", "x5u", "jwk", "x5c", "iss"])(
      "by %s: the key is not taken, and nobody asks there",
      async (name) => {
        const { oauth } = world();
        const pointing: Readonly<Record<string, unknown>> = {
          jku: `${url}/jwks`,
          x5u: `${url}/cert.pem`,
          jwk: stranger.jwk,
          x5c: [stranger.publicKey.export({ type: "spki", format: "der" }).toString("base64")],
        };
        const claims = name === "iss" ? { iss: url } : {};
        const header = name === "iss" ? {} : { [name]: pointing[name] };
        for (const kid of [oauth.key().kid, stranger.kid]) {
          const forged = signToken(oauth.header({ ...header, kid }), oauth.claims(claims), stranger);
          for (const ask of Object.values(PORTS))
            expect(reasonIn(await ask(world(), { authorization: `Bearer ${forged}` }))).toBe("UNAUTHENTICATED");
        }
        expect(contacts).toEqual([]);
        expect(oauth.fetches.other).toEqual([]);
      },
    );
  });

  test("a flood of random kids costs the issuer one fetch, and good tokens go on working", async () => {
    const { oidc } = world();
    const good = { authorization: oidc.bearer({ tenant: "north" }) };
    for (const ask of Object.values(PORTS)) expect(await ask(world(), good)).toBe("answered");
    const before = oidc.fetches.jwks;
    const flood = Array.from({ length: 200 }, async (_, n) => {
      const ask = Object.values(PORTS)[n % 2];
      const forged = signToken(oidc.header({ kid: `random-${n}` }), oidc.claims(), oidc.key());
      return reasonIn((await ask?.(world(), { authorization: `Bearer ${forged}` })) ?? "");
    });
    const fresh = Array.from({ length: 20 }, () =>
      PORTS["gRPC"]?.(world(), { authorization: oidc.bearer({ tenant: "north" }) }),
    );
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["UNAUTHENTICATED"]));
    expect(new Set(await Promise.all(fresh))).toEqual(new Set(["answered"]));
    expect(oidc.fetches.jwks - before).toBeLessThanOrEqual(1);
  });
}
