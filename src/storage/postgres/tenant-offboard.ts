import { sql } from "kysely";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import { isOwnBucket } from "../../model/tenant.ts";
import { bindingKeyText } from "../../model/trust-store.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { jobOrigin, settle } from "./job-pace.ts";
import type { MaintenanceSession } from "./maintenance.ts";
import { fault, lifeScope, note, removeRows } from "./move-rows.ts";
import { dropBucket } from "./own-buckets.ts";
import { sqlBuilder, statement, statementFamily } from "./statement.ts";
import type { JobRow } from "./tenant-jobs.ts";
import type { MovePace } from "./tenant-move.ts";
import { lockTenant } from "./tenant-state.ts";
import { bumpTrust } from "./trust-change.ts";

/*
 * Removes a tenant for good. Its callers have been refused since the job began (tenant.state); once every process knows and calls
 * that were under way have ended (`settleMs`), its head goes, and from then on no write can add anything. What stays is the row
 * of the registry, so that a token that names the slug never opens somebody else's tenant, and its chain of audit events,
 * which ends with its own retention.
 */

const shareSchema = statement<{ tenantId: string }>()("life_schema_sharers", (arg) =>
  // Ordered, so that it walks an index and stops at the first.
  sql<{ readonly tenant_id: string }>`SELECT other.tenant_id FROM relata.tenant_head other
    JOIN relata.tenant_head own ON own.schema_name = other.schema_name
    WHERE own.tenant_id = ${arg("tenantId")} AND other.tenant_id <> own.tenant_id
    ORDER BY other.tenant_id LIMIT 1`.compile(sqlBuilder),
);

/**
 * Row security shows the schema of the tenant's own head only. The name stays, with the number of its last version: compiled
 * schemas are remembered by both, and a tenant made later under that name must not be decided by this one's.
 */
const removeSchema = statement<{ tenantId: string }>()("life_remove_schema", (arg) =>
  sql`WITH own AS (SELECT schema_name FROM relata.tenant_head WHERE tenant_id = ${arg("tenantId")}),
    versions AS (DELETE FROM relata.schema_version v USING own WHERE v.name = own.schema_name RETURNING v.version)
    SELECT count(*) FROM versions`.compile(sqlBuilder),
);

/** Two that share a schema and go at once would each leave it for the other. */
const oneAtATime = statement()("life_one_removal", () =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended('relata.remove_head', 0))`.compile(sqlBuilder),
);

const removeHead = statement<{ tenantId: string }>()("life_remove_head", (arg) =>
  sql`DELETE FROM relata.tenant_head WHERE tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

const showHeads = statement()("life_show_heads", () =>
  sql`SELECT set_config('relata.registry', 'heads', true)`.compile(sqlBuilder),
);
const showRegistry = statement()("life_show_registry", () =>
  sql`SELECT set_config('relata.registry', 'open', true)`.compile(sqlBuilder),
);

/**
 * What belongs to a tenant by its id alone, before what it refers to, but for uses of API tokens: those are noted where the token is
 * there. And the order in which an index has a tenant's rows.
 */
