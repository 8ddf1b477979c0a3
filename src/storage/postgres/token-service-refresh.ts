import { sql } from "kysely";
import type { ObjectLimit } from "../../model/access.ts";
import type { Scope } from "../../model/scope.ts";
import type { FoundRefreshToken, NewFamily, RefreshFamily } from "../../model/token-service.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";

/** Of a tenant's families that have ended, at most so many go with each new one. */
const SWEEP = 100;

interface RefreshRow {
  readonly family_id: string;
  readonly client_id: string;
  readonly subject: string;
  readonly subject_issuer: string;
  readonly subject_token_id: string | null;
  readonly subject_issued_at_ms: number;
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly actor: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly revoked_at_ms: number | null;
  readonly used_at_ms: number | null;
}

type Shown = { readonly tenantId: string; readonly familyId: string; readonly sha256: string };

const REFRESH_COLUMNS = sql`f.family_id, f.client_id, f.subject, f.subject_issuer, f.subject_token_id,
  ${epochMs("f.subject_issued_at")} AS subject_issued_at_ms, f.scopes, f.objects, f.actor,
  ${epochMs("f.created_at")} AS created_at_ms, ${epochMs("f.expires_at")} AS expires_at_ms,
  ${epochMs("f.revoked_at")} AS revoked_at_ms, ${epochMs("t.used_at")} AS used_at_ms`;

export const refreshToken = statement<Shown>()("refresh_token", (arg) =>
  sql<RefreshRow>`SELECT ${REFRESH_COLUMNS}
    FROM relata.refresh_token t
    CROSS JOIN LATERAL (SELECT * FROM relata.refresh_family
      WHERE family_id = t.family_id AND tenant_id = t.tenant_id LIMIT 1) f
    WHERE t.tenant_id = ${arg("tenantId")} AND t.family_id = ${arg("familyId")} AND t.secret_sha256 = ${arg("sha256")}`.compile(
    sqlBuilder,
  ),
);

/** Whoever comes with a token of this family waits here; the statement after it sees what the one before left. */
export const lockFamily = statement<{ tenantId: string; familyId: string }>()("lock_refresh_family", (arg) =>
  sql<{ readonly family_id: string }>`SELECT family_id FROM relata.refresh_family
    WHERE tenant_id = ${arg("tenantId")} AND family_id = ${arg("familyId")} FOR UPDATE`.compile(sqlBuilder),
);

/** In the order of their ids, so that two who lock several never wait for each other. */
export const lockFamiliesOfClient = statement<{ tenantId: string; clientId: string }>()(
  "lock_families_of_client",
  (arg) =>
    sql<{ readonly family_id: string }>`SELECT family_id FROM relata.refresh_family
    WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")} ORDER BY family_id FOR UPDATE`.compile(
      sqlBuilder,
    ),
);

