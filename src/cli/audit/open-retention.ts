import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import type { ChangeOrigin } from "../../model/store.ts";
import type { AuditRetention } from "../../storage/postgres/audit-retention.ts";
import { type ConfigOptions, configInput } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { databaseFailure } from "../database-failure.ts";
import { badInput } from "../exit.ts";

export interface RetentionOptions extends ConfigOptions {
  readonly databaseUrl?: string;
}

export const DATABASE_URL_HELP = "Postgres address of the maintenance role (RELATA_MAINTENANCE_DATABASE_URL)";

/** The record by the maintenance role's connection, and who is put on record for what is done to it. */
export async function withRetention<T>(
  context: CliContext,
  options: RetentionOptions,
  use: (retention: AuditRetention, by: ChangeOrigin) => Promise<T>,
): Promise<T> {
  // Loaded only here: the database driver would slow every other command down.
  const { loadSettings } = await import("../../config.ts");
  const { createAuditRetention } = await import("../../storage/postgres/audit-retention.ts");
  const { openMaintenance } = await import("../../storage/postgres/maintenance.ts");
  const input = configInput(context, options, { RELATA_MAINTENANCE_DATABASE_URL: options.databaseUrl });
  const { maintenanceDatabaseUrl: url } = loadSettings(input, ["maintenanceDatabaseUrl"]);
  if (url === undefined)
    throw badInput("the address of the database is needed", {
      where: "--database-url or RELATA_MAINTENANCE_DATABASE_URL",
      hint: "as the role relata_maintenance: the service's own may not change what is on record",
    });
  const maintenance = openMaintenance({ maintenance: { connectionString: url } }, undefined);
  const by = { actor: `relata_maintenance|${userInfo().username}`, requestId: randomUUID() };
  return use(createAuditRetention(maintenance), by).catch((error: unknown) => {
    throw databaseFailure(error, url);
  });
}
