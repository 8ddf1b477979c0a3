import type { Principal } from "../model/principal.ts";
import type { Binding, TrustedIssuer } from "../model/trust.ts";
import type { RevocableClaims, TrustView } from "../model/trust-view.ts";
import type { FindBindings } from "./binding.ts";
import { grantOf } from "./grant.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** What a token whose signature and claims hold says of its bearer: all that is judged again while it is remembered. */
export interface Proof {
  readonly issuer: TrustedIssuer;
  readonly subject: string;
  /** `jti`. */
  readonly tokenId: string | undefined;
  /** Milliseconds since the epoch; 0 where the token does not say. */
  readonly issuedAtMs: number;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** What else a revocation may name it by; see own-token.ts. */
  readonly further?: readonly RevocableClaims[];
  /** Of the claims those that say where, and what for. */
  readonly grantClaims: JsonMembers;
}

/**
 * Who a token's bearer is by what is known now of revocations and bindings. Takes no signature, so that a token seen before
 * can be judged anew whenever that changes (2 µs).
 */
export function judge(proof: Proof, trust: TrustView, configured: FindBindings): Principal {
  const { issuer, subject, tokenId, issuedAtMs, expiresAtMs } = proof;
  const claims: RevocableClaims = { issuer: issuer.issuer, subject, tokenId, issuedAtMs };
  if (trust.isRevoked(claims) || proof.further?.some((other) => trust.isRevoked(other)) === true)
    refuse("revoked", `${shown(tokenId)} of ${shown(subject)} at ${issuer.issuer}`);
  const bound: readonly Binding[] = [...configured(issuer.issuer, subject), ...trust.bindings(issuer.issuer, subject)];
  return {
    issuer: issuer.issuer,
    subject,
    actor: `${issuer.issuer}|${subject}`,
    credential: tokenId === undefined ? "jwt" : `jwt:${tokenId}`,
    issuedAtMs,
    expiresAtMs,
    ...grantOf(issuer, proof.grantClaims, subject, bound),
  };
}
