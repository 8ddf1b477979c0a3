import {
  constants,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
  type webcrypto,
} from "node:crypto";
import type { SigningAlgorithm } from "../../src/model/trust.ts";

/**
 * Tokens made by hand, right and wrong, with node:crypto alone: the product verifies with jose, so a test that a token is
 * accepted is also a test that two implementations agree.
 */
export type Claims = Readonly<Record<string, unknown>>;
export type Header = Readonly<Record<string, unknown>>;
export type PublicJwk = webcrypto.JsonWebKey & Record<string, unknown>;

/** A signing key and how it is published. */
export interface TestKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As it appears in the key set: `kid`, `alg`, `use: "sig"` and the key itself. */
  readonly jwk: PublicJwk;
}

let keysMade = 0;

/** A fresh key pair. `jwk` overrides what is published (undefined leaves a member out); `rsaBits` defaults to 2048. */
export function createTestKey(
  algorithm: SigningAlgorithm,
  options: { readonly kid?: string; readonly jwk?: Record<string, unknown>; readonly rsaBits?: number } = {},
): TestKey {
  keysMade += 1;
  const kid = options.kid ?? `key-${keysMade}`;
  const { privateKey, publicKey } = generatePair(algorithm, options.rsaBits ?? 2048);
  const exported: JsonWebKey = publicKey.export({ format: "jwk" });
  const jwk = withoutUndefined({ ...exported, kid, alg: algorithm, use: "sig", ...options.jwk });
  return { kid, algorithm, privateKey, publicKey, jwk };
}

function generatePair(
  algorithm: SigningAlgorithm,
  rsaBits: number,
): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  switch (algorithm) {
    case "ES256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ES384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "ES512":
      return generateKeyPairSync("ec", { namedCurve: "P-521" });
    case "EdDSA":
      return generateKeyPairSync("ed25519");
    default:
      return generateKeyPairSync("rsa", { modulusLength: rsaBits });
  }
}

/** base64url without padding. An object becomes JSON; a string is taken as it is. */
export function encodePart(part: string | Buffer | object): string {
  if (Buffer.isBuffer(part)) return part.toString("base64url");
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** A compact JWS over exactly these bytes: nothing is checked, so header and payload may be nonsense. */
export function signToken(header: string | Header, payload: string | Claims, key: TestKey): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${sign(input, key).toString("base64url")}`;
}

/** A compact JWS signed by HMAC: the classic confusion uses a public key, as text, as the secret. */
export function signTokenWithSecret(header: Header, payload: Claims, secret: string | Buffer): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

function sign(input: string, key: TestKey): Buffer {
  const data = Buffer.from(input);
  if (key.algorithm === "EdDSA") return signBytes(null, data, key.privateKey);
  const hash = `sha${key.algorithm.slice(2)}`;
  switch (key.algorithm.slice(0, 2)) {
    case "ES":
      return signBytes(hash, data, { key: key.privateKey, dsaEncoding: "ieee-p1363" });
    case "PS":
      return signBytes(hash, data, {
        key: key.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    default:
      return signBytes(hash, data, key.privateKey);
  }
}

/** Members set to undefined are left out, so that an override can take a claim away. */
export function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
