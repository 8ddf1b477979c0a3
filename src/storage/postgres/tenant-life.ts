import { RelataError } from "../../errors.ts";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import { isOwnBucket, isTenantId, type Tenant } from "../../model/tenant.ts";
import type { Placement, TenantJob, TenantLifeStore } from "../../model/tenant-life.ts";
import { tenantNotFound } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Maintenance, MaintenanceSession, Send } from "./maintenance.ts";
import { fault, lifeScope } from "./move-rows.ts";
import type { Sessions } from "./sessions.ts";
import { insertJob, type JobRow, readJob, readUnfinished, takeJob, toJob, tryJob } from "./tenant-jobs.ts";
import { type MovePace, stepMove } from "./tenant-move.ts";
import { stepOffboard } from "./tenant-offboard.ts";
import { changeState, lockTenant, requireStaying, setTenantState } from "./tenant-state.ts";
import { createUsageStore } from "./tenant-usage.ts";
import { toTenant } from "./tenants.ts";
import { bumpTrust } from "./trust-change.ts";
import { forgetTrust } from "./trust-forget.ts";

export interface TenantLifeDeps {
  readonly sessions: Sessions;
  readonly maintenance: Maintenance;
  /** The feed of trust has grown. */
  readonly announce: () => void;
}

export function createTenantLife(deps: TenantLifeDeps): TenantLifeStore {
  const { sessions, maintenance, announce } = deps;
  const readOne = (session: MaintenanceSession, id: string): Promise<JobRow | undefined> =>
    session.transact(lifeScope(id), async (send) => (await send([readJob({ tenantId: id })]))[0][0]);
  return {
    canMaintain: maintenance.isConfigured,
    async setState(id, state, by) {
      if (!isTenantId(id)) throw tenantNotFound();
      const tenant = await changeState(sessions, id, state, by);
      announce();
      return tenant;
    },
    beginMove: (id, placement, by) =>
      maintenance.session((session) => session.transact(lifeScope(id), (send) => beginMove(send, id, placement, by))),
    async beginOffboard(id, by) {
      const job = await maintenance.session((session) =>
        session.transact(lifeScope(id), (send) => beginOffboard(send, id, by)),
      );
      announce();
      return job;
    },
    async job(id) {
      const row = await maintenance.session((session) => readOne(session, id));
      return row && toJob(row);
    },
    async unfinished(limit) {
      const [rows] = await maintenance.session((session) =>
        session.transact({ kind: "registry" }, (send) => send([readUnfinished({ limit })])),
      );
      return rows.map(({ tenant_id }) => tenant_id);
    },
    run: (id, pace) =>
      maintenance.session(async (session) => {
        const args = { tenantId: id };
        const [, [lock]] = await session.transact(lifeScope(id), (send) => send([tryJob(args), takeJob(args)]));
        if (lock?.taken !== true) throw busy();
        const row = await readOne(session, id);
        return row && toJob(await runJob(session, row, { ...pace, announce }));
      }),
    forgetTrust: (keepMs) => maintenance.session((session) => forgetTrust(session, keepMs)),
    ...createUsageStore(deps),
  };
}

async function runJob(session: MaintenanceSession, row: JobRow, pace: MovePace): Promise<JobRow> {
  let job = row;
  for (let told: string | undefined; job.stage !== "done"; ) {
    pace.signal?.throwIfAborted();
    if (told !== job.stage) await pace.onStage?.(toJob(job));
    told = job.stage;
    job = await (job.kind === "move" ? stepMove(session, job, pace) : stepOffboard(session, job, pace));
  }
  await pace.onStage?.(toJob(job));
  return job;
}

async function lockStaying(send: Send, id: string): Promise<{ tenant: Tenant; job: JobRow | undefined }> {
  if (!isTenantId(id)) throw tenantNotFound();
  const [[row], [job]] = await send([lockTenant({ tenantId: id }), readJob({ tenantId: id })]);
  if (row === undefined) throw tenantNotFound();
  return { tenant: toTenant(row), job };
}

/** Two who begin at once queue at the tenant's row: the second finds the first one's job. */
async function beginMove(
  send: Send,
  id: string,
  placement: Placement,
  by: ChangeOrigin,
): Promise<TenantJob | undefined> {
  const { tenant, job } = await lockStaying(send, id);
  requireStaying(tenant);
  if (job !== undefined && job.stage !== "done") {
    if (job.kind === "move" && job.is_own === (placement === "own")) return toJob(job);
    throw occupied(tenant, job);
  }
  if (isOwnBucket(tenant.bucket) === (placement === "own"))
    return job?.kind === "move" && job.is_own === (placement === "own") ? toJob(job) : undefined;
  return begin(send, tenant, { kind: "move", stage: "prepare", isOwn: placement === "own" }, by);
}

async function beginOffboard(send: Send, id: string, by: ChangeOrigin): Promise<TenantJob> {
  const { tenant, job } = await lockStaying(send, id);
  if (job?.kind === "offboard") return toJob(job);
  requireStaying(tenant);
  if (job !== undefined && job.stage !== "done") throw occupied(tenant, job);
  const [own, platform] = await send([lockChain(id), lockChain(PLATFORM_CHAIN)]);
  const event = {
    event: "tenant.suspended",
    origin: by,
    details: { tenant: id, slug: tenant.slug, state: "offboarding" },
  } as const;
  await send([
    setTenantState({ tenantId: id, state: "offboarding" }),
    ...appendEvents(own, [event]),
    ...appendEvents(platform, [event]),
  ]);
  const begun = await begin(send, tenant, { kind: "offboard", stage: "refuse", isOwn: false }, by);
  await send([bumpTrust("tenant", id)]);
  return begun;
}

async function begin(
  send: Send,
  tenant: Tenant,
  job: Pick<Parameters<typeof insertJob>[0], "kind" | "stage" | "isOwn">,
  { actor, requestId, credential, address }: ChangeOrigin,
): Promise<TenantJob> {
  const origin = { actor, requestId, credential: credential ?? null, address: address ?? null };
  const [[row]] = await send([insertJob({ ...job, tenantId: tenant.id, fromBucket: tenant.bucket, ...origin })]);
  if (row === undefined) throw fault("the job was not begun");
  return toJob(row);
}

function occupied({ slug }: Tenant, { kind, stage }: JobRow): RelataError {
  const what = kind === "move" ? "being moved" : "being removed";
  return new RelataError("TENANT_STATE", `Tenant "${slug}" is ${what} (${stage}); wait until that is done.`, {
    metadata: { tenant: slug, stage },
    retryAfterMs: 5_000,
  });
}

function busy(): RelataError {
  return new RelataError("TENANT_STATE", "Another process is at this tenant's move or removal; ask how far it is.", {
    retryAfterMs: 1_000,
  });
}
