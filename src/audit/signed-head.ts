import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { canonicalBytes } from "./canonical.ts";

/** The newest event's place in a chain at some time, for keeping where relata cannot reach. */
export interface SignedHead {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly signedAtMs: number;
  /** Empty: nobody vouches for it. */
  readonly signature: Uint8Array;
  readonly keyId: string;
}

/** An Ed25519 key that signs heads. */
export interface HeadKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export type UnsignedHead = Omit<SignedHead, "signature" | "keyId">;

/** What is signed. `type` keeps a signature of something else from passing for one of a head. */
export function headBytes({ chain, seq, hash, signedAtMs }: UnsignedHead): Buffer {
  return canonicalBytes({
    chain,
    hash: Buffer.from(hash).toString("hex"),
    seq,
    signed_at: new Date(signedAtMs).toISOString(),
    type: "relata/audit/head/v1",
  });
}

export function signHead(key: HeadKey, head: UnsignedHead): SignedHead {
  return { ...head, keyId: key.id, signature: sign(null, headBytes(head), key.privateKey) };
}

/** @param publicKeys raw, 32 bytes each: the head must be signed by one of them */
export function isSignedByOneOf(publicKeys: readonly Uint8Array[], head: SignedHead): boolean {
  const bytes = headBytes(head);
  return publicKeys.some((raw) => verify(null, bytes, publicKeyOf(raw), head.signature));
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key in DER. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** @param seed the 32 bytes of the private key (RFC 8032) */
export function headKeyOf(id: string, seed: Uint8Array): HeadKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { id, privateKey, publicKey: spki.subarray(SPKI_PREFIX.length) };
}

/** @throws TypeError for anything but 32 bytes */
function publicKeyOf(raw: Uint8Array): KeyObject {
  if (raw.length !== 32) throw new TypeError("an Ed25519 public key has 32 bytes");
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
}
