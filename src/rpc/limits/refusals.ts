import { type ErrorReason, RelataError } from "../../errors.ts";
import type { Account } from "./account.ts";
import { HeldRefusals } from "./held-refusals.ts";

const LIMITS = {
  principal_rate: "this caller sends more than its rate; wait as long as google.rpc.RetryInfo says",
  tenant_rate: "the callers of this tenant together send more than its rate; wait as long as google.rpc.RetryInfo says",
  principal_concurrency: "this caller has as many calls under way as it may; wait for some of them to end",
  tenant_concurrency: "this tenant has as many calls under way as it may; wait for some of them to end",
  overload: "this process has more to do than it can, most of it for this tenant; come back later",
  wait: "this call has waited too long for its tenant's turn; come back later",
} as const;

export type Limit = keyof typeof LIMITS;

const REASONS: Readonly<Record<Limit, ErrorReason>> = {
  principal_rate: "RATE_LIMITED",
  tenant_rate: "RATE_LIMITED",
  principal_concurrency: "RATE_LIMITED",
  tenant_concurrency: "RATE_LIMITED",
  overload: "OVERLOADED",
  wait: "OVERLOADED",
};

/** In a second; whoever is refused more often is in a loop, and gets further refusals slowly. */
const PROMPT_REFUSALS = 50;

/** Turns calls away, and counts by what limit. */
export class Refusals {
  readonly held = new HeldRefusals();
  readonly counts: Record<Limit, number> = {
    principal_rate: 0,
    tenant_rate: 0,
    principal_concurrency: 0,
    tenant_concurrency: 0,
    overload: 0,
    wait: 0,
  };

  error(limit: Limit, retryAfterMs: number): RelataError {
    this.counts[limit] += 1;
    return new RelataError(REASONS[limit], LIMITS[limit], { metadata: { limit }, retryAfterMs });
  }

  /** At once, by throwing, or slowly. */
  refuse(account: Account, limit: Limit, retryAfterMs: number): Promise<void> {
    const error = this.error(limit, retryAfterMs);
    if (account.refused(performance.now()) <= PROMPT_REFUSALS) throw error;
    return new Promise((_, reject) => {
      if (!this.held.hold(() => reject(error))) reject(error);
    });
  }
}
