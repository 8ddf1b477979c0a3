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
  /** Further names that bindings and revocations may use for it. */
  readonly aliases: readonly string[];
  /** Thumbprint of the certificate the token is bound to: it proves nobody on another connection. */
  readonly certificate: string | undefined;
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
 * can be judged anew whenever that changes.
 */
export function judge(proof: Proof, trust: TrustView, configured: FindBindings): Principal {
  const { issuer, subject, tokenId, issuedAtMs, expiresAtMs } = proof;
  if (isRevoked(proof, trust)) refuse("revoked", `${shown(tokenId)} of ${shown(subject)} at ${issuer.issuer}`);
  return {
    issuer: issuer.issuer,
    subject,
    actor: `${issuer.issuer}|${subject}`,
    credential: tokenId === undefined ? "jwt" : `jwt:${tokenId}`,
    issuedAtMs,
    expiresAtMs,
    ...grantOf(issuer, proof.grantClaims, subject, bindingsOf(proof, trust, configured)),
  };
}

/** By any of its names. */
export function isRevoked(proof: Proof, trust: TrustView): boolean {
  const { subject, aliases, tokenId, issuedAtMs, further } = proof;
  const { issuer } = proof.issuer;
  if (trust.isRevoked({ issuer, subject, tokenId, issuedAtMs })) return true;
  return (
    aliases.some((alias) => trust.isRevoked({ issuer, subject: alias, tokenId, issuedAtMs })) ||
    further?.some((other) => trust.isRevoked(other)) === true
  );
}

function bindingsOf({ issuer, subject, aliases }: Proof, trust: TrustView, configured: FindBindings) {
  const named = (name: string): readonly Binding[] => [
    ...configured(issuer.issuer, name),
    ...trust.bindings(issuer.issuer, name),
  ];
  if (aliases.length === 0) return named(subject);
  // A prefix may match several names of the one subject.
  const bound = [...new Set([subject, ...aliases].flatMap(named))];
  return issuer.requireUid === true ? bound.filter((binding) => binding.subject === subject) : bound;
}
