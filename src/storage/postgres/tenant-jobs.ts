import { sql } from "kysely";
import type { JobStage, TenantJob } from "../../model/tenant-life.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";

/** A job as it is stored: what whoever takes it up goes on from. */
export interface JobRow {
  readonly tenant_id: string;
  readonly kind: TenantJob["kind"];
  readonly stage: JobStage;
  readonly from_bucket: number;
  readonly to_bucket: number | null;
  readonly is_own: boolean;
  readonly base_revision: number | null;
  readonly applied_revision: number | null;
  readonly place: string | null;
  readonly copied: number;
  readonly removed: number;
  readonly actor: string;
  readonly request_id: string;
  readonly credential: string | null;
  readonly address: string | null;
  readonly started_at_ms: number;
  readonly changed_at_ms: number;
}

const COLUMNS = sql`tenant_id, kind, stage, from_bucket, to_bucket, is_own, base_revision, applied_revision, place, copied,
  removed, actor, request_id, credential, address, ${epochMs("started_at")} AS started_at_ms, ${epochMs("changed_at")} AS changed_at_ms`;

export const readJob = statement<{ tenantId: string }>()("life_read_job", (arg) =>
  sql<JobRow>`SELECT ${COLUMNS} FROM relata.tenant_job WHERE tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

/** By the partial index of those that are not done: those that always fail come last, and keep nobody from being tried. */
export const readUnfinished = statement<{ limit: number }>()("life_unfinished_jobs", (arg) =>
  sql<{ readonly tenant_id: string }>`SELECT tenant_id FROM relata.tenant_job WHERE stage <> 'done'
    ORDER BY tried_at LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

interface NewJob {
  readonly tenantId: string;
  readonly kind: string;
  readonly stage: string;
  readonly fromBucket: number;
  readonly isOwn: boolean;
  readonly actor: string;
  readonly requestId: string;
  readonly credential: string | null;
  readonly address: string | null;
}

/** Takes the place of one that is done. Nothing comes back when there is one that is not. */
export const insertJob = statement<NewJob>()("life_insert_job", (arg) =>
  sql<JobRow>`INSERT INTO relata.tenant_job AS former (tenant_id, kind, stage, from_bucket, is_own, actor, request_id,
      credential, address)
    VALUES (${arg("tenantId")}, ${arg("kind")}, ${arg("stage")}, ${arg("fromBucket")}, ${arg("isOwn")}, ${arg("actor")},
      ${arg("requestId")}, ${arg("credential")}, ${arg("address")})
    ON CONFLICT (tenant_id) DO UPDATE SET kind = excluded.kind, stage = excluded.stage, from_bucket = excluded.from_bucket,
      to_bucket = NULL, is_own = excluded.is_own, base_revision = NULL, applied_revision = NULL, place = NULL, copied = 0,
      removed = 0, actor = excluded.actor, request_id = excluded.request_id,
      credential = excluded.credential, address = excluded.address, started_at = excluded.started_at,
      changed_at = excluded.changed_at, tried_at = excluded.tried_at
    WHERE former.stage = 'done' RETURNING ${COLUMNS}`.compile(sqlBuilder),
);

interface JobNote {
  readonly tenantId: string;
  readonly stage: string;
  readonly toBucket: number | null;
  readonly baseRevision: number | null;
  readonly appliedRevision: number | null;
  readonly place: string | null;
  readonly copied: number;
  readonly removed: number;
}

const updateJob = statement<JobNote>()("life_note_job", (arg) =>
  sql<JobRow>`UPDATE relata.tenant_job SET stage = ${arg("stage")}, to_bucket = ${arg("toBucket")},
      base_revision = ${arg("baseRevision")}, applied_revision = ${arg("appliedRevision")}, place = ${arg("place")},
      copied = ${arg("copied")}, removed = ${arg("removed")}, changed_at = clock_timestamp()
    WHERE tenant_id = ${arg("tenantId")} RETURNING ${COLUMNS}`.compile(sqlBuilder),
);

/** In the transaction of what was done, so that a job is exactly as far as it says. */
export function noteJob(job: JobRow) {
  return updateJob({
    tenantId: job.tenant_id,
    stage: job.stage,
    toBucket: job.to_bucket,
    baseRevision: job.base_revision,
    appliedRevision: job.applied_revision,
    place: job.place,
    copied: job.copied,
    removed: job.removed,
  });
}

export function toJob(row: JobRow): TenantJob {
  return {
    tenantId: row.tenant_id,
    kind: row.kind,
    stage: row.stage,
    placement: row.is_own ? "own" : "shared",
    copied: row.copied,
    removed: row.removed,
    startedAtMs: row.started_at_ms,
    changedAtMs: row.changed_at_ms,
  };
}

/** Whether or not it can be taken up: what another process is at is left alone for a while, too. */
export const tryJob = statement<{ tenantId: string }>()("life_try_job", (arg) =>
  sql`UPDATE relata.tenant_job SET tried_at = clock_timestamp() WHERE tenant_id = ${arg("tenantId")}`.compile(
    sqlBuilder,
  ),
);

/** One process at a time: the lock is held by the connection, so it ends with a process that was killed. */
export const takeJob = statement<{ tenantId: string }>()("life_take_job", (arg) =>
  sql<{
    readonly taken: boolean;
  }>`SELECT pg_try_advisory_lock(hashtextextended('relata.tenant_job', 0) # hashtextextended(${arg("tenantId")}, 1)) AS taken`.compile(
    sqlBuilder,
  ),
);
