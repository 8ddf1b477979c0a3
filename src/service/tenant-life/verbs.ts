import { RelataError } from "../../errors.ts";
import type { TenantStore } from "../../model/store.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { Placement, TenantJob, TenantLifeStore, TenantUsage } from "../../model/tenant-life.ts";
import type { PlatformCall } from "../call.ts";
import { requireSlug } from "../create-tenant.ts";
import { originOf } from "../origin.ts";
import type { JobKeeper } from "./job-keeper.ts";

/** A tenant, and how far its move or removal has got; no job where there is nothing to do. */
export interface TenantJobAnswer {
  readonly tenant: Tenant;
  readonly job: TenantJob | undefined;
}

/** What becomes of a tenant after it was made. Platform principals only. TENANT_NOT_FOUND for a slug that nobody has. */
export interface TenantLifeVerbs {
  suspendTenant(call: PlatformCall, slug: string): Promise<Tenant>;
  resumeTenant(call: PlatformCall, slug: string): Promise<Tenant>;
  /** Begins a move, or tells how far it is; goes on with it where nobody is at it. */
  moveTenant(call: PlatformCall, slug: string, placement: Placement): Promise<TenantJobAnswer>;
  /** The same for a removal. INVALID_REQUEST unless the slug is repeated. */
  deleteTenant(call: PlatformCall, slug: string, confirmSlug: string): Promise<TenantJobAnswer>;
  /** @param days of calls; 0 for 30. */
  tenantUsage(call: PlatformCall, slug: string, days: number): Promise<{ tenant: Tenant; usage: TenantUsage }>;
}

export interface TenantLifeDeps {
  readonly tenants: TenantStore;
  readonly life: TenantLifeStore;
  readonly jobs: Pick<JobKeeper, "goOn">;
}

const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;

export function createTenantLifeVerbs({ tenants, life, jobs }: TenantLifeDeps): TenantLifeVerbs {
  const find = async (slug: string): Promise<Tenant> => {
    requireSlug("slug", slug);
    const tenant = await tenants.bySlug(slug);
    if (tenant === undefined)
      throw new RelataError("TENANT_NOT_FOUND", "there is no tenant with this slug", { metadata: { field: "slug" } });
    return tenant;
  };
  const setState = async (call: PlatformCall, slug: string, state: "active" | "suspended"): Promise<Tenant> =>
    life.setState((await find(slug)).id, state, originOf(call));
  const answer = async (slug: string, job: TenantJob | undefined): Promise<TenantJobAnswer> => {
    if (job !== undefined && job.stage !== "done") jobs.goOn(job.tenantId);
    // Read once the job has: where the job is done, so is what the tenant says.
    return { tenant: await find(slug), job };
  };
  return {
    suspendTenant: (call, slug) => setState(call, slug, "suspended"),
    resumeTenant: (call, slug) => setState(call, slug, "active"),
    async moveTenant(call, slug, placement) {
      const { id } = await find(slug);
      return answer(slug, await life.beginMove(id, placement, originOf(call)));
    },
    async deleteTenant(call, slug, confirmSlug) {
      const { id } = await find(slug);
      if (confirmSlug !== slug)
        throw new RelataError(
          "INVALID_REQUEST",
          "confirm_slug must repeat the slug: everything of the tenant is removed for good",
          { metadata: { field: "confirm_slug" } },
        );
      return answer(slug, await life.beginOffboard(id, originOf(call)));
    },
    async tenantUsage(_call, slug, days) {
      if (days > MAX_DAYS)
        throw new RelataError(
          "INVALID_REQUEST",
          `days must be at most ${MAX_DAYS}: calls of earlier days are forgotten`,
          {
            metadata: { field: "days" },
          },
        );
      const tenant = await find(slug);
      if (tenant.state === "offboarding" || tenant.state === "offboarded")
        throw new RelataError("TENANT_STATE", `Tenant "${slug}" has been removed: it uses nothing.`, {
          metadata: { tenant: slug, state: tenant.state },
        });
      return { tenant, usage: await life.usage(tenant, days === 0 ? DEFAULT_DAYS : days) };
    },
  };
}
