import { LRUCache } from "lru-cache";
import type { Sealer } from "./seal.ts";

/** A token of 100 characters and its 28 bytes: some 400 bytes each. */
const MAX_TOKENS = 2_000;

/**
 * A sealer that knows genuine consistency tokens again: a token is stored with content and comes back with each look at it, and
 * a MAC takes 3 µs, as long as a Check in memory. What is not genuine is judged anew each time.
 */
export function rememberTokens(sealer: Sealer): Sealer {
  const opened = new LRUCache<string, Uint8Array>({ max: MAX_TOKENS });
  return {
    seal: sealer.seal,
    open(purpose, text) {
      if (purpose !== "consistency-token") return sealer.open(purpose, text);
      const known = opened.get(text);
      if (known !== undefined) return known;
      const payload = sealer.open(purpose, text);
      if (payload !== undefined) opened.set(text, payload);
      return payload;
    },
  };
}
