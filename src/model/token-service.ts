import type { ObjectLimit } from "./access.ts";
import type { AuditDraft } from "./audit.ts";
import type { Scope } from "./scope.ts";
import type { ChangeOrigin } from "./store.ts";
import type { IssuerProfile, KeySource, SigningAlgorithm } from "./trust.ts";
import type { JsonObject } from "./tuple.ts";

/** What a client may ask the token endpoint for, by the names of RFC 7591 §2. */
export const GRANT_TYPES = [
  "client_credentials",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "refresh_token",
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** An issuer of people's tokens, which the token service exchanges for its own. It proves no caller of the API by itself. */
export interface ExchangeIssuer {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly profile: Extract<IssuerProfile, "oauth" | "oidc">;
  readonly keys: KeySource;
  readonly algorithms: readonly SigningAlgorithm[];
  /** The subject token's `aud` must hold one of these. Never empty. */
  readonly audiences: readonly string[];
  readonly maxLifetimeMs: number;
  readonly clockSkewMs: number;
}

/** Whom a tenant's own tuples make a member. `{tenant}` stands for the tenant's slug, `{sub}` for the subject of the token. */
export interface MembershipRule {
  /** `organization:{tenant}` */
  readonly object: string;
  readonly permission: string;
  /** `user:{sub}` */
  readonly subject: string;
  /** Whether tuples that would make a member of anybody (`user:*`) make one of this subject. */
  readonly wildcards: boolean;
}

export interface ExchangeSettings {
  readonly issuers: readonly ExchangeIssuer[];
  readonly membership: MembershipRule;
  /** The most an exchanged token can be allowed. */
  readonly scopes: readonly Scope[];
  /** Narrows those scopes; empty narrows nothing. */
  readonly objects: readonly ObjectLimit[];
  /** Whether a subject token alone will do, or a client of the tenant must show it. */
  readonly clients: "required" | "optional";
}

export interface TokenServiceSettings {
  /** `iss` of its tokens and the root of its addresses: an origin without path. */
  readonly issuer: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  readonly accessTokenLifetimeMs: number;
  /** Of a family, from its exchange on: rotation does not move it. */
  readonly refreshTokenLifetimeMs: number;
  /** The most any of its tokens can be allowed. */
  readonly scopes: readonly Scope[];
  /** Left out: no exchange. */
  readonly exchange?: ExchangeSettings | undefined;
}

export interface OAuthClient {
  readonly clientId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly grants: readonly GrantType[];
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly secrets: readonly ClientSecret[];
}

export interface ClientSecret {
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
}

/** What proves a client. */
export interface SecretDigest {
  readonly keyId: string;
  /** SHA-256 of the secret part, hex. */
  readonly sha256: string;
}

/** A client as its secret finds it, with what the secret is compared with. */
export interface ClientProof {
  readonly client: OAuthClient;
  readonly sha256: string;
  readonly expiresAtMs: number | undefined;
}

/** A signing key as it is stored: nothing in it is a secret without `tokenKeys`. */
export interface StoredSigningKey {
  readonly kid: string;
  readonly sealed: string;
  readonly sealedBy: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly activatesAtMs: number;
  readonly withdrawnAtMs: number | undefined;
}

/** What all refresh tokens of one exchange are good for. */
export interface RefreshFamily {
  readonly familyId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly subjectIssuer: string;
  readonly subjectTokenId: string | undefined;
  readonly subjectIssuedAtMs: number;
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
  /** The claim `act`. */
  readonly actor: JsonObject;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** What is known of a refresh token that was shown. `unknown`: never issued, or of another tenant. */
export type FoundRefreshToken =
  | { readonly kind: "unknown" }
  | { readonly kind: "current" | "used" | "revoked"; readonly family: RefreshFamily };

/** A refresh token by its parts: which family, and the digest of its secret. */
export interface RefreshDigest {
  readonly familyId: string;
  readonly sha256: string;
}

/** What an access token is refused by, once it was said: it, its family or its client. */
export interface OwnRevocation {
  /** `iss` of own tokens. */
  readonly issuer: string;
  /** A `jti`, or a name of many: `familyGroup`, `clientGroup`. */
  readonly tokenId: string;
  /** No token it names is unexpired from then on. */
  readonly obsoleteAtMs: number;
}

/**
 * What the token service keeps. Everything that changes something puts its event on record in the same transaction; the
 * drafts say which. A change that other nodes must know of goes out by the trust feed.
 */
export interface TokenServiceStore {
  /** All there are, oldest first, withdrawn ones too. */
  signingKeys(): Promise<readonly StoredSigningKey[]>;
  /**
   * Adds a key. `onlyFirst`: unless there is one already, which is then left as it is.
   * @returns false when it was not added
   */
  addSigningKey(key: StoredSigningKey, how: AddSigningKey, draft: AuditDraft): Promise<boolean>;
  /** By the key id in a secret; of whatever tenant. */
  clientBySecret(keyId: string): Promise<ClientProof | undefined>;
  /** TOO_MANY_CREDENTIALS beyond `max` clients. */
  createClient(
    client: OAuthClient,
    secret: SecretDigest,
    how: { readonly max: number },
    draft: AuditDraft,
  ): Promise<void>;
  listClients(tenantId: string, page: ClientPage): Promise<readonly OAuthClient[]>;
  /** CLIENT_NOT_FOUND. Secrets there are end at `oldEndMs` at the latest. */
  rotateSecret(tenantId: string, change: SecretRotation, draft: AuditDraft): Promise<OAuthClient>;
  /** CLIENT_NOT_FOUND. Its refresh families go with it. */
  deleteClient(tenantId: string, clientId: string, revocation: OwnRevocation, draft: AuditDraft): Promise<void>;
  /** Puts on record that tokens were issued; with a family, keeps it and its first refresh token. */
  issue(tenantId: string, family: NewFamily | undefined, draft: AuditDraft): Promise<void>;
  findRefreshToken(tenantId: string, digest: RefreshDigest): Promise<FoundRefreshToken>;
  /**
   * Exchanges a refresh token for the next one. Exactly one of those who come with the same token gets `rotated`; every
   * other one ends the family, with the access tokens made from it, and gets `reused`.
   */
  rotateRefreshToken(tenantId: string, change: RefreshRotation): Promise<"rotated" | "reused" | "unknown">;
  /** Ends a family and the access tokens made from it. Twice is no error. */
  revokeFamily(tenantId: string, familyId: string, revocation: OwnRevocation, draft: AuditDraft): Promise<void>;
  /** Ends one access token. */
  revokeAccessToken(tenantId: string, revocation: OwnRevocation, draft: AuditDraft): Promise<void>;
}

export interface AddSigningKey {
  readonly onlyFirst: boolean;
  /** All earlier keys are withdrawn now. */
  readonly withdrawOthers: boolean;
}

export interface ClientPage {
  readonly afterClientId: string;
  readonly limit: number;
}

export interface SecretRotation {
  readonly clientId: string;
  readonly secret: SecretDigest;
  readonly createdAtMs: number;
  readonly oldEndMs: number;
  /** Asked of the client as it is; what it throws keeps everything as it was. */
  readonly require: (client: OAuthClient) => void;
}

export interface NewFamily {
  readonly family: RefreshFamily;
  /** Of its first refresh token. */
  readonly sha256: string;
}

export interface RefreshRotation {
  readonly shown: RefreshDigest;
  /** Digest of the next one. */
  readonly nextSha256: string;
  readonly nowMs: number;
  /** What a second use is answered with. */
  readonly revocation: OwnRevocation;
  readonly issued: AuditDraft;
  readonly reused: AuditDraft;
}

/** Who acts where no caller does: the token service itself. */
export function serviceOrigin(requestId: string): ChangeOrigin {
  return { actor: "relata|token-service", requestId };
}