const ORDERS = {
  idempotency: ["key"],
  refresh_token: ["family_id", "secret_sha256"],
  refresh_family: ["client_id", "family_id"],
  oauth_client_secret: ["client_id", "created_at"],
  oauth_client: ["client_id"],
  api_token: ["created_at", "key_id"],
  api_token_use: ["tenant_id"],
  api_token_policy: ["tenant_id"],
  tenant_usage: ["day", "family"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
const OWNED = Object.keys(ORDERS) as readonly (keyof typeof ORDERS)[];

const ROWS_AT_ONCE = 5_000;

/** The first rows by a range of an index, and what is equal to the last of them: see `removeTuples`. */
const removeOwned = statementFamily<{ tenantId: string; limit: number }>()("life_remove", OWNED, (arg, table) => {
  const rows = sql.ref(`relata.${table}`);
  const columns: readonly string[] = ORDERS[table];
  const order = sql.join(columns.map((column) => sql.ref(column)));
  const lastOrder = sql.join(columns.map((column) => sql`(SELECT ${sql.ref(column)} FROM last_row)`));
  const backwards = sql.join(columns.map((column) => sql`${sql.ref(column)} DESC`));
  return sql<{ readonly rows: number }>`WITH last_row AS MATERIALIZED (SELECT * FROM (
        SELECT ${order} FROM ${rows} WHERE tenant_id = ${arg("tenantId")} ORDER BY ${order} LIMIT ${arg("limit")}) chunk
      ORDER BY ${backwards} LIMIT 1),
    gone AS (DELETE FROM ${rows} WHERE tenant_id = ${arg("tenantId")} AND (${order}) <= (${lastOrder}) RETURNING 1)
    SELECT count(*) AS rows FROM gone`.compile(sqlBuilder);
});

interface BindingRow {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
}

/** Bindings are few: all are looked through, in their order. */
const bindingsTo = statement<{ tenantId: string }>()("life_bindings_to", (arg) =>
  sql<BindingRow>`SELECT issuer, subject, name FROM relata.workload_binding
    WHERE ${arg("tenantId")}::uuid = ANY (tenant_ids) ORDER BY issuer, subject, name`.compile(sqlBuilder),
);
type BindingArgs = BindingRow & { readonly tenantId: string };
const leaveBinding = statement<BindingArgs>()("life_leave_binding", (arg) =>
  sql`UPDATE relata.workload_binding SET tenant_ids = array_remove(tenant_ids, ${arg("tenantId")}::uuid)
    WHERE issuer = ${arg("issuer")} AND subject = ${arg("subject")} AND name = ${arg("name")}
      AND cardinality(array_remove(tenant_ids, ${arg("tenantId")}::uuid)) > 0`.compile(sqlBuilder),
);
const removeBinding = statement<BindingArgs>()("life_remove_binding", (arg) =>
  sql`DELETE FROM relata.workload_binding
    WHERE issuer = ${arg("issuer")} AND subject = ${arg("subject")} AND name = ${arg("name")}
      AND tenant_ids = ARRAY[${arg("tenantId")}::uuid]`.compile(sqlBuilder),
);

const bury = statement<{ tenantId: string }>()("life_bury", (arg) =>
  sql`UPDATE relata.tenant SET state = 'offboarded' WHERE id = ${arg("tenantId")}`.compile(sqlBuilder),
);

/** One step: the job as it is after it. */
export async function stepOffboard(session: MaintenanceSession, job: JobRow, pace: MovePace): Promise<JobRow> {
  switch (job.stage) {
    case "refuse":
      await settle(pace);
      return endHead(session, job);
    case "clear":
      return clear(session, job, pace);
    case "forget":
      return forget(session, job, pace);
    default:
      throw fault(`a removal is at ${job.stage}`);
  }
}

/** The head's lock waits for the last write. From here on the tenant is nowhere. */
function endHead(session: MaintenanceSession, job: JobRow): Promise<JobRow> {
  const tenantId = job.tenant_id;
  return session.transact(lifeScope(tenantId), async (send) => {
    const [, , sharers] = await send([oneAtATime({}), showHeads({}), shareSchema({ tenantId })]);
    const schema = sharers.length === 0 ? [removeSchema({ tenantId })] : [];
    await send([...schema, removeHead({ tenantId }), showRegistry({})]);
    return note(send, { ...job, stage: "clear" });
  });
}

async function clear(session: MaintenanceSession, job: JobRow, { signal }: MovePace): Promise<JobRow> {
  let now = job;
  if (isOwnBucket(job.from_bucket)) await dropBucket(session, job.from_bucket, signal);
  else now = await removeRows(session, job, job.from_bucket, signal);
  return session.transact(lifeScope(job.tenant_id), (send) => note(send, { ...now, stage: "forget" }));
}

async function forget(session: MaintenanceSession, job: JobRow, pace: MovePace): Promise<JobRow> {
  const tenantId = job.tenant_id;
  const scope = lifeScope(tenantId);
  for (const table of OWNED) {
    for (let rows = ROWS_AT_ONCE; rows >= ROWS_AT_ONCE; ) {
      pace.signal?.throwIfAborted();
      const remove = removeOwned(table)({ tenantId, limit: ROWS_AT_ONCE });
      const [[gone]] = await session.transact(scope, (send) => send([remove]));
      rows = (gone as { readonly rows: number } | undefined)?.rows ?? 0;
    }
  }
  const done = await session.transact(scope, async (send) => {
    // The tenant's row first, like whoever changes its state: behind the chains each would wait for the other.
    const [, own, platform, bindings] = await send([
      lockTenant({ tenantId }),
      lockChain(tenantId),
      lockChain(PLATFORM_CHAIN),
      bindingsTo({ tenantId }),
    ]);
    const offboarded = {
      event: "tenant.offboarded",
      origin: jobOrigin(job),
      details: { tenant: tenantId, removed_rows: job.removed, bindings: bindings.length },
    } as const;
    await send([
      ...bindings.flatMap((binding) => [
        leaveBinding({ ...binding, tenantId }),
        removeBinding({ ...binding, tenantId }),
      ]),
      bury({ tenantId }),
      ...appendEvents(own, [offboarded]),
      ...appendEvents(platform, [offboarded]),
    ]);
    const noted = await note(send, { ...job, stage: "done" });
    await send([
      ...bindings.map((binding) => bumpTrust("binding", bindingKeyText(binding))),
      bumpTrust("tenant", tenantId),
    ]);
    return noted;
  });
  pace.announce();
  return done;
}
