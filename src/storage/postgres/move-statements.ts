import { sql } from "kysely";
import { type Arg, sqlBuilder, statement } from "./statement.ts";
import { KEY_COLUMNS, type KeyColumns, keyOf, LIVE } from "./tuple-columns.ts";

/*
 * How rows get from one bucket to another while the tenant is written. A row that was made by revision `r` is never removed, and
 * all that can happen to it later is that it ends: as of `r` it is what it is now, or still live if it ended after `r`.
 */

const KEY_NAMES = sql.join(KEY_COLUMNS.map((column) => sql.ref(column)));
const sameKey = sql.join(
  KEY_COLUMNS.map((column) => sql`${sql.ref(`c.${column}`)} = ${sql.ref(`e.${column}`)}`),
  sql` AND `,
);
const descending = sql.join(KEY_COLUMNS.map((column) => sql`${sql.ref(`chunk.${column}`)} DESC`));
const TRAITS = sql`t.caveat, t.caveat_context, t.expires_at, t.created_rev`;

export interface MoveArgs {
  readonly tenantId: string;
  readonly from: number;
  readonly to: number;
}

/** `deleted_rev` as of a revision. */
function endedBy<Args extends { readonly upTo: number }>(arg: Arg<Args>) {
  return sql`CASE WHEN t.deleted_rev > ${arg("upTo")} THEN ${LIVE} ELSE t.deleted_rev END AS deleted_rev`;
}

const inserted = sql`INSERT INTO relata.tuple (bucket, tenant_id, ${KEY_NAMES}, caveat, caveat_context, expires_at, created_rev, deleted_rev)`;

interface CopyArgs extends MoveArgs {
  readonly upTo: number;
  readonly limit: number;
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly subjectRelation: string;
  readonly deletedRev: string;
}

/** The last row of a chunk: where the next one goes on. */
export interface CopiedRow extends KeyColumns {
  readonly deleted_rev: string;
  readonly rows: number;
}

/**
 * The next rows in the order of the primary key, as of a revision; the last of them is told. A row that ends meanwhile changes its
 * key's last column only, and stays behind all rows of its key that had ended by that revision: no chunk misses it, or has it twice.
 */
export const copyTuples = statement<CopyArgs>()("life_copy_tuples", (arg) =>
  sql<CopiedRow>`WITH chunk AS MATERIALIZED (
      SELECT ${keyOf("t")}, ${TRAITS}, ${endedBy(arg)} FROM relata.tuple t
      WHERE t.bucket = ${arg("from")} AND t.tenant_id = ${arg("tenantId")} AND t.created_rev <= ${arg("upTo")}
        AND (${keyOf("t")}, t.deleted_rev) > (${arg("objectType")}, ${arg("objectId")}, ${arg("relation")}, ${arg("subjectType")},
          ${arg("subjectId")}, ${arg("subjectRelation")}, ${arg("deletedRev")}::bigint)
      ORDER BY ${keyOf("t")}, t.deleted_rev LIMIT ${arg("limit")}),
    copied AS (${inserted} SELECT ${arg("to")}::int, ${arg("tenantId")}::uuid, chunk.* FROM chunk)
    SELECT ${KEY_NAMES}, deleted_rev::text AS deleted_rev, count(*) OVER () AS rows FROM chunk
    ORDER BY ${descending}, chunk.deleted_rev DESC LIMIT 1`.compile(sqlBuilder),
);

interface RevisionsArgs extends MoveArgs {
  readonly after: number;
  readonly upTo: number;
}

/** Rows of the history, `after` excluded. */
export const copyRevisions = statement<RevisionsArgs>()("life_copy_revisions", (arg) =>
  sql<{ readonly rows: number }>`WITH copied AS (INSERT INTO relata.revision
      (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id, metadata)
    SELECT ${arg("to")}::int, r.tenant_id, r.revision, r.schema_name, r.schema_version, r.committed_at, r.actor, r.request_id, r.metadata
    FROM relata.revision r WHERE r.bucket = ${arg("from")} AND r.tenant_id = ${arg("tenantId")}
      AND r.revision > ${arg("after")} AND r.revision <= ${arg("upTo")} RETURNING revision)
    SELECT count(*) AS rows FROM copied`.compile(sqlBuilder),
);

