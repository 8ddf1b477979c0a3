import { encodePart, signToken, signTokenWithSecret } from "../support/tokens-raw.ts";
import { type BadToken, bad, type World } from "./world.ts";

/** An oauth token with this header, rightly signed over it. */
const headed =
  (header: Record<string, unknown>) =>
  (w: World): string =>
    w.oauth.bearer({}, header);

/** A token of the oidc issuer, signed by HMAC with something public as the secret. */
const confused = (w: World, secret: string | Buffer): string =>
  `Bearer ${signTokenWithSecret(w.oidc.header({ alg: "HS256" }), w.oidc.claims(), secret)}`;

const unsigned = (w: World, alg: string): string =>
  `Bearer ${encodePart(w.oauth.header({ alg }))}.${encodePart(w.oauth.claims())}.`;

const oidc = (w: World): string => w.oidc.bearer();

export const badHeaders: readonly BadToken[] = [
  bad("alg_none", "unsigned", (w) => unsigned(w, "none")),
  bad("alg_none", "unsigned in other letters", (w) => unsigned(w, "NoNe")),
  bad("alg_none", "none, though signed", headed({ alg: "none" })),
  bad("alg_not_allowed", "no algorithm", headed({ alg: undefined })),
  bad("alg_not_allowed", "a list of algorithms", headed({ alg: ["ES256"] })),
  bad("alg_not_allowed", "right name in wrong case", headed({ alg: "es256" })),
  bad(
    "alg_not_allowed",
    "HMAC with the public key as PEM",
    (w) => confused(w, w.oidc.key().publicKey.export({ type: "spki", format: "pem" })),
    oidc,
  ),
  bad(
    "alg_not_allowed",
    "HMAC with the public key as DER",
    (w) => confused(w, w.oidc.key().publicKey.export({ type: "spki", format: "der" })),
    oidc,
  ),
  bad("alg_not_allowed", "HMAC with the published JWK", (w) => confused(w, JSON.stringify(w.oidc.key().jwk)), oidc),
  bad("alg_not_allowed", "HMAC with an empty secret", (w) => confused(w, ""), oidc),
  bad("alg_not_allowed", "an algorithm of another issuer", headed({ alg: "RS256" }), oidc),
  bad("alg_not_allowed", "a sound algorithm that is not pinned", (w) => w.oidc.bearer({}, { alg: "PS256" }), oidc),
  bad("unknown_crit", "a critical extension", headed({ crit: ["exp"], exp: 1 }), headed({ exp: 1 })),
  bad("unknown_crit", "an empty list of critical extensions", headed({ crit: [] })),
  bad("unknown_crit", "an unencoded payload, as RFC 7797 has it", headed({ crit: ["b64"], b64: false })),
  bad("header_not_supported", "an unencoded payload without crit", headed({ b64: false })),
  bad("header_not_supported", "b64 that changes nothing", headed({ b64: true })),
  bad("header_not_supported", "compression", headed({ zip: "DEF" })),
  bad("header_not_supported", "encryption", headed({ enc: "A256GCM" })),
  bad("header_invalid", "a kid that is a number", headed({ kid: 1 })),
  bad("header_invalid", "an empty kid", headed({ kid: "" })),
  bad("header_invalid", "a kid of two kilobytes", headed({ kid: "k".repeat(2048) })),
  bad("header_invalid", "a typ that is a list", headed({ typ: ["at+jwt"] })),
  bad("signature_missing", "no signature", (w) => `Bearer ${w.oauth.mint().split(".").slice(0, 2).join(".")}.`),
  bad("issuer_missing", "no issuer", (w) => w.oauth.bearer({ iss: undefined })),
  bad("issuer_missing", "a list of issuers", (w) => w.oauth.bearer({ iss: [w.oauth.issuer] })),
  bad("issuer_unknown", "an issuer nobody trusts", (w) => w.oauth.bearer({ iss: "https://issuer.example" })),
  bad("issuer_unknown", "the issuer with a slash", (w) => w.oauth.bearer({ iss: `${w.oauth.issuer}/` })),
  bad("issuer_unknown", "the issuer in capitals", (w) => w.oauth.bearer({ iss: w.oauth.issuer.toUpperCase() })),
  bad("issuer_unknown", "a prefix of the issuer", (w) => w.oidc.bearer({ iss: w.oidc.issuer.slice(0, -1) }), oidc),
  bad("issuer_unknown", "a name every object has", (w) => w.oauth.bearer({ iss: "__proto__" })),
  bad(
    "typ_not_allowed",
    "an ID token where access tokens are typed",
    headed({ typ: "JWT" }),
    headed({ typ: "AT+JWT" }),
  ),
  bad(
    "typ_not_allowed",
    "no typ where access tokens are typed",
    headed({ typ: undefined }),
    headed({
      typ: "application/at+jwt",
    }),
  ),
  bad("typ_not_allowed", "a longer media type", headed({ typ: "at+jwt;v=1" })),
  bad(
    "typ_not_allowed",
    "an access token by RFC 9068 where none is typed",
    (w) => w.oidc.bearer({}, { typ: "at+jwt" }),
    (w) => w.oidc.bearer({}, { typ: undefined }),
  ),
  bad(
    "typ_not_allowed",
    "a logout token",
    (w) => w.oidc.bearer({}, { typ: "logout+jwt" }),
    (w) => w.oidc.bearer({}, { typ: "jwt" }),
  ),
  bad("typ_not_allowed", "a DPoP proof", (w) => w.oidc.bearer({}, { typ: "dpop+jwt" }), oidc),
  bad(
    "bad_signature",
    "signed by the key in its own header",
    (w) => {
      const { key, jwk } = stranger(w);
      return `Bearer ${signToken(w.oauth.header({ jwk }), w.oauth.claims(), key)}`;
    },
    (w) => w.oauth.bearer({}, { jwk: stranger(w).jwk }),
  ),
  bad(
    "bad_signature",
    "signed by the key its header links to",
    (w) => {
      const url = `${w.oauth.issuer}/evil-jwks`;
      const header = w.oauth.header({ jku: url, x5u: url, x5c: ["MIIB"] });
      return `Bearer ${signToken(header, w.oauth.claims(), stranger(w).key)}`;
    },
    (w) => w.oauth.bearer({}, { jku: w.oauth.jwksUrl, x5u: w.oauth.jwksUrl, x5t: "AAAA" }),
  ),
];

/** A key that no issuer has published, of the oauth issuer's algorithm. */
function stranger(w: World): { key: ReturnType<World["oauth"]["key"]>; jwk: unknown } {
  const key = w.unfit.get("not published");
  if (key === undefined) throw new Error("the world lacks a stranger's key");
  return { key, jwk: key.jwk };
}
