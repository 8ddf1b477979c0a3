import type { RefusalReason } from "../../src/auth/refusal.ts";
import type { TestClock } from "../support/clock.ts";
import type { TestCluster } from "../support/kubernetes-tokens.ts";
import type { TestTrustDomain } from "../support/spiffe-tokens.ts";
import type { TestIssuer } from "../support/tokens.ts";
import type { TestKey } from "../support/tokens-raw.ts";

/** Thumbprints of the certificate that the test's connection has shown, and of another one. */
export const CERTIFICATE = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0";
export const OTHER_CERTIFICATE = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg4";

/** The issuers that the table of bad tokens is made from. */
export interface World {
  readonly clock: TestClock;
  /** Profile oauth, ES256, tenant claim. */
  readonly oauth: TestIssuer;
  /** Profile oidc, RS256 (ES256 and EdDSA allowed), tenant claim. */
  readonly oidc: TestIssuer;
  /** Profile oauth, EdDSA, tenants by bindings: `service` and `repo:acme/*`. */
  readonly bound: TestIssuer;
  /** Profile oauth, whose tokens must be bound to a certificate. */
  readonly certified: TestIssuer;
  /** A trust domain whose SVIDs must have one audience; every workload is bound. */
  readonly spiffe: TestTrustDomain;
  /** Another trust domain. */
  readonly neighbour: TestTrustDomain;
  /** A cluster of which account `cart` in `shop` is bound. */
  readonly kubernetes: TestCluster;
  /** Keys that `oidc` publishes and that must not verify, by what is wrong with them. */
  readonly unfit: ReadonlyMap<string, TestKey>;
}

export interface BadToken {
  readonly name: string;
  readonly reason: RefusalReason;
  /** The authorization header. */
  readonly bad: (world: World) => string | undefined;
  /** The nearest one that is accepted; a plain token of `oauth` when there is none nearer. */
  readonly good?: (world: World) => string;
}

export function bad(reason: RefusalReason, name: string, make: BadToken["bad"], good?: BadToken["good"]): BadToken {
  return { reason, name, bad: make, ...(good && { good }) };
}

/** Seconds since the epoch. */
export function nowS(world: World): number {
  return Math.floor(world.clock.now() / 1000);
}
