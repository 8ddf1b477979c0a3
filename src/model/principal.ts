/** What a principal may call. One scope per family of methods; a method that lists none is refused. */
export const SCOPES = [
  "check",
  "tuples:read",
  "tuples:write",
  "schema:read",
  "schema:write",
  "tenants:read",
  "tenants:write",
  "credentials:read",
  "credentials:write",
  "audit:read",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Which tenants a proved caller may act in. A `platform` principal acts on the tenant registry, in no tenant. */
export type TenantGrant =
  | { readonly kind: "tenants"; readonly slugs: readonly string[] }
  | { readonly kind: "platform" };

/** The caller, after its credential was verified. */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
  /** What appears in history and logs: `issuer|subject`. */
  readonly actor: string;
  /** What it may call in every tenant granted, or on the platform. */
  readonly scopes: ReadonlySet<Scope>;
  /** What it may call in each tenant, by slug, when tenants may differ; absent: `scopes` everywhere. */
  readonly scopesByTenant?: ReadonlyMap<string, ReadonlySet<Scope>>;
  readonly grant: TenantGrant;
  /** When the credential ends, milliseconds since the epoch. */
  readonly expiresAtMs: number;
}
