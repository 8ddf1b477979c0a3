import type { Access } from "./access.ts";

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
  /** What proved it: `jwt:<jti>`, `jwt` where the token has none, `api_token:<key id>`. */
  readonly credential: string;
  /** What it may do in every tenant granted, or on the platform. */
  readonly access: Access;
  /** What it may do in each tenant, by slug, when tenants may differ; absent: `access` everywhere. */
  readonly accessByTenant?: ReadonlyMap<string, Access>;
  readonly grant: TenantGrant;
  /** The only addresses its credential is good from; absent: all. */
  readonly allowedCidrs?: readonly string[];
  /** When the credential was issued, milliseconds since the epoch; 0 where it does not say. */
  readonly issuedAtMs: number;
  /** When the credential ends, milliseconds since the epoch. */
  readonly expiresAtMs: number;
}
