import { RelataError } from "../errors.ts";
import type { TrustStats } from "../model/trust-view.ts";

/** What a process knows of revocations, and how many there may be. */
export interface RevocationRoom {
  readonly trust: { stats(): Pick<TrustStats, "revocations"> };
  readonly maxRevocations: number;
}

/** Of the room, what callers of the token service may take with their own tokens: the rest is the operator's. */
export const CLIENTS_SHARE = 0.8;

/**
 * Every process has every live revocation in memory, and none forgets one that still matters: so it is refused to make more than
 * there is room for. By what this process knows: it may be exceeded by what was revoked elsewhere within a poll.
 * @throws TOO_MANY_REVOCATIONS
 */
export function requireRevocationRoom({ trust, maxRevocations }: RevocationRoom, share = 1): void {
  const { revocations } = trust.stats();
  if (revocations < maxRevocations * share) return;
  throw new RelataError(
    "TOO_MANY_REVOCATIONS",
    `${revocations} revocations are live, and there is room for ${Math.floor(maxRevocations * share)}: nothing was revoked. ` +
      "One by subject covers all its tokens; or raise maxRevocations on every node",
    { metadata: { live: String(revocations), max: String(maxRevocations) } },
  );
}
