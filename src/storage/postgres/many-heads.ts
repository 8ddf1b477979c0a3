import { sql } from "kysely";
import type { Head } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { type SelectedHead, toHead } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";

/** LIMIT keeps the planner from turning the join around: each head is looked up, however few there are. */
const readHeads = statement<{ tenantId: readonly string[] }>()("read_heads", (arg) =>
  sql<SelectedHead & { readonly tenant_id: string }>`SELECT h.*
    FROM unnest(${arg("tenantId")}::uuid[]) AS k (tenant_id)
    CROSS JOIN LATERAL (SELECT h.tenant_id, h.revision, h.schema_name, h.schema_version, ${epochMs("h.committed_at")} AS committed_at_ms
      FROM relata.tenant_head h WHERE h.tenant_id = k.tenant_id LIMIT 1) h`.compile(sqlBuilder),
);

/** By tenant id; those that do not exist are left out. */
export async function readManyHeads(
  lanes: Reader,
  tenants: readonly TenantPlace[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Head>> {
  if (tenants.length === 0) return new Map();
  const statements = [readHeads({ tenantId: tenants.map(({ id }) => id) })];
  const [rows = []] = await lanes.read({ kind: "heads" }, statements, signal);
  return new Map(rows.map((row) => [row.tenant_id, toHead(row)]));
}
