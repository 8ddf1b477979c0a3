import type { ObjectLimit } from "./access.ts";
import type { ApiTokenLookup, ApiTokenStore } from "./api-token.ts";
import type { AuditDraft } from "./audit.ts";
import type { Scope } from "./scope.ts";

/** What processes remember and must hear of: bindings, revocations, API tokens, clients, signing keys, and tenants' state and place. */
export const TRUST_KINDS = ["binding", "revocation", "api_token", "client", "signing_key", "tenant"] as const;
export type TrustKind = (typeof TRUST_KINDS)[number];

/** A place in the log of changes. */
export interface TrustPosition {
  readonly version: number;
  /** Of the change at that version: another one there is another history, that of a restored database. */
  readonly mark: string;
}

/** Something of that kind and key is not as it was. The key is that of its table, `tenant`: the tenant's id. */
export interface TrustChange extends TrustPosition {
  /** Also kinds that a newer program has made. */
  readonly kind: string;
  readonly key: string;
}

export interface TrustPage {
  /** False: the log has no such position (any more). What was built on it must be read anew. */
  readonly continues: boolean;
  /** In order and without gaps. */
  readonly changes: readonly TrustChange[];
  /** Everything committed before the read began is in. */
  readonly complete: boolean;
}

/** A stored binding, with its tenants by id and those of them that exist by slug. */
export interface StoredBinding {
  readonly key: BindingKey;
  readonly tenantIds: readonly string[];
  /** Of the tenants that exist: at most as many, in slug order. */
  readonly tenants: readonly string[];
  readonly platform: boolean;
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

export interface BindingKey {
  readonly issuer: string;
  /** Exact `sub`, or a prefix ending in `*`. */
  readonly subject: string;
  readonly name: string;
}

/** A binding's key in the log. */
export function bindingKeyText({ issuer, subject, name }: BindingKey): string {
  return JSON.stringify([issuer, subject, name]);
}

/** One JWT by its `jti`, or all of a subject issued before an instant. */
export type Revoked =
  | { readonly kind: "token"; readonly tokenId: string }
  | { readonly kind: "subject"; readonly subject: string; readonly issuedBeforeMs: number };

export interface StoredRevocation {
  /** UUID. */
  readonly id: string;
  readonly issuer: string;
  readonly what: Revoked;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly reason: string;
  /** From then on no token it names can be unexpired. */
  readonly obsoleteAtMs: number;
}

/** What the feed of changes reads, over connections of its own. */
export interface TrustLog {
  /** Where the log ends. */
  end(signal: AbortSignal): Promise<TrustPosition>;
  since(position: TrustPosition, limit: number, signal: AbortSignal): Promise<TrustPage>;
  /** In key order, those after `after`. */
  bindings(after: BindingKey | undefined, limit: number, signal: AbortSignal): Promise<readonly StoredBinding[]>;
  bindingsByKey(keys: readonly BindingKey[], signal: AbortSignal): Promise<readonly StoredBinding[]>;
  revocations(page: RevocationPage, signal: AbortSignal): Promise<readonly StoredRevocation[]>;
  revocationsById(ids: readonly string[], signal: AbortSignal): Promise<readonly StoredRevocation[]>;
  /** Says whenever there may be something new, until the signal aborts: a hint, which may be lost. */
  listen(heard: () => void, signal: AbortSignal): void;
}

/** Every change goes on record with its draft, in the platform's chain and in the same transaction. */
export interface BindingStore {
  /**
   * Makes or replaces it. `validate` sees, under the lock, the subjects that the issuer's bindings of the other kind
   * (platform, or tenants) name, and may refuse.
   * @throws TENANT_NOT_FOUND naming the slugs that are no tenants
   */
  put(binding: NewBinding, validate: (others: readonly string[]) => void, draft: AuditDraft): Promise<StoredBinding>;
  list(page: BindingPage): Promise<readonly StoredBinding[]>;
  /** @throws BINDING_NOT_FOUND */
  delete(key: BindingKey, draft: AuditDraft): Promise<void>;
}

export type NewBinding = Omit<StoredBinding, "tenantIds" | "updatedAtMs" | "updatedBy">;

export interface BindingPage {
  /** Absent: of all issuers. */
  readonly issuer?: string;
  readonly after?: BindingKey | undefined;
  readonly limit: number;
}

export interface RevocationStore {
  /** Committed when it resolves. */
  revoke(
    revocation: Omit<StoredRevocation, "id" | "createdAtMs" | "createdBy">,
    draft: AuditDraft,
  ): Promise<StoredRevocation>;
  list(page: RevocationPage): Promise<readonly StoredRevocation[]>;
}

/** Those that are not obsolete at `nowMs`, in the order in which they will be. */
export interface RevocationPage {
  readonly nowMs: number;
  readonly after?: Pick<StoredRevocation, "obsoleteAtMs" | "id"> | undefined;
  readonly limit: number;
}

/** Who may call and who may no longer, shared by all processes of a database. */
export interface TrustStore {
  readonly log: TrustLog;
  readonly bindings: BindingStore;
  readonly revocations: RevocationStore;
  readonly apiTokens: ApiTokenStore;
  readonly apiTokenLookup: ApiTokenLookup;
}
