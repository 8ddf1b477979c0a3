import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

/** A secret that seals signing keys; the same as seals consistency tokens (`tokenKeys`), from which another key is derived. */
export interface SealingSecret {
  readonly id: string;
  readonly secret: string;
}

/** The public half as it is published (RFC 7517). */
export interface PublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "ES256";
}

export interface UnsealedKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

export interface SealedKey {
  readonly kid: string;
  readonly sealed: string;
  readonly sealedBy: string;
}

const FORMAT = 1;
/** NIST SP 800-38D §8.2.2: 96 random bits, for far fewer than 2^32 keys under one sealing key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Makes an ES256 key and seals it under the first of `secrets`. */
export function makeSealedKey(secrets: readonly SealingSecret[]): SealedKey {
  const [first] = secrets;
  if (first === undefined) throw new TypeError("a signing key needs a secret to be sealed under");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { kid } = publicJwkOf(privateKey);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", sealingKey(first), nonce).setAAD(boundTo(kid, first.id));
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  const sealed = Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.update(der), cipher.final(), cipher.getAuthTag()]);
  der.fill(0);
  return { kid, sealed: sealed.toString("base64url"), sealedBy: first.id };
}

/** Undefined for whatever none of `secrets` sealed as this very key. */
export function unsealKey(stored: SealedKey, secrets: readonly SealingSecret[]): UnsealedKey | undefined {
  const secret = secrets.find(({ id }) => id === stored.sealedBy);
  const bytes = Buffer.from(stored.sealed, "base64url");
  if (secret === undefined || bytes[0] !== FORMAT || bytes.length <= 1 + NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", sealingKey(secret), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(stored.kid, secret.id)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const der = Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const privateKey = createPrivateKey({ key: der, type: "pkcs8", format: "der" });
    der.fill(0);
    const jwk = publicJwkOf(privateKey);
    return jwk.kid === stored.kid ? { kid: jwk.kid, privateKey, jwk } : undefined;
  } catch {
    return undefined;
  }
}

/** HKDF (RFC 5869) keeps what seals keys apart from what signs consistency tokens under the same secret. */
function sealingKey({ id, secret }: SealingSecret): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, id, "relata/signing-key/1", KEY_BYTES));
}

/** A sealed key copied over another one's row does not open. */
function boundTo(kid: string, secretId: string): Buffer {
  return Buffer.from(JSON.stringify(["relata/signing-key", kid, secretId]));
}

/** The public half, named by its thumbprint (RFC 7638 §3: these members, in this order). */
function publicJwkOf(privateKey: KeyObject): PublicJwk {
  const { x = "", y = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const thumbprint = JSON.stringify({ crv: "P-256", kty: "EC", x, y });
  const kid = createHash("sha256").update(thumbprint).digest("base64url");
  return { kty: "EC", crv: "P-256", x, y, kid, use: "sig", alg: "ES256" };
}
