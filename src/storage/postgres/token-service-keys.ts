import { sql } from "kysely";
import type { AddSigningKey, StoredSigningKey } from "../../model/token-service.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";

interface KeyRow {
  readonly kid: string;
  readonly sealed: string;
  readonly sealed_by: string;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly activates_at_ms: number;
  readonly withdrawn_at_ms: number | null;
}

/** A key a week for a century. */
const MAX_KEYS = 5_000;

const selectSigningKeys = statement<{ since: string }>()("signing_keys", (arg) =>
  sql<KeyRow>`SELECT kid, sealed, sealed_by, ${epochMs("created_at")} AS created_at_ms, created_by,
      ${epochMs("activates_at")} AS activates_at_ms, ${epochMs("withdrawn_at")} AS withdrawn_at_ms
    FROM relata.signing_key WHERE activates_at >= ${arg("since")}::timestamptz ORDER BY activates_at, kid LIMIT ${sql.lit(MAX_KEYS)}`.compile(
    sqlBuilder,
  ),
);

/** All there are, oldest first. */
export function signingKeys(): Bound<KeyRow> {
  return selectSigningKeys({ since: "-infinity" });
}

interface NewKey {
  readonly kid: string;
  readonly sealed: string;
  readonly sealedBy: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly activatesAt: string;
}

const insertSigningKey = statement<NewKey>()("insert_signing_key", (arg) =>
  sql`INSERT INTO relata.signing_key (kid, sealed, sealed_by, created_at, created_by, activates_at)
    VALUES (${arg("kid")}, ${arg("sealed")}, ${arg("sealedBy")}, ${arg("createdAt")}::timestamptz, ${arg("createdBy")},
      ${arg("activatesAt")}::timestamptz)`.compile(sqlBuilder),
);

const withdrawOtherKeys = statement<{ kid: string; at: string }>()("withdraw_other_keys", (arg) =>
  sql`UPDATE relata.signing_key SET withdrawn_at = ${arg("at")}::timestamptz
    WHERE kid > '' AND kid <> ${arg("kid")} AND withdrawn_at IS NULL`.compile(sqlBuilder),
);

export function addKeyStatements(key: StoredSigningKey, { withdrawOthers }: AddSigningKey): readonly Bound[] {
  const { kid, sealed, sealedBy, createdBy } = key;
  const createdAt = timestamp(key.createdAtMs);
  const insert = insertSigningKey({
    kid,
    sealed,
    sealedBy,
    createdAt,
    createdBy,
    activatesAt: timestamp(key.activatesAtMs),
  });
  return withdrawOthers ? [insert, withdrawOtherKeys({ kid, at: createdAt })] : [insert];
}

export function toSigningKey(row: KeyRow): StoredSigningKey {
  return {
    kid: row.kid,
    sealed: row.sealed,
    sealedBy: row.sealed_by,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    activatesAtMs: row.activates_at_ms,
    withdrawnAtMs: row.withdrawn_at_ms ?? undefined,
  };
}
