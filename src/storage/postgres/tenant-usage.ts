import { sql } from "kysely";
import { isOwnBucket, type Tenant } from "../../model/tenant.ts";
import type { CallCount, TenantLifeStore, TenantUsage } from "../../model/tenant-life.ts";
import { tenantNotFound } from "../refusals.ts";
import { bindHead, placeArgs, tenantScope, toHead } from "./heads.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";
import { LIVE } from "./tuple-columns.ts";

/** Through an index; a second or so. */
const MOST_COUNTED = 1_000_000;

interface RowsRow {
  readonly live: number;
  readonly all_rows: number;
}

/** Live ones, and with the history of ended ones: each counted up to the limit. */
const countRows = statement<{ bucket: number; tenantId: string; limit: number }>()("usage_rows", (arg) =>
  sql<RowsRow>`SELECT live, all_rows FROM (SELECT
      (SELECT count(*) FROM (SELECT FROM relata.tuple t WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
        AND t.deleted_rev = ${LIVE} LIMIT ${arg("limit")}) live) AS live,
      (SELECT count(*) FROM (SELECT FROM relata.tuple t WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
        LIMIT ${arg("limit")}) every) AS all_rows) counted WHERE all_rows > 0`.compile(sqlBuilder),
);

interface BucketRow {
  /** Bytes, of tuples and history with their indexes. */
  readonly bytes: number;
  /** Of tuples in the partition, as last counted by VACUUM or ANALYZE; below 1 when never. */
  readonly rows: number;
}

const bucketSize = statement<{ bucket: number }>()("usage_bucket", (arg) =>
  sql<BucketRow>`SELECT coalesce(pg_total_relation_size(tuples), 0) + coalesce(pg_total_relation_size(revisions), 0) AS bytes,
      (SELECT reltuples::bigint FROM pg_class WHERE oid = tuples) AS rows
    FROM (SELECT to_regclass('relata.tuple_b' || ${arg("bucket")}::int) AS tuples,
      to_regclass('relata.revision_b' || ${arg("bucket")}::int) AS revisions) bucket`.compile(sqlBuilder),
);

const countSchemas = statement<{ tenantId: string }>()("usage_schemas", (arg) =>
  sql<{ readonly versions: number }>`SELECT count(*) AS versions FROM relata.schema_version v
    JOIN relata.tenant_head h ON h.schema_name = v.name WHERE h.tenant_id = ${arg("tenantId")} HAVING count(*) > 0`.compile(
    sqlBuilder,
  ),
);

const countTokens = statement<{ tenantId: string }>()("usage_api_tokens", (arg) =>
  sql<{ readonly tokens: number }>`SELECT count(*) AS tokens FROM relata.api_token t
    WHERE t.tenant_id = ${arg("tenantId")} AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
    HAVING count(*) > 0`.compile(sqlBuilder),
);

interface CallsRow {
  readonly day: string;
  readonly family: string;
  readonly calls: number;
  readonly last_call_at_ms: number;
}

const readCalls = statement<{ tenantId: string; days: number }>()("usage_calls", (arg) =>
  sql<CallsRow>`SELECT u.day::text AS day, u.family, u.calls, ${epochMs("u.last_call_at")} AS last_call_at_ms
    FROM relata.tenant_usage u WHERE u.tenant_id = ${arg("tenantId")}
      AND u.day > (clock_timestamp() AT TIME ZONE 'UTC')::date - ${arg("days")}::int
    ORDER BY u.day DESC, u.family`.compile(sqlBuilder),
);

interface AddArgs {
  readonly tenantId: readonly string[];
  readonly day: readonly string[];
  readonly family: readonly string[];
  readonly calls: readonly number[];
  readonly lastCallAt: readonly string[];
}

/**
 * In the order of the key, so that processes that add at once wait for each other and never in a circle. A process that was slow to
 * write brings nothing back of a tenant that is removed.
 */
