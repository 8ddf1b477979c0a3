import type { ObjectLimit } from "./access.ts";
import type { AuditDraft } from "./audit.ts";
import type { Scope } from "./scope.ts";

/**
 * What every API token looks like, for secret scanners: `rlt_<env>_<key id, 12>_<secret, 43><checksum, 6>`, in base62. With the
 * checksum right (CRC-32 over all before it, in base62) a match is a token.
 */
export const API_TOKEN_PATTERN = "rlt_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}";

/** The issuer of callers that API tokens prove, `relata|api_token:<key id>`. No other may have this name. */
export const API_TOKEN_ISSUER = "relata";

/** An API token as it is kept: never its secret. Times in milliseconds since the epoch. */
export interface StoredApiToken {
  /** Public: a part of the token. */
  readonly keyId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Empty: everything in the tenant. */
  readonly objects: readonly ObjectLimit[];
  /** Empty: from everywhere. */
  readonly allowedCidrs: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number;
  readonly revokedAtMs?: number;
  /** To within a minute or so. */
  readonly lastUsedAtMs?: number;
  readonly lastUsedFrom?: string;
  /** The key id it was rotated from. */
  readonly rotatedFrom?: string;
}

export type ApiTokenState = "active" | "expired" | "revoked";

export function apiTokenState(
  token: Pick<StoredApiToken, "revokedAtMs" | "expiresAtMs">,
  nowMs: number,
): ApiTokenState {
  if (token.revokedAtMs !== undefined) return "revoked";
  return nowMs < token.expiresAtMs ? "active" : "expired";
}

export interface NewApiToken extends Omit<StoredApiToken, "revokedAtMs" | "lastUsedAtMs" | "lastUsedFrom"> {
  /** SHA-256 of the token without its checksum. */
  readonly digest: Uint8Array;
}

/** What a tenant allows of its API tokens, from now on. */
export interface ApiTokenPolicy {
  /** Of a token that names no lifetime. */
  readonly defaultLifetimeMs: number;
  readonly maxLifetimeMs: number;
  /** At a time. */
  readonly maxActive: number;
}

const DAY_MS = 24 * 3_600_000;

/** Of a tenant that has set none. */
export const DEFAULT_API_TOKEN_POLICY: ApiTokenPolicy = {
  defaultLifetimeMs: 90 * DAY_MS,
  maxLifetimeMs: 365 * DAY_MS,
  maxActive: 100,
};

/** What a new token depends on, read under a lock that keeps it so until the commit. */
export interface ApiTokenFacts {
  readonly policy: ApiTokenPolicy;
  /** Tokens that are active now. */
  readonly active: number;
}

export interface PlannedApiToken {
  readonly token: NewApiToken;
  readonly draft: AuditDraft;
}

export interface PlannedRotation extends PlannedApiToken {
  /** When the old one ends from now on. */
  readonly previousExpiresAtMs: number;
}

export interface ApiTokenPage {
  readonly nowMs: number;
  /** Expired and revoked ones too. */
  readonly includeInactive: boolean;
  readonly after?: Pick<StoredApiToken, "createdAtMs" | "keyId"> | undefined;
  readonly limit: number;
}

export interface ApiTokenUse {
  readonly keyId: string;
  readonly tenantId: string;
  readonly atMs: number;
  /** IP address; empty when unknown. */
  readonly address: string;
}

/** A token with what proves and judges it. */
export interface FoundApiToken {
  readonly token: StoredApiToken;
  readonly digest: Uint8Array;
  /** Undefined when the tenant is gone. */
  readonly slug: string | undefined;
}

/** The tokens of a tenant. Every change goes on record in the tenant's chain, in the same transaction. */
export interface ApiTokenStore {
  /** `plan` decides under the lock, and may refuse by throwing. */
  create(tenantId: string, nowMs: number, plan: (facts: ApiTokenFacts) => PlannedApiToken): Promise<StoredApiToken>;
  /** @throws API_TOKEN_NOT_FOUND */
  rotate(
    tenantId: string,
    keyId: string,
    nowMs: number,
    plan: (previous: StoredApiToken, facts: ApiTokenFacts) => PlannedRotation,
  ): Promise<{ readonly token: StoredApiToken; readonly previous: StoredApiToken }>;
  /** Twice is no error, and changes nothing. @throws API_TOKEN_NOT_FOUND */
  revoke(tenantId: string, keyId: string, nowMs: number, draft: AuditDraft): Promise<StoredApiToken>;
  /** Newest first. */
  list(tenantId: string, page: ApiTokenPage): Promise<readonly StoredApiToken[]>;
  policy(tenantId: string): Promise<ApiTokenPolicy>;
  setPolicy(tenantId: string, policy: ApiTokenPolicy, draft: AuditDraft): Promise<void>;
}

/** What a process that remembers tokens says of itself. */
export interface ApiTokenStats {
  /** Tokens remembered. */
  readonly remembered: number;
  /** Callers proved by what was remembered. */
  readonly hits: number;
  /** Reads of the store. */
  readonly misses: number;
  /** That waited for somebody else's read. */
  readonly coalesced: number;
  /** Refused by a read of the last second. */
  readonly spared: number;
}

/** What proving callers by their tokens takes, across all tenants. */
export interface ApiTokenLookup {
  find(keyId: string): Promise<FoundApiToken | undefined>;
  /** The later of two uses of a token stays. */
  recordUses(uses: readonly ApiTokenUse[]): Promise<void>;
}
