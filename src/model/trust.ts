import type { ObjectLimit } from "./access.ts";
import type { Scope } from "./scope.ts";

/** Asymmetric JWS algorithms relata accepts; an issuer pins a subset. */
export const SIGNING_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/**
 * - `oauth`: access tokens by RFC 9068 (`typ: at+jwt`).
 * - `oidc`: JWTs of an OpenID provider without that type.
 * - `spiffe`: JWT-SVIDs of one trust domain.
 * - `kubernetes`: service account tokens of one cluster.
 */
export const ISSUER_PROFILES = ["oauth", "oidc", "spiffe", "kubernetes"] as const;
export type IssuerProfile = (typeof ISSUER_PROFILES)[number];

/** Where an issuer's public keys come from. */
export type KeySource =
  | { readonly kind: "discovery" }
  | { readonly kind: "jwks"; readonly url: string }
  | { readonly kind: "file"; readonly path: string }
  /** Tokens that relata mints itself: no setting can say so. */
  | { readonly kind: "own" };

/** An issuer whose tokens prove callers. Set by the operator; nothing in a token can widen it. */
export interface TrustedIssuer {
  /** The exact `iss`; of profile `spiffe` the SPIFFE ID of the trust domain, `spiffe://example.org`, whatever `iss` says. */
  readonly issuer: string;
  readonly profile: IssuerProfile;
  readonly keys: KeySource;
  readonly algorithms: readonly SigningAlgorithm[];
  /** The token's `aud` must hold one of these. Never empty. */
  readonly audiences: readonly string[];
  /** The tenant is the slug in this claim, or comes from `bindings`. */
  readonly tenant: { readonly kind: "claim"; readonly claim: string } | { readonly kind: "bindings" };
  /** The most a token of this issuer can be allowed. Deny by default: an empty list allows nothing. */
  readonly scopes: readonly Scope[];
  /** A token with a longer `exp - iat` is refused. */
  readonly maxLifetimeMs: number;
  /** Tolerance for `exp`, `nbf`, `iat`; at most 60,000. */
  readonly clockSkewMs: number;
  /** A token for further audiences is refused: each of them could use it here. */
  readonly requireSingleAudience?: boolean;
  /** A token that is not bound to the client's certificate (RFC 8705) is refused. */
  readonly requireCertificateBinding?: boolean;
  /** Of profiles `oauth` and `oidc`: a binding may be of every subject, `*`. Not for an issuer that serves strangers. */
  readonly bindAnySubject?: boolean;
  /** Of profile `kubernetes`: bindings count only where their subject ends in the service account's uid. */
  readonly requireUid?: boolean;
}

/** Ties a subject of an issuer to tenants and scopes. Several may match; their grants add up. */
export interface Binding {
  readonly issuer: string;
  /**
   * Exact `sub`, or a prefix ending in `*`. Of profile `kubernetes` with or without the account's uid at its end:
   * `system:serviceaccount:<namespace>:<name>[:<uid>]`.
   */
  readonly subject: string;
  /** Tenant slugs; ignored when `platform`. */
  readonly tenants: readonly string[];
  /** May act on the tenant registry, in no tenant. */
  readonly platform: boolean;
  readonly scopes: readonly Scope[];
  /** Narrows the scopes to these objects; absent or empty: all. Only with scopes that can be narrowed (OBJECT_SCOPES). */
  readonly objects?: readonly ObjectLimit[];
}
