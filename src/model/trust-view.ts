import type { Binding } from "./trust.ts";

/** What a JWT says of itself that a revocation may name. */
export interface RevocableClaims {
  readonly issuer: string;
  readonly subject: string;
  /** `jti`; absent: the token can only be revoked by its subject. */
  readonly tokenId: string | undefined;
  readonly issuedAtMs: number;
}

/**
 * What this process knows of bindings and revocations, which all processes of a database share. Synchronous: it is asked on
 * every call. It is kept up to date by the trust feed and says itself when it is too old to be believed.
 */
export interface TrustView {
  /** Moves with everything taken in: who kept a judgement of another version judges again. */
  readonly version: number;
  /** @throws CREDENTIALS_UNCONFIRMED when it was not confirmed within its bound: nobody can be let in on what may be revoked. */
  requireFresh(): void;
  /** Stored bindings of a proved subject, of tenants that exist; those of the configuration are not among them. */
  bindings(issuer: string, subject: string): readonly Binding[];
  isRevoked(claims: RevocableClaims): boolean;
}
