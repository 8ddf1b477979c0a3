import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Principal } from "../model/principal.ts";
import type { VerificationKey } from "./jwk.ts";

/** A token whose signature and claims were found good. */
export interface Verified {
  readonly principal: Principal;
  /** By which the signature holds: the entry is worth nothing once the issuer drops it. */
  readonly key: VerificationKey;
}

/** Remembers good tokens by their digest until they expire. Refusals are never kept, and no token is held in memory. */
export interface VerifiedCache {
  get(token: string, nowMs: number): Verified | undefined;
  put(token: string, verified: Verified): void;
  readonly size: number;
}

/** @param maxEntries about 1 KB each; the least used leave */
export function createVerifiedCache(maxEntries: number): VerifiedCache {
  const entries = new LRUCache<string, Verified>({ max: maxEntries });
  return {
    get(token, nowMs) {
      const digest = hash("sha256", token, "base64");
      const entry = entries.get(digest);
      if (entry === undefined || nowMs < entry.principal.expiresAtMs) return entry;
      entries.delete(digest);
      return undefined;
    },
    put: (token, verified) => void entries.set(hash("sha256", token, "base64"), verified),
    get size() {
      return entries.size;
    },
  };
}
