import { sql } from "kysely";
import { isOwnBucket, sharedBucket } from "../../model/tenant.ts";
import type { JobPace } from "../../model/tenant-life.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { lockHead } from "./heads.ts";
import { jobOrigin, settle } from "./job-pace.ts";
import type { MaintenanceSession, Send } from "./maintenance.ts";
import {
  applyDelta,
  copyChunk,
  fault,
  lifeScope,
  moveArgs,
  note,
  readRevision,
  removeRows,
  requireSame,
} from "./move-rows.ts";
import { analyzeBucket, dropBucket, makeBucket, patiently } from "./own-buckets.ts";
import { sqlBuilder, statement } from "./statement.ts";
import type { JobRow } from "./tenant-jobs.ts";
import { lockTenant } from "./tenant-state.ts";
import { bumpTrust } from "./trust-change.ts";

/*
 * Moves a tenant's rows to another bucket while it is read and written. What holds at every instant, whoever is killed:
 *
 *  1. The head's `bucket` has every row of every revision up to the head's. So does `mirror_bucket` while it is set.
 *  2. A write commits to all buckets that the head named when its row was locked, in one transaction. Only the flip and the end of
 *     the mirror change what it names, each holding that lock: no write goes by an older answer.
 *  3. Until the flip nobody reads the new bucket; it has what the job says it has: everything up to `applied_revision`, since the
 *     copy and its note commit together. A mover that takes the job up goes on from there.
 *  4. From the flip to the end of the mirror both buckets are true, so it does not matter which one a reader has heard of.
 *  5. The mirror ends `settleMs` after the flip, by the clock of the process that waits, anew if another one takes over: by then
 *     every process has heard of the new address, or has refused everybody for want of news (CREDENTIALS_UNCONFIRMED), and every
 *     call that began before has met its deadline.
 *  6. Rows are removed only from a bucket that the head does not name (the statement itself looks), and only after 5.
 *
 * Readers that go on for longer than a call, those who follow tenants in memory, do not rest on 5: their reads look up the address
 * in the snapshot they read from (read-changes.ts, snapshot.ts).
 */

/** With so few revisions left to catch up with, writers are kept waiting for the rest of them: some milliseconds. */
const FEW_REVISIONS = 20;
/** Behind the lock more than these have come: let go and catch up first. */
const TOO_MANY_REVISIONS = 100;
/** Of one transaction while catching up. */
const REVISIONS_AT_ONCE = 200;

const boundWaits = statement()("life_bound_waits", () =>
  sql`SELECT set_config('lock_timeout', '1000', true)`.compile(sqlBuilder),
);

const setPlace = statement<{ tenantId: string; from: number; to: number }>()("life_set_place", (arg) =>
  sql`WITH named AS (UPDATE relata.tenant SET bucket = ${arg("to")} WHERE id = ${arg("tenantId")} RETURNING id)
    UPDATE relata.tenant_head SET bucket = ${arg("to")}, mirror_bucket = ${arg("from")}
    FROM named WHERE tenant_id = named.id`.compile(sqlBuilder),
);

const endMirror = statement<{ tenantId: string }>()("life_end_mirror", (arg) =>
  sql`UPDATE relata.tenant_head SET mirror_bucket = NULL WHERE tenant_id = ${arg("tenantId")}`.compile(sqlBuilder),
);

/** One step: the job as it is after it. */
export async function stepMove(session: MaintenanceSession, job: JobRow, pace: MovePace): Promise<JobRow> {
  switch (job.stage) {
    case "prepare":
      return prepare(session, job, pace);
    case "copy":
      return copyChunk(session, job);
    case "follow":
      return follow(session, job, pace);
    case "mirror":
      await settle(pace);
      return patiently(() => endOfMirror(session, job), pace.signal);
    case "clear":
      return clear(session, job, pace);
    default:
      throw fault(`a move is at ${job.stage}`);
  }
}

export interface MovePace extends JobPace {
  /** The feed of trust has grown. */
  readonly announce: () => void;
}

