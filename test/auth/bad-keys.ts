import { sign as signBytes } from "node:crypto";
import type { TestIssuer } from "../support/tokens.ts";
import { createTestKey, encodePart, signToken, type TestKey } from "../support/tokens-raw.ts";
import { type BadToken, bad, type World } from "./world.ts";

/** Publishes keys that must not verify, each spoiled in one way, beside ones that may. */
export function publishUnfitKeys(issuer: TestIssuer): ReadonlyMap<string, TestKey> {
  const keys = new Map<string, TestKey>();
  const publish = (name: string, key: TestKey): void => {
    keys.set(name, key);
    issuer.addKey(key);
  };
  const { d } = createTestKey("ES256").privateKey.export({ format: "jwk" });
  publish("fit", createTestKey("ES256"));
  publish("fit with key_ops", createTestKey("ES256", { jwk: { key_ops: ["verify"], use: undefined, alg: undefined } }));
  publish("for encryption", createTestKey("ES256", { jwk: { use: "enc" } }));
  publish("for signing only", createTestKey("ES256", { jwk: { key_ops: ["sign"] } }));
  publish("of another algorithm", createTestKey("ES256", { jwk: { alg: "ES384" } }));
  publish("of another curve", createTestKey("ES384", { jwk: { alg: "ES256" } }));
  publish("off the curve", createTestKey("ES256", { jwk: { x: Buffer.alloc(32, 7).toString("base64url") } }));
  publish("private", createTestKey("ES256", { jwk: { d } }));
  publish("weak", createTestKey("RS256", { rsaBits: 1024 }));
  publish("of exponent one", createTestKey("RS256", { jwk: { e: "AQ" } }));
  publish("a secret", createTestKey("ES256", { jwk: { kty: "oct", k: "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" } }));
  publish("of an algorithm not pinned", createTestKey("RS256", { jwk: { alg: "RS512" } }));
  keys.set("not published", createTestKey("ES256"));
  return keys;
}

/** A token of the oidc issuer, signed by one of those keys. */
const by =
  (name: string, header: Record<string, unknown> = {}) =>
  (w: World): string => {
    const key = w.unfit.get(name);
    if (key === undefined) throw new Error(`no key ${name}`);
    const named = w.oidc.header({ alg: key.algorithm, kid: key.kid, ...header });
    return `Bearer ${signToken(named, w.oidc.claims(), key)}`;
  };

const unfit = (name: string, header: Record<string, unknown> = {}, good = by("fit")): BadToken =>
  bad("key_unusable", `a key ${name}`, by(name, header), good);

const spliced = (w: World): string => {
  const [header, , signature] = w.oauth.mint().split(".");
  return `Bearer ${header}.${encodePart(w.oauth.claims({ sub: "admin" }))}.${signature}`;
};

const withSignature =
  (make: (input: string, key: TestKey) => Buffer) =>
  (w: World): string => {
    const input = `${encodePart(w.oauth.header())}.${encodePart(w.oauth.claims())}`;
    return `Bearer ${input}.${make(input, w.oauth.key()).toString("base64url")}`;
  };

export const badKeys: readonly BadToken[] = [
  bad("key_unknown", "a kid nobody published", (w) => w.oauth.bearer({}, { kid: "no-such-key" })),
  bad("key_unknown", "a kid that is a path", (w) => w.oauth.bearer({}, { kid: "../../../dev/null" })),
  bad("key_unknown", "a kid that is SQL", (w) => w.oauth.bearer({}, { kid: "x' UNION SELECT 'key" })),
  bad("key_unknown", "a kid every object has", (w) => w.oauth.bearer({}, { kid: "constructor" })),
  bad("key_unknown", "no kid where several keys fit", by("fit", { kid: undefined }), (w) =>
    w.oauth.bearer({}, { kid: undefined }),
  ),
  bad(
    "key_unknown",
    "the key of another issuer",
    (w) =>
      `Bearer ${signToken(w.oidc.header({ alg: "EdDSA", kid: w.bound.key().kid }), w.oidc.claims(), w.bound.key())}`,
    by("fit with key_ops"),
  ),
  unfit("for encryption"),
  unfit("for signing only", {}, by("fit with key_ops")),
  unfit("of another algorithm"),
  unfit("of another curve", { alg: "ES256" }),
  unfit("off the curve"),
  unfit("private"),
  unfit("weak", {}, (w) => w.oidc.bearer()),
  unfit("of exponent one", {}, (w) => w.oidc.bearer()),
  unfit("a secret"),
  unfit("of an algorithm not pinned", {}, (w) => w.oidc.bearer()),
  bad(
    "key_unusable",
    "the right key for another algorithm",
    (w) => w.oidc.bearer({}, { alg: "EdDSA" }),
    (w) => w.oidc.bearer(),
  ),
  bad("bad_signature", "another payload under the signature", spliced),
  bad(
    "bad_signature",
    "another issuer's key under the right kid",
    (w) => `Bearer ${signToken(w.oauth.header(), w.oauth.claims(), w.unfit.get("fit") ?? w.oidc.key())}`,
  ),
  bad(
    "bad_signature",
    "a stranger's Ed25519 key under the right kid",
    (w) => `Bearer ${signToken(w.bound.header(), w.bound.claims(), createTestKey("EdDSA"))}`,
    (w) => w.bound.bearer(),
  ),
  bad(
    "bad_signature",
    "a signature in DER",
    withSignature((input, key) => signBytes("sha256", Buffer.from(input), key.privateKey)),
  ),
  bad(
    "bad_signature",
    "a signature of zeros",
    withSignature(() => Buffer.alloc(64)),
  ),
  bad(
    "bad_signature",
    "a signature cut short",
    withSignature((input, key) =>
      signBytes("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).subarray(0, 32),
    ),
  ),
  bad(
    "bad_signature",
    "one byte for a signature",
    withSignature(() => Buffer.alloc(1)),
  ),
];
