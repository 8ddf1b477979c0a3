import { createTestKey, signToken } from "../support/tokens-raw.ts";
import { type BadToken, bad, nowS, type World } from "./world.ts";

/** Every MUST of JWT-SVID and of SPIFFE-ID that a verifier can hold a token to, and what beside it is fine. */
const good = (w: World): string => w.spiffe.bearer();
const id =
  (path: string) =>
  (w: World): string =>
    w.spiffe.bearer({ sub: `spiffe://${w.spiffe.name}${path}` });
const header =
  (members: Record<string, unknown>) =>
  (w: World): string =>
    w.spiffe.bearer({}, members);

export const badSvids: readonly BadToken[] = [
  bad("header_member_not_allowed", "an SVID with a further header", header({ jku: "https://evil.example" }), good),
  bad("header_member_not_allowed", "an SVID with a header that elsewhere does no harm", header({ x5t: "AAAA" }), good),
  bad("typ_not_allowed", "an SVID typed as an access token", header({ typ: "at+jwt" }), header({ typ: "JOSE" })),
  bad("typ_not_allowed", "a WIT-SVID", header({ typ: "wit+jwt" }), header({ typ: undefined })),
  bad("typ_not_allowed", "an SVID's type in other letters", header({ typ: "jwt" }), header({ typ: "JWT" })),
  bad(
    "alg_not_allowed",
    "an SVID signed with EdDSA",
    (w) => {
      const key = createTestKey("EdDSA");
      return `Bearer ${signToken(w.spiffe.header({ alg: "EdDSA" }), w.spiffe.claims(), key)}`;
    },
    good,
  ),
  bad("claim_missing", "an SVID for nobody", (w) => w.spiffe.bearer({ aud: undefined }), good),
  bad("audience_mismatch", "an SVID for another", (w) => w.spiffe.bearer({ aud: ["spiffe://prod/db"] }), good),
  bad(
    "audience_not_single",
    "an SVID for several",
    (w) => w.spiffe.bearer({ aud: [w.spiffe.audience, "spiffe://prod/db"] }),
    (w) => w.spiffe.bearer({ aud: w.spiffe.audience }),
  ),
  bad("exp_missing", "an SVID without end", (w) => w.spiffe.bearer({ exp: undefined }), good),
  bad(
    "expired",
    "an SVID that has ended",
    (w) => w.spiffe.bearer({ iat: undefined, exp: nowS(w) - 30 }),
    (w) => w.spiffe.bearer({ iat: undefined, exp: nowS(w) - 29 }),
  ),
  bad(
    "lifetime_too_long",
    "an SVID with too much left, that does not say since when",
    (w) => w.spiffe.bearer({ iat: undefined, exp: nowS(w) + 3601 }),
    (w) => w.spiffe.bearer({ iat: undefined, exp: nowS(w) + 3600 }),
  ),
  bad(
    "lifetime_too_long",
    "an SVID of more than an hour",
    (w) => w.spiffe.bearer({ iat: nowS(w) - 10, exp: nowS(w) + 3591 }),
    (w) => w.spiffe.bearer({ iat: nowS(w) - 10, exp: nowS(w) + 3590 }),
  ),
  bad("spiffe_id_invalid", "a subject with a slash at the end", id("/ns/shop/"), id("/ns/shop")),
  bad("spiffe_id_invalid", "a subject that climbs", id("/ns/../admin"), id("/ns/admin")),
  bad("spiffe_id_invalid", "a subject with a query", id("/ns/shop?admin"), good),
  bad("spiffe_id_invalid", "a subject in a trust domain with a port", (w) =>
    w.spiffe.bearer({ sub: `spiffe://${w.spiffe.name}:8443/ns/shop` }),
  ),
  bad("spiffe_id_invalid", "a subject with the scheme in capitals", (w) =>
    w.spiffe.bearer({ sub: `SPIFFE://${w.spiffe.name}/ns/shop` }),
  ),
  bad("spiffe_id_invalid", "the trust domain itself for a subject", id(""), good),
  bad("spiffe_id_invalid", "a subject of 2,049 bytes", id(`/${"p".repeat(2027)}`), id(`/${"p".repeat(2026)}`)),
  bad("trust_domain_unknown", "a subject of a trust domain nobody trusts", (w) =>
    w.spiffe.bearer({ sub: "spiffe://elsewhere/ns/shop" }),
  ),
  bad("issuer_missing", "a subject that is no SPIFFE ID, and no issuer", (w) => w.spiffe.bearer({ sub: "cart" }), good),
  bad(
    "key_unknown",
    "a subject of one trust domain under the key of another",
    (w) => w.spiffe.bearer({ sub: `spiffe://${w.neighbour.name}/ns/shop` }),
    (w) => w.neighbour.bearer({ sub: `spiffe://${w.neighbour.name}/ns/shop` }),
  ),
  bad(
    "bad_signature",
    "a subject of one trust domain under the key of another, by its kid",
    (w) => w.spiffe.bearer({ sub: `spiffe://${w.neighbour.name}/ns/shop` }, { kid: w.neighbour.key().kid }),
    (w) => w.neighbour.bearer(),
  ),
  bad(
    "key_unknown",
    "an SVID under a trusted issuer's name, which that issuer did not sign",
    (w) => w.spiffe.bearer({ iss: w.oidc.issuer, tenant: "acme" }),
    (w) => w.spiffe.bearer({ iss: "https://oidc-discovery.example" }),
  ),
  bad(
    "claim_missing",
    "a trusted issuer's token about a workload, held to that issuer's rules",
    (w) => w.oidc.bearer({ sub: `spiffe://${w.spiffe.name}/ns/shop`, iat: undefined }),
    (w) => w.oidc.bearer({ sub: `spiffe://${w.spiffe.name}/ns/shop` }),
  ),
  bad("issuer_unknown", "a token that names a trust domain as its issuer", (w) =>
    w.oauth.bearer({ iss: `spiffe://${w.spiffe.name}` }),
  ),
];