async function prepare(session: MaintenanceSession, job: JobRow, { signal }: MovePace): Promise<JobRow> {
  const placed = await patiently(
    () =>
      session.transact(lifeScope(job.tenant_id), async (send) => {
        const bucket = job.to_bucket ?? (job.is_own ? await makeBucket(send) : sharedBucket(job.tenant_id));
        return note(send, { ...job, to_bucket: bucket });
      }),
    signal,
  );
  // What an earlier move left there: no head names it.
  const { to } = moveArgs(placed);
  const cleared = await removeRows(session, placed, to, signal);
  return session.transact(lifeScope(job.tenant_id), async (send) =>
    note(send, { ...cleared, stage: "copy", removed: 0, base_revision: await readRevision(send, job) }),
  );
}

/** Catches up, and once little is left reads both places to compare them, catches up again, and flips. */
async function follow(session: MaintenanceSession, job: JobRow, pace: MovePace): Promise<JobRow> {
  await patiently(() => analyzeBucket(session, moveArgs(job).to), pace.signal);
  let now = await catchUp(session, job, pace);
  await requireSame(session, now);
  for (;;) {
    now = await catchUp(session, now, pace);
    const flipped = await patiently(() => flip(session, now), pace.signal);
    if (flipped === undefined) continue;
    pace.announce();
    return flipped;
  }
}

async function catchUp(session: MaintenanceSession, job: JobRow, { signal }: MovePace): Promise<JobRow> {
  for (let now = job; ; ) {
    signal?.throwIfAborted();
    const newest = await session.transact(lifeScope(job.tenant_id), (send) => readRevision(send, job));
    const applied = now.applied_revision ?? 0;
    if (newest - applied <= FEW_REVISIONS) return now;
    const upTo = Math.min(newest, applied + REVISIONS_AT_ONCE);
    now = await session.transact(lifeScope(job.tenant_id), async (send) =>
      note(send, await applyDelta(send, now, upTo)),
    );
  }
}

/** Writers wait from the lock to the commit. @returns undefined when too much has happened to make them wait for it. */
function flip(session: MaintenanceSession, job: JobRow): Promise<JobRow | undefined> {
  const { tenantId, from, to } = moveArgs(job);
  return session.transact(lifeScope(tenantId), async (send) => {
    // The tenant's row first, like whoever changes its state: behind the chain each would wait for the other.
    const [, , [head], chain] = await send([
      boundWaits({}),
      lockTenant({ tenantId }),
      lockHead({ id: tenantId, bucket: from }),
      lockChain(tenantId),
    ]);
    if (head?.bucket !== from || head.mirror_bucket !== null) throw fault(`the tenant's head is not in bucket ${from}`);
    if (head.revision - (job.applied_revision ?? 0) > TOO_MANY_REVISIONS) return undefined;
    const whole = await applyDelta(send, job, head.revision);
    const details = { revision: head.revision, placement: isOwnBucket(to) ? "own" : "shared" };
    await send([
      setPlace({ tenantId, from, to }),
      ...appendEvents(chain, [{ event: "tenant.moved", origin: jobOrigin(job), details }]),
    ]);
    const noted = await note(send, { ...whole, stage: "mirror" });
    await send([bumpTrust("tenant", tenantId)]);
    return noted;
  });
}

function endOfMirror(session: MaintenanceSession, job: JobRow): Promise<JobRow> {
  const { tenantId, from, to } = moveArgs(job);
  return session.transact(lifeScope(tenantId), async (send: Send) => {
    const [, [head]] = await send([boundWaits({}), lockHead({ id: tenantId, bucket: to })]);
    if (head?.bucket !== to || head.mirror_bucket !== from) throw fault(`the tenant's head is not mirrored in ${from}`);
    await send([endMirror({ tenantId })]);
    return note(send, { ...job, stage: "clear" });
  });
}

async function clear(session: MaintenanceSession, job: JobRow, { signal }: MovePace): Promise<JobRow> {
  const { tenantId, from } = moveArgs(job);
  let now = job;
  if (isOwnBucket(from)) await dropBucket(session, from, signal);
  else now = await removeRows(session, job, from, signal);
  return session.transact(lifeScope(tenantId), (send) => note(send, { ...now, stage: "done" }));
}