/** Ends the copies of rows that ended after one revision and by another: all of them, or the copy is not one. */
export const copyEnds = statement<RevisionsArgs>()("life_copy_ends", (arg) =>
  sql<{ readonly ended: number; readonly closed: number }>`WITH e AS MATERIALIZED (
      SELECT ${keyOf("t")}, t.created_rev, t.deleted_rev FROM relata.tuple t
      WHERE t.bucket = ${arg("from")} AND t.tenant_id = ${arg("tenantId")} AND t.deleted_rev < ${LIVE}
        AND t.deleted_rev > ${arg("after")} AND t.deleted_rev <= ${arg("upTo")} AND t.created_rev <= ${arg("after")}),
    closed AS (
      UPDATE relata.tuple AS c SET deleted_rev = e.deleted_rev FROM e
      WHERE c.bucket = ${arg("to")} AND c.tenant_id = ${arg("tenantId")} AND ${sameKey} AND c.deleted_rev = ${LIVE}
        AND c.created_rev = e.created_rev RETURNING 1)
    SELECT (SELECT count(*) FROM e) AS ended, (SELECT count(*) FROM closed) AS closed`.compile(sqlBuilder),
);

/** Copies rows that were made after one revision and by another, as of the latter. */
export const copyBeginnings = statement<RevisionsArgs>()("life_copy_beginnings", (arg) =>
  sql<{ readonly rows: number }>`WITH copied AS (${inserted}
      SELECT ${arg("to")}::int, t.tenant_id, ${keyOf("t")}, ${TRAITS}, ${endedBy(arg)} FROM relata.tuple t
      WHERE t.bucket = ${arg("from")} AND t.tenant_id = ${arg("tenantId")} AND t.created_rev > 0
        AND t.created_rev > ${arg("after")} AND t.created_rev <= ${arg("upTo")} RETURNING 1)
    SELECT count(*) AS rows FROM copied`.compile(sqlBuilder),
);

interface SumArgs {
  readonly tenantId: string;
  readonly bucket: number;
  readonly upTo: number;
}

/** What a bucket has of the tenant as of a revision: two that are equal have the same rows. */
export const sumRows = statement<SumArgs>()("life_sum_rows", (arg) =>
  sql<{ readonly rows: number; readonly sum: string }>`SELECT count(*) AS rows, coalesce(sum(hashtextextended(
        concat_ws(chr(31), ${keyOf("t")}, t.caveat, t.caveat_context::text, t.expires_at::text, t.created_rev,
          CASE WHEN t.deleted_rev > ${arg("upTo")} THEN ${LIVE} ELSE t.deleted_rev END), 7)), 0)::text AS sum
    FROM relata.tuple t WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
      AND t.created_rev <= ${arg("upTo")}`.compile(sqlBuilder),
);

interface RemoveArgs {
  readonly tenantId: string;
  readonly bucket: number;
  readonly limit: number;
}

/**
 * The first of the tenant's rows in a bucket that its head does not name; none where it does. By a range of the primary key,
 * whatever the planner thinks of a partition nobody has analyzed yet: found again one by one, by ctid or by key, each row of the
 * chunk was compared with each of the tenant, 1 s a chunk of 40,000 rows.
 */
const removeFrom = (table: "tuple" | "revision", columns: readonly string[]) => (arg: Arg<RemoveArgs>) => {
  const rows = sql.ref(`relata.${table}`);
  const key = sql.join(columns.map((column) => sql.ref(column)));
  const lastKey = sql.join(columns.map((column) => sql`(SELECT ${sql.ref(column)} FROM last_row)`));
  const backwards = sql.join(columns.map((column) => sql`${sql.ref(column)} DESC`));
  return sql<{ readonly rows: number }>`WITH last_row AS MATERIALIZED (SELECT * FROM (
        SELECT ${key} FROM ${rows} WHERE bucket = ${arg("bucket")} AND tenant_id = ${arg("tenantId")}
          AND NOT EXISTS (SELECT FROM relata.tenant_head h WHERE h.tenant_id = ${arg("tenantId")}
            AND (h.bucket = ${arg("bucket")} OR h.mirror_bucket = ${arg("bucket")}))
        ORDER BY ${key} LIMIT ${arg("limit")}) chunk ORDER BY ${backwards} LIMIT 1),
    gone AS (DELETE FROM ${rows} WHERE bucket = ${arg("bucket")} AND tenant_id = ${arg("tenantId")}
      AND (${key}) <= (${lastKey}) RETURNING 1)
    SELECT count(*) AS rows FROM gone`.compile(sqlBuilder);
};

export const removeTuples = statement<RemoveArgs>()(
  "life_remove_tuples",
  removeFrom("tuple", [...KEY_COLUMNS, "deleted_rev"]),
);
export const removeRevisions = statement<RemoveArgs>()("life_remove_revisions", removeFrom("revision", ["revision"]));
