import { RelataError } from "../../errors.ts";
import { bindHead } from "./heads.ts";
import type { MaintenanceSession, Send } from "./maintenance.ts";
import {
  copyBeginnings,
  copyEnds,
  copyRevisions,
  copyTuples,
  type MoveArgs,
  removeRevisions,
  removeTuples,
  sumRows,
} from "./move-statements.ts";
import { type JobRow, noteJob } from "./tenant-jobs.ts";

/** Of one transaction of the copy, which nobody waits for. */
const ROWS_AT_ONCE = 5_000;

/** The scope of work on a tenant: its rows, and the registry. */
export function lifeScope(tenantId: string) {
  return { kind: "registry", tenantId } as const;
}

export function moveArgs(job: JobRow): MoveArgs {
  if (job.to_bucket === null) throw fault(`a ${job.kind} at ${job.stage} has nowhere to go`);
  return { tenantId: job.tenant_id, from: job.from_bucket, to: job.to_bucket };
}

export function fault(detail: string): RelataError {
  return new RelataError("INTERNAL", "Internal error.", { detail });
}

/** Writes down how far the job is, with the transaction that got it there. */
export async function note(send: Send, job: JobRow): Promise<JobRow> {
  const [[noted]] = await send([noteJob(job)]);
  if (noted === undefined) throw fault("the job is gone");
  return noted;
}

export async function readRevision(send: Send, job: JobRow): Promise<number> {
  const [[head]] = await send([bindHead({ id: job.tenant_id, bucket: job.from_bucket })]);
  if (head === undefined) throw fault("the tenant's head is gone");
  return head.revision;
}

type Key = readonly [string, string, string, string, string, string, string];
const BEGINNING: Key = ["", "", "", "", "", "", "0"];

/** One chunk of tuples as of the base revision, and once they are through the history up to it. */
export function copyChunk(session: MaintenanceSession, job: JobRow): Promise<JobRow> {
  const args = moveArgs(job);
  const upTo = job.base_revision ?? 0;
  return session.transact(lifeScope(job.tenant_id), async (send) => {
    const key = job.place === null ? BEGINNING : (JSON.parse(job.place) as Key);
    const [objectType, objectId, relation, subjectType, subjectId, subjectRelation, deletedRev] = key;
    const after = { objectType, objectId, relation, subjectType, subjectId, subjectRelation, deletedRev };
    const [[last]] = await send([copyTuples({ ...args, upTo, limit: ROWS_AT_ONCE, ...after })]);
    if (last === undefined) {
      await send([copyRevisions({ ...args, after: -1, upTo })]);
      return note(send, { ...job, stage: "follow", applied_revision: upTo, place: null });
    }
    const { object_type, object_id, subject_type, subject_id, subject_relation, deleted_rev, rows } = last;
    const next: Key = [object_type, object_id, last.relation, subject_type, subject_id, subject_relation, deleted_rev];
    return note(send, { ...job, place: JSON.stringify(next), copied: job.copied + rows });
  });
}

/** What revisions after the applied one did, up to another. */
export async function applyDelta(send: Send, job: JobRow, upTo: number): Promise<JobRow> {
  const after = job.applied_revision ?? 0;
  if (upTo === after) return job;
  const args = { ...moveArgs(job), after, upTo };
  // Ends before beginnings: a key has one live row at a time.
  const [[ends], [begun]] = await send([copyEnds(args), copyBeginnings(args), copyRevisions(args)]);
  if (ends === undefined || ends.ended !== ends.closed)
    throw fault(`${ends?.ended} rows ended after revision ${after}, and ${ends?.closed} copies of them could be ended`);
  return { ...job, applied_revision: upTo, copied: job.copied + (begun?.rows ?? 0) };
}

/** Reads both places whole, as of one revision. @throws when they differ: the tenant stays where it is. */
export async function requireSame(session: MaintenanceSession, job: JobRow): Promise<void> {
  const { tenantId, from, to } = moveArgs(job);
  const upTo = job.applied_revision ?? 0;
  const [[[original]], [[copy]]] = await session.transact(lifeScope(tenantId), async (send) => [
    await send([sumRows({ tenantId, bucket: from, upTo })]),
    await send([sumRows({ tenantId, bucket: to, upTo })]),
  ]);
  if (original?.rows !== copy?.rows || original?.sum !== copy?.sum)
    throw fault(`the copy has ${copy?.rows} rows and the original ${original?.rows}, or others; nothing was moved`);
}

/** Everything of the tenant in a bucket that its head does not name, some rows at a time. */
export async function removeRows(
  session: MaintenanceSession,
  job: JobRow,
  bucket: number,
  signal: AbortSignal | undefined,
): Promise<JobRow> {
  const args = { tenantId: job.tenant_id, bucket, limit: ROWS_AT_ONCE };
  let now = job;
  for (const remove of [removeTuples, removeRevisions]) {
    for (let rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE; ) {
      signal?.throwIfAborted();
      now = await session.transact(lifeScope(job.tenant_id), async (send) => {
        const [[gone]] = await send([remove(args)]);
        rows = gone?.rows ?? 0;
        return note(send, { ...now, removed: now.removed + rows });
      });
    }
  }
  return now;
}
