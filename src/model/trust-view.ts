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
  /**
   * Where it is not fresh, waits for the read that everybody waits for, so that a pause of this process refuses nobody; at once
   * where the newest read has failed. @throws like requireFresh
   */
  confirm(): Promise<void>;
  /** Stored bindings of a proved subject, of tenants that exist; those of the configuration are not among them. */
  bindings(issuer: string, subject: string): readonly Binding[];
  isRevoked(claims: RevocableClaims): boolean;
}

/** Of a process that shares nothing: what its configuration says is all there is. */
export const EMPTY_TRUST_VIEW: TrustView = {
  version: 0,
  requireFresh: () => undefined,
  confirm: () => Promise.resolve(),
  bindings: () => [],
  isRevoked: () => false,
};

/** What the feed says of itself. */
export interface TrustStats {
  /** Milliseconds since what is known was last confirmed; infinite before the first time. */
  readonly ageMs: number;
  /** Older than this, nobody is let in. */
  readonly boundMs: number;
  /** Of the log, which all processes share. */
  readonly logVersion: number;
  readonly polls: number;
  readonly failures: number;
  /** Times everything was read: at the start, and when the log was not what it had been. */
  readonly loads: number;
  readonly bindings: number;
  /** Live ones. */
  readonly revocations: number;
}
