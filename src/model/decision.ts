/**
 * The answer to a Check. `conditional` names the context keys that would settle it.
 * A limit, a timeout or a failing caveat is an error (RelataError), never `denied`.
 */
export type Decision =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied" }
  | { readonly kind: "conditional"; readonly missing: readonly string[] };

export const ALLOWED: Decision = { kind: "allowed" };
export const DENIED: Decision = { kind: "denied" };

/** A decision and how long it lasts. */
export interface Outcome {
  readonly decision: Decision;
  /**
   * Milliseconds since the epoch. Without a write the decision stays what it is before this instant; undefined: for good.
   * Set by tuples that expire, whether they grant or forbid.
   */
  readonly expiresAtMs?: number;
}
