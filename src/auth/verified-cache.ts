import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Principal } from "../model/principal.ts";
import type { VerificationKey } from "./jwk.ts";
import type { Proof } from "./proof.ts";
import type { KnownIssuer } from "./verify.ts";

/** A token whose signature and claims were found good. */
export interface Verified {
  readonly issuer: KnownIssuer;
  /** By which the signature holds: the entry is worth nothing once the issuer drops it. */
  readonly key: VerificationKey;
  readonly proof: Proof;
  /** Who the bearer was by version `trustVersion` of what is known of bindings and revocations. */
  principal: Principal;
  trustVersion: number;
}

/**
 * Remembers good `authorization` headers by their digest until they expire. Refusals are never kept, and no token is held in
 * memory: a digest takes 0.7 µs, which is no more than a map takes to hash and compare a token's 700 characters.
 */
export interface VerifiedCache<Entry extends Expiring> {
  get(authorization: string, nowMs: number): Entry | undefined;
  put(authorization: string, entry: Entry): void;
  readonly size: number;
}

interface Expiring {
  readonly proof: Pick<Proof, "expiresAtMs">;
}

/** @param maxEntries about 1 KB each; the least used leave */
export function createVerifiedCache<Entry extends Expiring>(maxEntries: number): VerifiedCache<Entry> {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  return {
    get(authorization, nowMs) {
      const digest = digestOf(authorization);
      const entry = entries.get(digest);
      if (entry === undefined || nowMs < entry.proof.expiresAtMs) return entry;
      entries.delete(digest);
      return undefined;
    },
    put: (authorization, entry) => void entries.set(digestOf(authorization), entry),
    get size() {
      return entries.size;
    },
  };
}

function digestOf(authorization: string): string {
  return hash("sha256", authorization, "base64");
}
