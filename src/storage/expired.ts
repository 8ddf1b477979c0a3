/** A tuple does not hold at or after its expiry; null and undefined: it never ends. Both in milliseconds since the epoch. */
export function isExpired(expiresAtMs: number | null | undefined, nowMs: number): boolean {
  return typeof expiresAtMs === "number" && expiresAtMs <= nowMs;
}
