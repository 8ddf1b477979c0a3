import { sql } from "kysely";
import type { Revision } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { Tuple, TupleKey } from "../../model/tuple.ts";
import { placeArgs } from "./heads.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";
import { KEY_COLUMNS, type KeyArrays, keyArrays, LIVE } from "./tuple-columns.ts";

/*
 * The set-based statements of a write: whatever the number of tuples, each is sent at most once.
 */

interface KeysArgs extends KeyArrays {
  readonly bucket: number;
  readonly tenantId: string;
}

const KEY_NAMES = sql.join(KEY_COLUMNS.map((column) => sql.ref(column)));
const sameKey = sql.join(
  KEY_COLUMNS.map((column) => sql`${sql.ref(`t.${column}`)} = ${sql.ref(`k.${column}`)}`),
  sql` AND `,
);

/** What hangs on a live tuple; compared with what a TOUCH brings. */
export interface LiveRow {
  readonly index: number;
  readonly caveat: string | null;
  readonly caveat_context: string | null;
  readonly expires_at_ms: number | null;
}

const readLive = statement<KeysArgs & { index: readonly number[] }>()("read_live", (arg) =>
  sql<LiveRow>`SELECT k.index, live.caveat, live.caveat_context::text AS caveat_context, ${epochMs("live.expires_at")} AS expires_at_ms
    FROM unnest(${arg("index")}::int[], ${arg("objectType")}::text[], ${arg("objectId")}::text[], ${arg("relation")}::text[],
      ${arg("subjectType")}::text[], ${arg("subjectId")}::text[], ${arg("subjectRelation")}::text[]) AS k (index, ${KEY_NAMES})
    CROSS JOIN LATERAL (SELECT t.caveat, t.caveat_context, t.expires_at FROM relata.tuple t
      WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND ${sameKey} AND t.deleted_rev = ${LIVE}
      LIMIT 1) live`.compile(sqlBuilder),
);

const ROW = sql.join(
  ["bucket", "tenant_id", ...KEY_COLUMNS, "caveat", "caveat_context", "expires_at", "created_rev", "deleted_rev"].map(
    (column) => sql.ref(column),
  ),
);

/**
 * What is live conflicts with itself, so nothing is ever inserted. An UPDATE that joins the keys may find its rows the other way
 * round: in a partition nobody has analyzed the planner takes all that a tenant has for one row, and reads it from end to end to
 * end a single tuple. A conflict is looked up by the primary key, whatever the planner thinks.
 */
const closeTuples = statement<KeysArgs & { revision: number }>()("close_tuples", (arg) =>
  sql`INSERT INTO relata.tuple (${ROW})
    SELECT live.* FROM unnest(${arg("objectType")}::text[], ${arg("objectId")}::text[], ${arg("relation")}::text[],
      ${arg("subjectType")}::text[], ${arg("subjectId")}::text[], ${arg("subjectRelation")}::text[]) AS k (${KEY_NAMES})
    CROSS JOIN LATERAL (SELECT ${ROW} FROM relata.tuple t
      WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND ${sameKey} AND t.deleted_rev = ${LIVE}
      LIMIT 1) live
    ON CONFLICT (bucket, tenant_id, ${KEY_NAMES}, deleted_rev) DO UPDATE SET deleted_rev = ${arg("revision")}`.compile(
    sqlBuilder,
  ),
);

interface InsertArgs extends KeysArgs {
  readonly revision: number;
  readonly caveat: readonly (string | null)[];
  readonly caveatContext: readonly (string | null)[];
  readonly expiresAt: readonly (string | null)[];
}

const insertTuples = statement<InsertArgs>()("insert_tuples", (arg) =>
  sql`INSERT INTO relata.tuple (bucket, tenant_id, ${KEY_NAMES}, caveat, caveat_context, expires_at, created_rev)
    SELECT ${arg("bucket")}::int, ${arg("tenantId")}::uuid, ${KEY_NAMES}, caveat, caveat_context::json, expires_at, ${arg("revision")}::bigint
    FROM unnest(${arg("objectType")}::text[], ${arg("objectId")}::text[], ${arg("relation")}::text[],
      ${arg("subjectType")}::text[], ${arg("subjectId")}::text[], ${arg("subjectRelation")}::text[],
      ${arg("caveat")}::text[], ${arg("caveatContext")}::text[], ${arg("expiresAt")}::timestamptz[])
      AS k (${KEY_NAMES}, caveat, caveat_context, expires_at)`.compile(sqlBuilder),
);

/** Of `keys`, those that are live, by index. */
export function lookUpLive(place: TenantPlace, keys: readonly TupleKey[]): Bound<LiveRow> {
  return readLive({ ...placeArgs(place), ...keyArrays(keys), index: keys.map((_, index) => index) });
}

/** Ends live rows at `revision`. */
export function close(place: TenantPlace, keys: readonly TupleKey[], revision: Revision): readonly Bound[] {
  return keys.length === 0 ? [] : [closeTuples({ ...placeArgs(place), ...keyArrays(keys), revision })];
}

/** Rows that live from `revision` on. The primary key refuses a second live row. */
export function insert(place: TenantPlace, tuples: readonly Tuple[], revision: Revision): readonly Bound[] {
  if (tuples.length === 0) return [];
  const attributes = tuples.map(attributesOf);
  return [
    insertTuples({
      ...placeArgs(place),
      ...keyArrays(tuples),
      revision,
      caveat: attributes.map(({ caveat }) => caveat),
      caveatContext: attributes.map(({ context }) => context),
      expiresAt: attributes.map(({ expiresAtMs }) => (expiresAtMs === null ? null : timestamp(expiresAtMs))),
    }),
  ];
}

/** True when a TOUCH of `tuple` would change nothing. */
export function isSame(tuple: Tuple, live: LiveRow): boolean {
  const { caveat, context, expiresAtMs } = attributesOf(tuple);
  return caveat === live.caveat && context === live.caveat_context && expiresAtMs === live.expires_at_ms;
}

function attributesOf({ caveat, expiresAtMs }: Tuple) {
  return {
    caveat: caveat?.name ?? null,
    context: caveat === undefined ? null : JSON.stringify(caveat.context),
    expiresAtMs: expiresAtMs ?? null,
  };
}
