import { RelataError } from "../errors.ts";
import type { Consistency, TokenPosition } from "../model/consistency.ts";
import type { Head } from "../model/revision.ts";
import { POSITION_BYTES, readPosition, writePosition } from "./position-bytes.ts";
import type { Sealer } from "./seal.ts";

/** What a request says about freshness, its token still unproved. */
export type ConsistencyRequest =
  | { readonly kind: "minimize_latency" }
  | { readonly kind: "at_least_as_fresh"; readonly token: string }
  | { readonly kind: "at_exact_snapshot"; readonly token: string }
  | { readonly kind: "fully_consistent" };

export const MINIMIZE_LATENCY: ConsistencyRequest = { kind: "minimize_latency" };

/** All requests at a revision share its head, and with it the token: a MAC takes as long as a Check in memory. */
const issued = new WeakMap<Head, { readonly sealer: Sealer; readonly tenantId: string; readonly token: string }>();

export function issueToken(sealer: Sealer, tenantId: string, head: Head): string {
  const known = issued.get(head);
  if (known !== undefined && known.sealer === sealer && known.tenantId === tenantId) return known.token;
  const position = { tenantId, revision: head.revision, schemaVersion: head.schemaVersion };
  const token = sealer.seal("consistency-token", writePosition(position));
  issued.set(head, { sealer, tenantId, token });
  return token;
}

/**
 * Authenticates a token and its tenant. A forged token and one of another tenant get the same error, so that a
 * guess tells nothing: INVALID_TOKEN.
 */
export function openToken(sealer: Sealer, tenantId: string, token: string): TokenPosition {
  const payload = sealer.open("consistency-token", token);
  if (payload?.length !== POSITION_BYTES) throw invalidToken("not sealed by a known key for this purpose");
  const position = readPosition(payload);
  if (position.tenantId !== tenantId) throw invalidToken("sealed for another tenant");
  return position;
}

export function authenticateConsistency(sealer: Sealer, tenantId: string, request: ConsistencyRequest): Consistency {
  switch (request.kind) {
    case "minimize_latency":
    case "fully_consistent":
      return request;
    case "at_least_as_fresh":
    case "at_exact_snapshot":
      return { kind: request.kind, at: openToken(sealer, tenantId, request.token) };
  }
}

function invalidToken(detail: string): RelataError {
  return new RelataError(
    "INVALID_TOKEN",
    "the consistency token was not issued here; pass one on exactly as an answer of this API gave it",
    { detail },
  );
}
