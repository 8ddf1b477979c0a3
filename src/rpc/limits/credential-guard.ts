import type { Authenticator } from "../../auth/authenticate.ts";
import { RelataError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { counter, type MetricSource } from "../../metrics.ts";
import { networkOf } from "../peer-address.ts";
import { BoundedBook, type Entry } from "./bounded-book.ts";
import { bucketRule, TokenBucket } from "./token-bucket.ts";

export interface CredentialGuard {
  /**
   * Before a credential that is not known already is looked at.
   * @throws RATE_LIMITED where too many from this address were refused. Not UNAUTHENTICATED: nothing was judged, and an
   * honest caller behind the same address must not throw away a good credential. It tells nothing of any credential.
   */
  admit(address: string): void;
  /** One from this address was refused. */
  refused(address: string): void;
  readonly collect: MetricSource;
}

export interface GuardOptions {
  /** Refused credentials per second and address that are looked at; 0: all. */
  readonly refusedCredentialRate: number;
  readonly log: Logger;
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
}

/** An honest deployment whose secret was mistyped should be able to try for a while. */
const BURST_SECONDS = 10;
const MAX_ADDRESSES = 20_000;
const LOG_EVERY_MS = 10_000;

class Suspect implements Entry {
  readonly bucket: TokenBucket;
  loggedMs = Number.NEGATIVE_INFINITY;
  refused = 0;
  unseen = 0;

  constructor(bucket: TokenBucket) {
    this.bucket = bucket;
  }

  isOwing(nowMs: number): boolean {
    return !this.bucket.isFull(nowMs);
  }
}

/**
 * Whoever tries credentials is limited by address (of IPv6 by its network of 64 bits), before any signature or digest is
 * computed. Costs nothing to callers that are known: it is asked only of credentials that are not.
 */
export function createCredentialGuard({ refusedCredentialRate, log, monotonic }: GuardOptions): CredentialGuard {
  const rule = bucketRule(refusedCredentialRate, refusedCredentialRate * BURST_SECONDS);
  const totals = { refused: 0, unseen: 0 };
  const suspects =
    rule === undefined
      ? undefined
      : new BoundedBook(MAX_ADDRESSES, (nowMs) => new Suspect(new TokenBucket(rule, nowMs)));

  const tell = (address: string, suspect: Suspect, nowMs: number): void => {
    if (nowMs - suspect.loggedMs < LOG_EVERY_MS) return;
    log.warn(
      { address, refused: suspect.refused, unseen: suspect.unseen, inMs: LOG_EVERY_MS },
      "credentials refused from one address",
    );
    Object.assign(suspect, { loggedMs: nowMs, refused: 0, unseen: 0 });
  };

  return {
    admit(address) {
      const network = networkOf(address);
      const suspect = suspects?.peek(network);
      if (suspect === undefined) return;
      const nowMs = monotonic();
      const waitMs = suspect.bucket.waitMs(nowMs);
      if (waitMs === 0) return;
      suspect.unseen += 1;
      totals.unseen += 1;
      tell(network, suspect, nowMs);
      throw new RelataError(
        "RATE_LIMITED",
        "too many credentials from this address were refused; wait as long as google.rpc.RetryInfo says",
        { metadata: { limit: "refused_credentials" }, retryAfterMs: waitMs, detail: "credential_not_looked_at" },
      );
    },
    refused(address) {
      totals.refused += 1;
      if (suspects === undefined) return;
      const nowMs = monotonic();
      const network = networkOf(address);
      const suspect = suspects.of(network, nowMs);
      suspect.refused += 1;
      suspect.bucket.charge(1);
      if (suspect.bucket.waitMs(nowMs) > 0) tell(network, suspect, nowMs);
    },
    collect: () => [
      counter("relata_credentials_refused_total", "Credentials that were judged and refused.", totals.refused),
      counter(
        "relata_credentials_unseen_total",
        "Credentials not looked at, from addresses that were refused too often.",
        totals.unseen,
      ),
    ],
  };
}

/** The authenticator behind the guard. Credentials that are known pass whatever their address does. */
export function guardAuthenticator(
  authenticator: Pick<Authenticator, "authenticate" | "recall">,
  guard: Pick<CredentialGuard, "admit" | "refused">,
): Pick<Authenticator, "authenticate" | "recall"> {
  const count = (error: unknown, address: string): void => {
    if (error instanceof RelataError && error.reason === "UNAUTHENTICATED") guard.refused(address);
  };
  const recall: Authenticator["recall"] = (authorization, peer) => {
    try {
      return authenticator.recall(authorization, peer);
    } catch (error) {
      count(error, peer.address);
      throw error;
    }
  };
  return {
    recall,
    async authenticate(authorization, peer) {
      const known = recall(authorization, peer);
      if (known !== undefined) return known;
      const { address } = peer;
      guard.admit(address);
      try {
        return await authenticator.authenticate(authorization, peer);
      } catch (error) {
        count(error, address);
        throw error;
      }
    },
  };
}
