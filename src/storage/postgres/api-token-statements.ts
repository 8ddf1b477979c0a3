import { sql } from "kysely";
import type { ObjectLimit } from "../../model/access.ts";
import type { StoredApiToken } from "../../model/api-token.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";
import { toScopes } from "./trust-bindings.ts";

export interface SelectedApiToken {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly allowed_cidrs: readonly string[];
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly expires_at_ms: number;
  readonly revoked_at_ms: number | null;
  readonly rotated_from: string | null;
  readonly last_used_at_ms: number | null;
  readonly last_used_from: string | null;
}

const COLUMNS = sql`k.key_id, k.tenant_id, k.name, k.scopes, k.objects::text AS objects, k.allowed_cidrs,
  ${epochMs("k.created_at")} AS created_at_ms, k.created_by, ${epochMs("k.expires_at")} AS expires_at_ms,
  ${epochMs("k.revoked_at")} AS revoked_at_ms, k.rotated_from`;
const LAST_USE = sql`${epochMs("u.last_used_at")} AS last_used_at_ms, u.last_used_from`;
/** LIMIT keeps the planner from turning the join around. */
const JOIN_USE = sql`LEFT JOIN LATERAL (SELECT u.last_used_at, u.last_used_from FROM relata.api_token_use u
  WHERE u.key_id = k.key_id AND u.tenant_id = k.tenant_id LIMIT 1) u ON true`;

interface KeyArgs {
  readonly tenantId: string;
  readonly keyId: string;
}

