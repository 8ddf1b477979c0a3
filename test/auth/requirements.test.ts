import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * What the standards ask of whoever takes a token, and the test that shows it is done. Each row: the requirement, the file
 * beside this one, and a part of the test's or the bad token's name there.
 */
const REQUIREMENTS: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  "JWT-SVID": [
    ["§2.1: RS, ES and PS only", "bad-svids.ts", "an SVID signed with EdDSA"],
    ["§2: no header beyond alg, kid and typ", "bad-svids.ts", "an SVID with a further header"],
    ["§2.3: typ is JWT or JOSE", "bad-svids.ts", "an SVID typed as an access token"],
    ["§3.1: sub is the SPIFFE ID", "bad-svids.ts", "a subject that is no SPIFFE ID, and no issuer"],
    ["§3.2: without aud refused", "bad-svids.ts", "an SVID for nobody"],
    ["§3.2: not among aud refused", "bad-svids.ts", "an SVID for another"],
    ["§3.2: one audience, where wanted", "bad-svids.ts", "an SVID for several"],
    ["§3.3: without exp refused", "bad-svids.ts", "an SVID without end"],
    ["§3.3: after exp refused, with small leeway", "bad-svids.ts", "an SVID that has ended"],
    ["§3: iss is not required and may be any", "bad-svids.ts", "an SVID under a trusted issuer's name"],
    ["§5: compact serialization only", "bad-shapes.ts", "five parts, as of an encrypted token"],
  ],
  "SPIFFE-ID": [
    ["§2: the whole grammar", "spiffe-id.test.ts", "makes it none"],
    ["§2.1: 255 bytes of trust domain", "spiffe-id.test.ts", "a trust domain too long"],
    ["§2.3: 2,048 bytes", "spiffe-id.test.ts", "2,049 bytes"],
  ],
  "SPIFFE Trust Domain and Bundle": [
    ["§4: a bundle proves its own trust domain only", "bad-svids.ts", "under the key of another, by its kid"],
    ["§4.1.2: spiffe_refresh_hint", "trust-bundle.test.ts", "of a minute ends a removed key within two"],
    ["§4.1.3: no keys, nothing is valid", "trust-bundle.test.ts", "that is empty nothing of the domain verifies"],
    ["§4.2.1: unknown kty is ignored", "trust-bundle.test.ts", "of a kind to come"],
    ["§4.2.2: use must be jwt-svid", "trust-bundle.test.ts", "for X.509-SVIDs"],
    ["§4.2: kid must be set", "trust-bundle.test.ts", "without kid"],
  ],
  "Kubernetes service accounts": [
    ["an audience of our own", "bad-service-accounts.ts", "a token for the API server"],
    ["no audience of the API server in the settings", "profile-problems.test.ts", "the API server's"],
    ["no legacy token", "bad-service-accounts.ts", "a token kept in a Secret, by its issuer"],
    ["no legacy issuer in the settings", "profile-problems.test.ts", "that never end"],
    ["kubernetes.io is there", "bad-service-accounts.ts", "an account that is not described"],
    ["with a uid", "bad-service-accounts.ts", "an account without uid"],
    ["and says what sub says", "bad-service-accounts.ts", "a subject of another namespace"],
    ["identity is on the uid", "service-accounts.test.ts", "is somebody else"],
    ["a bound on the lifetime", "bad-service-accounts.ts", "a token extended to a year"],
  ],
  "OpenID Connect Discovery and JWKS": [
    ["§4.3: the document names the very issuer", "key-documents.test.ts", "of another issuer"],
    ["https", "key-documents.test.ts", "with plain http"],
    ["no redirects", "key-documents.test.ts", "redirect"],
    ["nothing on this machine's loopback for others", "key-documents.test.ts", "to its own loopback"],
    ["bounds on size", "key-documents.test.ts", "without end"],
    ["bounds on time", "keys.test.ts", "is given up, and what it brings later"],
    ["an unknown kid fetches once per interval", "keys.test.ts", "makes at most one fetch per interval"],
    ["a removed key ends", "keys.test.ts", "a key that was taken out ends at the stale age"],
    ["the last good keys serve, to a limit", "keys.test.ts", "until the hard limit"],
    ["use is for signatures", "bad-keys.ts", "for encryption"],
    ["RSA of 2048 bits at least", "bad-keys.ts", "weak"],
    ["the curve that the algorithm says", "bad-keys.ts", "of another curve"],
    ["oidc-provider", "oidc-provider.test.ts", "a new key is followed without a restart"],
  ],
  "RFC 9068 §4": [
    ["typ is at+jwt, in any case", "bad-headers.ts", "an ID token where access tokens are typed"],
    ["iss is exactly the issuer", "bad-headers.ts", "the issuer with a slash"],
    ["aud holds this resource", "bad-claims.ts", "for another service"],
    ["none is refused", "bad-headers.ts", "unsigned in other letters"],
    ["the signature is by the issuer's keys", "bad-keys.ts", "another issuer's key under the right kid"],
    ["before exp", "bad-claims.ts", "past the skew"],
    ["client_id, jti, sub, iat are there", "bad-claims.ts", "no client"],
  ],
  "RFC 8725": [
    ["§3.1: algorithms are pinned", "bad-headers.ts", "a sound algorithm that is not pinned"],
    ["§3.1: one key, one algorithm", "bad-keys.ts", "the right key for another algorithm"],
    ["§3.2: never none", "bad-headers.ts", "unsigned"],
    ["§2.1: no HMAC with what is public", "bad-headers.ts", "HMAC with the public key as PEM"],
    ["§3.4: invalid curve points", "bad-keys.ts", "off the curve"],
    ["§3.6: no compression", "bad-headers.ts", "compression"],
    ["§3.7: UTF-8", "bad-shapes.ts", "a payload that is not UTF-8"],
    ["§3.8: issuer and its keys belong together", "bad-keys.ts", "the key of another issuer"],
    ["§3.9: audience", "bad-claims.ts", "for another service"],
    ["§3.10: kid is not trusted", "bad-keys.ts", "a kid that is SQL"],
    ["§3.10: jku and x5u are not followed", "bad-headers.ts", "signed by the key its header links to"],
    ["§3.11: explicit types", "bad-headers.ts", "a logout token"],
    ["§3.12: rules that exclude each other", "bad-svids.ts", "held to that issuer's rules"],
    ["RFC 7515 §4.1.11: crit", "bad-headers.ts", "a critical extension"],
    ["RFC 7515 §4: no member twice", "bad-shapes.ts", "two subjects, one spelled with an escape"],
    ["length before anything else", "bad-shapes.ts", "a megabyte of dots"],
    ["nbf and iat not in the future", "bad-claims.ts", "issued past the skew"],
  ],
  "RFC 8705 §3, RFC 7800": [
    ["the certificate of the connection", "bad-bindings-to-certificates.ts", "bound to another certificate"],
    ["none shown", "certificate-binding.test.ts", "certificate_missing"],
    ["also for a token seen before", "certificate-binding.test.ts", "helps nobody on another"],
    ["what is not understood is refused", "bad-bindings-to-certificates.ts", "bound to a DPoP key"],
    ["and so are several", "bad-bindings-to-certificates.ts", "bound to the certificate and to something more"],
  ],
};

const rows = Object.entries(REQUIREMENTS).flatMap(([standard, required]) =>
  required.map(([what, file, name]) => [`${standard}, ${what}`, file, name] as const),
);

test.each(rows)("%s: %s", (_requirement, file, name) => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  expect(text.includes(name), `${name} in ${file}`).toBe(true);
});
