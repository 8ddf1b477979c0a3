import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type GetRequest,
  Placement,
  TenantJob_Stage,
  TenantService,
  TenantState,
} from "../../gen/relata/v1/tenant_service_pb.ts";
import { isOwnBucket, type Tenant } from "../../model/tenant.ts";
import type { Placement as ModelPlacement, TenantJob, TenantUsage } from "../../model/tenant-life.ts";
import type { TenantName } from "../../service/get-tenant.ts";
import type { TenantJobAnswer, TenantLifeVerbs } from "../../service/tenant-life/verbs.ts";
import type { Verbs } from "../../service/verbs.ts";
import { badField } from "../wire-fields.ts";
import { platformCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

type RegistryVerbs = Pick<Verbs, "createTenant" | "getTenant" | "listTenants">;

export function tenantRoutes(verbs: RegistryVerbs, life: TenantLifeVerbs): readonly Route[] {
  return routesOf(TenantService, platformCall, {
    create: async (call, { slug, schemaName }) => ({
      tenant: writeTenant(await verbs.createTenant(call, { slug, schemaName })),
    }),
    get: async (call, request) => ({ tenant: writeTenant(await verbs.getTenant(call, readName(request))) }),
    list: async (call, { pageSize, pageToken }) => {
      const { tenants, nextPageToken } = await verbs.listTenants(call, { pageSize, pageToken });
      return { tenants: tenants.map(writeTenant), nextPageToken };
    },
    suspend: async (call, { slug }) => ({ tenant: writeTenant(await life.suspendTenant(call, slug)) }),
    resume: async (call, { slug }) => ({ tenant: writeTenant(await life.resumeTenant(call, slug)) }),
    move: async (call, { slug, placement }) =>
      writeJobAnswer(await life.moveTenant(call, slug, readPlacement(placement))),
    delete: async (call, { slug, confirmSlug }) => writeJobAnswer(await life.deleteTenant(call, slug, confirmSlug)),
    usage: async (call, { slug, days }) => {
      const { tenant, usage } = await life.tenantUsage(call, slug, days);
      return { tenant: writeTenant(tenant), ...writeUsage(usage) };
    },
  });
}

function readName({ by }: GetRequest): TenantName {
  if (by.case === "id") return { kind: "id", id: by.value };
  if (by.case === "slug") return { kind: "slug", slug: by.value };
  throw badField("INVALID_REQUEST", "by", "is missing: give an id or a slug");
}

function readPlacement(placement: Placement): ModelPlacement {
  if (placement === Placement.OWN) return "own";
  if (placement === Placement.SHARED) return "shared";
  throw badField("INVALID_REQUEST", "placement", "must be PLACEMENT_OWN or PLACEMENT_SHARED");
}

const STATES = {
  active: TenantState.ACTIVE,
  suspended: TenantState.SUSPENDED,
  offboarding: TenantState.OFFBOARDING,
  offboarded: TenantState.OFFBOARDED,
} as const satisfies Record<Tenant["state"], TenantState>;

function writeTenant({ id, slug, schemaName, createdAtMs, state, bucket }: Tenant) {
  const placement = isOwnBucket(bucket) ? Placement.OWN : Placement.SHARED;
  return { id, slug, schemaName, createdAt: timestampFromMs(createdAtMs), state: STATES[state], placement };
}

const STAGES = {
  prepare: TenantJob_Stage.PREPARE,
  copy: TenantJob_Stage.COPY,
  follow: TenantJob_Stage.FOLLOW,
  mirror: TenantJob_Stage.MIRROR,
  refuse: TenantJob_Stage.REFUSE,
  clear: TenantJob_Stage.CLEAR,
  forget: TenantJob_Stage.FORGET,
  done: TenantJob_Stage.DONE,
} as const satisfies Record<TenantJob["stage"], TenantJob_Stage>;

function writeJobAnswer({ tenant, job }: TenantJobAnswer) {
  return { tenant: writeTenant(tenant), ...(job !== undefined && { job: writeJob(job) }) };
}

function writeJob({ stage, copied, removed, startedAtMs, changedAtMs }: TenantJob) {
  return {
    stage: STAGES[stage],
    copied: BigInt(copied),
    removed: BigInt(removed),
    startedAt: timestampFromMs(startedAtMs),
    changedAt: timestampFromMs(changedAtMs),
  };
}

function writeUsage({ tuples, storageBytes, calls, ...usage }: TenantUsage) {
  const lastCallAtMs = Math.max(...calls.map(({ lastCallAtMs: atMs }) => atMs));
  return {
    tuples: BigInt(tuples.number),
    tuplesCounted: tuples.counted,
    revisions: BigInt(usage.revisions),
    schemaVersions: usage.schemaVersions,
    storageBytes: BigInt(storageBytes.number),
    storageMeasured: storageBytes.measured,
    activeApiTokens: usage.activeApiTokens,
    lastWriteAt: timestampFromMs(usage.lastWriteAtMs),
    ...(calls.length > 0 && { lastCallAt: timestampFromMs(lastCallAtMs) }),
    calls: calls.map(({ day, family, calls: number }) => ({ day, family, calls: BigInt(number) })),
  };
}
