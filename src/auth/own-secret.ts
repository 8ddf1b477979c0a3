import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

/** What a secret is for: `rlc` a client's, `rlr` a refresh token. */
export type SecretKind = "rlc" | "rlr";

/**
 * `<kind>_<env>_<id: 12><secret: 43><checksum: 6>` with `_` behind the id, as API tokens are written: recognisable wherever
 * it is pasted, and a typing error costs no look-up.
 */
export interface OwnSecret {
  /** Public. */
  readonly id: string;
  /** SHA-256 of the secret part, hex. */
  readonly sha256: string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 12;
/** 62^43 > 2^256. */
const SECRET_LENGTH = 43;
const SECRET_BYTES = 32;
/** 62^6 > 2^32. */
const CHECKSUM_LENGTH = 6;
const SHAPE = /^(rl[cr])_([a-z0-9]{1,16})_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** Twelve characters of base62: 71 random bits. */
export function newPublicId(): string {
  return Array.from({ length: ID_LENGTH }, randomCharacter).join("");
}

/** @param id public; the secret is told apart by it */
export function newOwnSecret(kind: SecretKind, env: string, id: string): OwnSecret & { readonly text: string } {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_LENGTH);
  const body = `${kind}_${env}_${id}_${secret}`;
  return { id, sha256: digest(secret), text: `${body}${checksum(body)}` };
}

/** Undefined for what cannot have been made here; says nothing of what was. */
export function parseOwnSecret(kind: SecretKind, text: string): OwnSecret | undefined {
  const [whole, foundKind, , id, secret, check] = SHAPE.exec(text) ?? [];
  if (whole === undefined || foundKind !== kind || id === undefined || secret === undefined) return undefined;
  if (check !== checksum(text.slice(0, -CHECKSUM_LENGTH))) return undefined;
  return { id, sha256: digest(secret) };
}

/** In a time that does not depend on where they differ. */
export function sameDigest(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, "hex"), Buffer.from(right, "hex")];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What is compared with where nothing was found, so that finding nothing takes as long. */
export const NO_DIGEST = "0".repeat(64);

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = (ALPHABET[Number(rest % 62n)] ?? "") + text;
  return text;
}

/** Without bias: bytes beyond the last whole multiple of 62 are thrown away. */
function randomCharacter(): string {
  for (;;) {
    const byte = randomBytes(1)[0] ?? 255;
    if (byte < 248) return ALPHABET[byte % 62] ?? "";
  }
}