interface FamilyArgs {
  readonly familyId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly subjectIssuer: string;
  readonly subjectTokenId: string | null;
  readonly subjectIssuedAt: string;
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

const insertFamily = statement<FamilyArgs>()("insert_refresh_family", (arg) =>
  sql`INSERT INTO relata.refresh_family (family_id, tenant_id, client_id, subject, subject_issuer, subject_token_id,
      subject_issued_at, scopes, objects, actor, created_at, expires_at)
    VALUES (${arg("familyId")}, ${arg("tenantId")}, ${arg("clientId")}, ${arg("subject")}, ${arg("subjectIssuer")},
      ${arg("subjectTokenId")}, ${arg("subjectIssuedAt")}::timestamptz, ${arg("scopes")}, ${arg("objects")}, ${arg("actor")},
      ${arg("createdAt")}::timestamptz, ${arg("expiresAt")}::timestamptz)`.compile(sqlBuilder),
);

const insertToken = statement<Shown & { at: string }>()("insert_refresh_token", (arg) =>
  sql`INSERT INTO relata.refresh_token (tenant_id, family_id, secret_sha256, issued_at)
    VALUES (${arg("tenantId")}, ${arg("familyId")}, ${arg("sha256")}, ${arg("at")}::timestamptz)`.compile(sqlBuilder),
);

const useToken = statement<Shown & { at: string }>()("use_refresh_token", (arg) =>
  sql`UPDATE relata.refresh_token SET used_at = ${arg("at")}::timestamptz
    WHERE tenant_id = ${arg("tenantId")} AND family_id = ${arg("familyId")} AND secret_sha256 = ${arg("sha256")}`.compile(
    sqlBuilder,
  ),
);

const revokeFamily = statement<{ tenantId: string; familyId: string; at: string }>()("revoke_refresh_family", (arg) =>
  sql`UPDATE relata.refresh_family SET revoked_at = ${arg("at")}::timestamptz
    WHERE tenant_id = ${arg("tenantId")} AND family_id = ${arg("familyId")} AND revoked_at IS NULL`.compile(sqlBuilder),
);

const revokeOfClient = statement<{ tenantId: string; clientId: string; at: string }>()(
  "revoke_families_of_client",
  (arg) =>
    sql`UPDATE relata.refresh_family SET revoked_at = ${arg("at")}::timestamptz
    WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")} AND revoked_at IS NULL`.compile(sqlBuilder),
);

/**
 * Tokens first: both statements choose the same families, which the first one locks. One that is locked already is left for
 * later: whoever has it waits for the chain that is held here.
 */
const sweepTokens = statement<{ tenantId: string; now: string }>()("sweep_refresh_tokens", (arg) =>
  sql`DELETE FROM relata.refresh_token WHERE tenant_id = ${arg("tenantId")} AND family_id = ANY (ARRAY(
      SELECT family_id FROM relata.refresh_family
      WHERE tenant_id = ${arg("tenantId")} AND expires_at <= ${arg("now")}::timestamptz
      ORDER BY expires_at LIMIT ${sql.lit(SWEEP)} FOR UPDATE SKIP LOCKED))`.compile(sqlBuilder),
);

const sweepFamilies = statement<{ tenantId: string; now: string }>()("sweep_refresh_families", (arg) =>
  sql`DELETE FROM relata.refresh_family WHERE tenant_id = ${arg("tenantId")} AND family_id = ANY (ARRAY(
      SELECT family_id FROM relata.refresh_family
      WHERE tenant_id = ${arg("tenantId")} AND expires_at <= ${arg("now")}::timestamptz
      ORDER BY expires_at LIMIT ${sql.lit(SWEEP)} FOR UPDATE SKIP LOCKED))`.compile(sqlBuilder),
);

export function newFamilyStatements(tenantId: string, { family, sha256 }: NewFamily): readonly Bound[] {
  const { familyId, clientId, subject, subjectIssuer, scopes } = family;
  const createdAt = timestamp(family.createdAtMs);
  return [
    insertFamily({
      familyId,
      tenantId,
      clientId,
      subject,
      subjectIssuer,
      subjectTokenId: family.subjectTokenId ?? null,
      subjectIssuedAt: timestamp(family.subjectIssuedAtMs),
      scopes,
      objects: JSON.stringify(family.objects),
      actor: JSON.stringify(family.actor),
      createdAt,
      expiresAt: timestamp(family.expiresAtMs),
    }),
    insertToken({ tenantId, familyId, sha256, at: createdAt }),
    sweepTokens({ tenantId, now: createdAt }),
    sweepFamilies({ tenantId, now: createdAt }),
  ];
}

export function rotateTokenStatements(shown: Shown, nextSha256: string, nowMs: number): readonly Bound[] {
  const at = timestamp(nowMs);
  return [useToken({ ...shown, at }), insertToken({ ...shown, sha256: nextSha256, at })];
}

export function revokeFamilyStatement(tenantId: string, familyId: string, nowMs: number): Bound {
  return revokeFamily({ tenantId, familyId, at: timestamp(nowMs) });
}

export function revokeOfClientStatement(tenantId: string, clientId: string, nowMs: number): Bound {
  return revokeOfClient({ tenantId, clientId, at: timestamp(nowMs) });
}

export function toFoundToken(row: RefreshRow | undefined): FoundRefreshToken {
  if (row === undefined) return { kind: "unknown" };
  const kind = row.revoked_at_ms !== null ? "revoked" : row.used_at_ms !== null ? "used" : "current";
  return { kind, family: toFamily(row) };
}

function toFamily(row: RefreshRow): RefreshFamily {
  return {
    familyId: row.family_id,
    clientId: row.client_id,
    subject: row.subject,
    subjectIssuer: row.subject_issuer,
    subjectTokenId: row.subject_token_id ?? undefined,
    subjectIssuedAtMs: row.subject_issued_at_ms,
    scopes: row.scopes as readonly Scope[],
    objects: JSON.parse(row.objects) as readonly ObjectLimit[],
    actor: JSON.parse(row.actor) as JsonObject,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
