import { sql } from "kysely";
import { RelataError } from "../../errors.ts";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import type { Tenant, TenantState } from "../../model/tenant.ts";
import { tenantNotFound } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";
import { type SelectedTenant, toTenant } from "./tenants.ts";
import { bumpTrust } from "./trust-change.ts";

export const lockTenant = statement<{ tenantId: string }>()("lock_tenant", (arg) =>
  sql<SelectedTenant>`SELECT id, slug, bucket, state, schema_name, ${epochMs("created_at")} AS created_at_ms
    FROM relata.tenant WHERE id = ${arg("tenantId")} FOR NO KEY UPDATE`.compile(sqlBuilder),
);

export const setTenantState = statement<{ tenantId: string; state: TenantState }>()("set_tenant_state", (arg) =>
  sql`UPDATE relata.tenant SET state = ${arg("state")} WHERE id = ${arg("tenantId")}`.compile(sqlBuilder),
);

/** @throws TENANT_STATE unless the tenant is there to stay */
export function requireStaying({ state, slug }: Tenant): void {
  if (state === "active" || state === "suspended") return;
  const how = state === "offboarded" ? "has been removed" : "is being removed";
  throw new RelataError("TENANT_STATE", `Tenant "${slug}" ${how}; that cannot be taken back.`, {
    metadata: { tenant: slug, state },
  });
}

/** Two round trips. Every process hears of it by the feed of trust. */
export async function changeState(
  sessions: Sessions,
  tenantId: string,
  state: "active" | "suspended",
  origin: ChangeOrigin,
): Promise<Tenant> {
  return sessions.transact({ kind: "registry", tenantId }, async (transaction) => {
    const [[row], own, platform] = await transaction.begin([
      lockTenant({ tenantId }),
      lockChain(tenantId),
      lockChain(PLATFORM_CHAIN),
    ]);
    if (row === undefined) throw tenantNotFound();
    const tenant = toTenant(row);
    requireStaying(tenant);
    if (tenant.state === state) return tenant;
    const event = {
      event: state === "active" ? "tenant.resumed" : "tenant.suspended",
      origin,
      details: { tenant: tenantId, slug: tenant.slug },
    } as const;
    await transaction.commit([
      setTenantState({ tenantId, state }),
      ...appendEvents(own, [event]),
      ...appendEvents(platform, [event]),
      bumpTrust("tenant", tenantId),
    ]);
    return { ...tenant, state };
  });
}
