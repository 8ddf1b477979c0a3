import { hash, randomBytes, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import { API_TOKEN_PATTERN } from "../model/api-token.ts";

/** What a token of good form says. Whether it is one, the store knows. */
export interface ParsedApiToken {
  readonly keyId: string;
  /** All before the checksum. Its digest is what is kept, so that no part can be changed: a label tells what was said when it was made. */
  readonly proof: string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KEY_ID_LENGTH = 12;
/** 32 bytes: 62^43 is a little more than 2^256. */
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
/** 32 bits. */
const CHECKSUM_LENGTH = 6;

const WHOLE = new RegExp(`^${API_TOKEN_PATTERN}$`);

/** 71 bits, which are not secret: enough that none is ever made twice. */
export function newKeyId(): string {
  return Array.from({ length: KEY_ID_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

/** @param env a label for people and scanners, `live` or `test` */
export function newApiToken(env: string, keyId: string): { readonly text: string; readonly digest: Uint8Array } {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_LENGTH);
  const head = `rlt_${env}_${keyId}_${secret}`;
  return { text: head + checksum(head), digest: digestOfProof(head) };
}

/** Undefined for what cannot be a token: a typing error costs no look-up. */
export function parseApiToken(text: string): ParsedApiToken | undefined {
  if (!WHOLE.test(text)) return undefined;
  const end = text.length - CHECKSUM_LENGTH;
  const proof = text.slice(0, end);
  if (checksum(proof) !== text.slice(end)) return undefined;
  const secretAt = end - SECRET_LENGTH;
  return { keyId: text.slice(secretAt - 1 - KEY_ID_LENGTH, secretAt - 1), proof };
}

/** Of 32 random bytes there is nothing to guess: a slow digest would only cost the service its time. */
export function digestOfProof(proof: string): Uint8Array {
  return hash("sha256", proof, "buffer");
}

function checksum(head: string): string {
  let text = "";
  // In plain numbers: this is done on every call.
  for (let rest = crc32(head); text.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62))
    text = ALPHABET[rest % 62] + text;
  return text;
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text;
}
