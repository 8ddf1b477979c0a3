import { createHash } from "node:crypto";
import type { Idempotency } from "../model/store.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * An empty key means none. `meaning` holds everything that makes two requests the same request, and nothing else;
 * lists whose order means nothing are sorted first.
 */
export function idempotencyOf(key: string, verb: "write" | "delete", meaning: object): Idempotency | undefined {
  if (key === "") return undefined;
  const requestHash = createHash("sha256")
    .update(`${verb}\0${canonicalJson(meaning)}`)
    .digest("hex");
  return { key, requestHash };
}

/** Order of entries means nothing to their request. */
export function sortedJson(entries: readonly object[]): readonly string[] {
  return entries.map(canonicalJson).toSorted();
}
