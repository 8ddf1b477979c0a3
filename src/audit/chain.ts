import { createHash } from "node:crypto";

/*
 * What the chain is made of. Every hash is over a domain and its parts, each behind its length: no two different inputs give
 * the same bytes, and a hash of one kind is never one of another.
 */

const EVENT = partOf(Buffer.from("relata/audit/event/v1"));
const PERSONAL = partOf(Buffer.from("relata/audit/personal/v1"));
const GENESIS = partOf(Buffer.from("relata/audit/genesis/v1"));

/** What the first event of `chain` is sealed to: other for every chain, so none can be passed off as another's. */
export function genesisHash(chain: string): Buffer {
  return sha256(GENESIS, partOf(Buffer.from(chain)));
}

/** The hash of an event, and with it of all before it. Migration 0007 computes the same before it takes an event in. */
export function eventHash(previous: Uint8Array, body: Uint8Array): Buffer {
  return sha256(EVENT, partOf(previous), partOf(sha256(body)));
}

/** What the body says of the personal part. The salt keeps it from being guessed once the part is erased. */
export function personalDigest(salt: Uint8Array, personal: Uint8Array): Buffer {
  return sha256(PERSONAL, partOf(salt), partOf(personal));
}

/** The bytes behind their number: 4 bytes, most significant first. */
function partOf(bytes: Uint8Array): Buffer {
  const part = Buffer.allocUnsafe(4 + bytes.length);
  part.writeUInt32BE(bytes.length, 0);
  part.set(bytes, 4);
  return part;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
