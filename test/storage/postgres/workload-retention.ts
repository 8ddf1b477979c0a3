import type { Tenant } from "../../../src/model/tenant.ts";
import { createAuditRetention } from "../../../src/storage/postgres/audit-retention.ts";
import type { Observer } from "../../../src/storage/postgres/flight.ts";
import { openMaintenance } from "../../../src/storage/postgres/maintenance.ts";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { ORIGIN } from "../drafts.ts";

/** Every statement of the record's retention: a checkpoint is there to be noted, as after a month went. */
export async function runRetention(database: TestDatabase, tenant: Tenant, observe: Observer): Promise<void> {
  const retention = createAuditRetention(openMaintenance({ maintenance: { ...database.maintenance } }, observe));
  await withClient(database.superuser ?? database.owner, (client) =>
    client.query("INSERT INTO relata.audit_checkpoint VALUES ($1, 1, sha256('x'), '2000-01-01')", [tenant.id]),
  );
  await retention.prune("decisions", 0, ORIGIN, () => {});
  await retention.tenantId(tenant.slug);
  await retention.erase(tenant.id, { mentions: "user:" }, ORIGIN, "");
}