export const readApiToken = statement<KeyArgs>()("api_token", (arg) =>
  sql<SelectedApiToken>`SELECT ${COLUMNS}, ${LAST_USE} FROM relata.api_token k ${JOIN_USE}
    WHERE k.key_id = ${arg("keyId")} AND k.tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

interface PageArgs {
  readonly tenantId: string;
  readonly createdAt: string;
  readonly keyId: string;
  readonly limit: number;
}

export const readPage = statement<PageArgs>()("api_token_page", (arg) =>
  sql<SelectedApiToken>`SELECT ${COLUMNS}, ${LAST_USE} FROM relata.api_token k ${JOIN_USE}
    WHERE k.tenant_id = ${arg("tenantId")} AND (k.created_at, k.key_id) < (${arg("createdAt")}::timestamptz, ${arg("keyId")})
    ORDER BY k.created_at DESC, k.key_id DESC LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

export const readPageOfActive = statement<PageArgs & { now: string }>()("api_token_page_active", (arg) =>
  sql<SelectedApiToken>`SELECT ${COLUMNS}, ${LAST_USE} FROM relata.api_token k ${JOIN_USE}
    WHERE k.tenant_id = ${arg("tenantId")} AND (k.created_at, k.key_id) < (${arg("createdAt")}::timestamptz, ${arg("keyId")})
      AND k.revoked_at IS NULL AND k.expires_at > ${arg("now")}::timestamptz
    ORDER BY k.created_at DESC, k.key_id DESC LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

/** No row where there are none: a statement that row security leaves nothing to says nothing. */
export const countActive = statement<{ tenantId: string; now: string }>()("count_active_api_tokens", (arg) =>
  sql<{ readonly active: number }>`SELECT count(*)::int AS active FROM relata.api_token k
    WHERE k.tenant_id = ${arg("tenantId")} AND k.revoked_at IS NULL AND k.expires_at > ${arg("now")}::timestamptz
    HAVING count(*) > 0`.compile(sqlBuilder),
);

interface InsertArgs extends KeyArgs {
  readonly name: string;
  readonly scopes: readonly string[];
  /** JSON text. */
  readonly objects: string;
  readonly allowedCidrs: readonly string[];
  readonly digest: Uint8Array;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
  readonly rotatedFrom: string | null;
}

export const insertApiToken = statement<InsertArgs>()("insert_api_token", (arg) =>
  sql`INSERT INTO relata.api_token
      (key_id, tenant_id, name, scopes, objects, allowed_cidrs, digest, created_at, created_by, expires_at, rotated_from)
    VALUES (${arg("keyId")}, ${arg("tenantId")}, ${arg("name")}, ${arg("scopes")}::text[], ${arg("objects")}::json,
      ${arg("allowedCidrs")}::text[], ${arg("digest")}, ${arg("createdAt")}, ${arg("createdBy")}, ${arg("expiresAt")},
      ${arg("rotatedFrom")})`.compile(sqlBuilder),
);

export const endApiToken = statement<KeyArgs & { expiresAt: string }>()("end_api_token", (arg) =>
  sql`UPDATE relata.api_token SET expires_at = ${arg("expiresAt")}
    WHERE key_id = ${arg("keyId")} AND tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

export const revokeApiToken = statement<KeyArgs & { revokedAt: string; actor: string }>()("revoke_api_token", (arg) =>
  sql`UPDATE relata.api_token SET revoked_at = ${arg("revokedAt")}, revoked_by = ${arg("actor")}
    WHERE key_id = ${arg("keyId")} AND tenant_id = ${arg("tenantId")} AND revoked_at IS NULL`.compile(sqlBuilder),
);

export interface SelectedPolicy {
  readonly default_lifetime_ms: number;
  readonly max_lifetime_ms: number;
  readonly max_active: number;
}

export const readPolicy = statement<{ tenantId: string }>()("api_token_policy", (arg) =>
  sql<SelectedPolicy>`SELECT default_lifetime_ms, max_lifetime_ms, max_active FROM relata.api_token_policy
    WHERE tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

interface PolicyArgs {
  readonly tenantId: string;
  readonly defaultLifetimeMs: number;
  readonly maxLifetimeMs: number;
  readonly maxActive: number;
  readonly actor: string;
}

export const writePolicy = statement<PolicyArgs>()("write_api_token_policy", (arg) =>
  sql`INSERT INTO relata.api_token_policy
      (tenant_id, default_lifetime_ms, max_lifetime_ms, max_active, updated_at, updated_by)
    VALUES (${arg("tenantId")}, ${arg("defaultLifetimeMs")}, ${arg("maxLifetimeMs")}, ${arg("maxActive")},
      clock_timestamp(), ${arg("actor")})
    ON CONFLICT (tenant_id) DO UPDATE SET default_lifetime_ms = excluded.default_lifetime_ms,
      max_lifetime_ms = excluded.max_lifetime_ms, max_active = excluded.max_active,
      updated_at = excluded.updated_at, updated_by = excluded.updated_by`.compile(sqlBuilder),
);

/** By the token alone, of whichever tenant: only in the scope `trust`. Its tenant is asked for with it. */
export interface SelectedProof extends Omit<SelectedApiToken, "last_used_at_ms" | "last_used_from"> {
  readonly digest: Uint8Array;
  readonly slug: string | null;
}

export const findApiToken = statement<{ keyId: string }>()("find_api_token", (arg) =>
  sql<SelectedProof>`SELECT ${COLUMNS}, k.digest, t.slug FROM relata.api_token k
    LEFT JOIN LATERAL (SELECT t.slug FROM relata.tenant t WHERE t.id = k.tenant_id LIMIT 1) t ON true
    WHERE k.key_id = ${arg("keyId")}`.compile(sqlBuilder),
);

interface UsesArgs {
  readonly keyId: readonly string[];
  readonly tenantId: readonly string[];
  readonly usedAt: readonly string[];
  readonly usedFrom: readonly string[];
}

/**
 * In one order, so that two processes that write the same tokens do not wait for each other in a circle. Of tokens that are there: a
 * process that was slow to write brings nothing back of a tenant that has been removed.
 */
export const recordUses = statement<UsesArgs>()("record_api_token_uses", (arg) =>
  sql`INSERT INTO relata.api_token_use AS u (key_id, tenant_id, last_used_at, last_used_from)
    SELECT * FROM unnest(${arg("keyId")}::text[], ${arg("tenantId")}::uuid[], ${arg("usedAt")}::timestamptz[], ${arg("usedFrom")}::text[])
      AS k (key_id, tenant_id, used_at, used_from)
    WHERE EXISTS (SELECT FROM relata.api_token t WHERE t.key_id = k.key_id OFFSET 0) ORDER BY k.key_id COLLATE "C"
    ON CONFLICT (key_id) DO UPDATE SET last_used_at = greatest(u.last_used_at, excluded.last_used_at),
      last_used_from = CASE WHEN excluded.last_used_at >= u.last_used_at THEN excluded.last_used_from ELSE u.last_used_from END`.compile(
    sqlBuilder,
  ),
);

export function toApiToken(
  row: Omit<SelectedApiToken, "last_used_at_ms" | "last_used_from"> & Partial<SelectedApiToken>,
) {
  const { revoked_at_ms: revokedAtMs, last_used_at_ms: lastUsedAtMs, last_used_from: lastUsedFrom } = row;
  return {
    keyId: row.key_id,
    tenantId: row.tenant_id,
    name: row.name,
    scopes: toScopes(row.scopes),
    objects: JSON.parse(row.objects) as readonly ObjectLimit[],
    allowedCidrs: row.allowed_cidrs,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    ...(revokedAtMs !== null && { revokedAtMs }),
    ...(row.rotated_from !== null && { rotatedFrom: row.rotated_from }),
    ...(typeof lastUsedAtMs === "number" && { lastUsedAtMs }),
    ...(typeof lastUsedFrom === "string" && { lastUsedFrom }),
  } satisfies StoredApiToken;
}