const addUsage = statement<AddArgs>()("usage_add", (arg) =>
  sql`INSERT INTO relata.tenant_usage AS u (tenant_id, day, family, calls, last_call_at)
    SELECT tenant_id, day, family, calls, last_call_at FROM unnest(${arg("tenantId")}::uuid[], ${arg("day")}::date[],
      ${arg("family")}::text[], ${arg("calls")}::bigint[], ${arg("lastCallAt")}::timestamptz[])
      AS k (tenant_id, day, family, calls, last_call_at)
    WHERE EXISTS (SELECT FROM relata.tenant t WHERE t.id = k.tenant_id AND t.state IN ('active', 'suspended') OFFSET 0)
    ORDER BY tenant_id, day, family
    ON CONFLICT (tenant_id, day, family) DO UPDATE SET calls = u.calls + excluded.calls,
      last_call_at = greatest(u.last_call_at, excluded.last_call_at)`.compile(sqlBuilder),
);

const forgetUsage = statement<{ before: string }>()("life_forget_calls", (arg) =>
  sql`DELETE FROM relata.tenant_usage u WHERE u.day < ${arg("before")}::date`.compile(sqlBuilder),
);

export interface UsageDeps {
  readonly sessions: Sessions;
  readonly maintenance: Maintenance;
}

export function createUsageStore({
  sessions,
  maintenance,
}: UsageDeps): Pick<TenantLifeStore, "addCalls" | "usage" | "forgetCalls"> {
  return {
    async addCalls(calls) {
      if (calls.length === 0) return;
      await sessions.transact({ kind: "registry" }, (transaction) => transaction.commit([addUsage(columnsOf(calls))]));
    },
    usage: (tenant, days) => readUsage(sessions, tenant, days),
    async forgetCalls(before) {
      await maintenance.session((session) =>
        session.transact({ kind: "registry" }, (send) => send([forgetUsage({ before })])),
      );
    },
  };
}

async function readUsage(sessions: Sessions, tenant: Tenant, days: number): Promise<TenantUsage> {
  const { id: tenantId, bucket } = tenant;
  const [[head], [rows], [size], [schemas], [tokens], calls] = await sessions.read(tenantScope(tenant), [
    bindHead(tenant),
    countRows({ ...placeArgs(tenant), limit: MOST_COUNTED }),
    bucketSize({ bucket }),
    countSchemas({ tenantId }),
    countTokens({ tenantId }),
    readCalls({ tenantId, days }),
  ] as const);
  if (head === undefined) throw tenantNotFound();
  const { live = 0, all_rows: all = 0 } = rows ?? {};
  const { revision, committedAtMs } = toHead(head);
  return {
    tuples: { number: live, counted: live < MOST_COUNTED },
    revisions: revision,
    schemaVersions: schemas?.versions ?? 0,
    storageBytes: storage(size, all, isOwnBucket(bucket)),
    activeApiTokens: tokens?.tokens ?? 0,
    lastWriteAtMs: committedAtMs,
    calls: calls.map(({ day, family, calls: number, last_call_at_ms: lastCallAtMs }) => ({
      day,
      family,
      calls: number,
      lastCallAtMs,
    })),
  };
}

/** Of a shared partition the tenant has as much as it has of its tuples: all of it where they were never counted. */
function storage(size: BucketRow | undefined, ownRows: number, isOwn: boolean): TenantUsage["storageBytes"] {
  const { bytes = 0, rows = 0 } = size ?? {};
  if (isOwn) return { number: bytes, measured: true };
  return { number: Math.round((bytes * ownRows) / Math.max(1, rows, ownRows)), measured: false };
}

function columnsOf(calls: readonly CallCount[]): AddArgs {
  return {
    tenantId: calls.map(({ tenantId }) => tenantId),
    day: calls.map(({ day }) => day),
    family: calls.map(({ family }) => family),
    calls: calls.map(({ calls: number }) => number),
    lastCallAt: calls.map(({ lastCallAtMs }) => timestamp(lastCallAtMs)),
  };
}
