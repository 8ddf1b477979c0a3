import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConfigOptions, configFlags, configInput } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { databaseFailure } from "../database-failure.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";

interface Options extends ConfigOptions {
  readonly databaseUrl?: string;
  readonly json?: boolean;
}

export function registerMigrate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "migrate", "bring a database to the newest migration; safe to run many times at once")
    .option("--database-url <url>", "Postgres address of the role that owns the tables (RELATA_MIGRATION_DATABASE_URL)")
    .addHelpText(
      "after",
      "\nCreates the roles relata_owner, relata_app and relata_maintenance where they are missing.",
    );
  runs<[], Options>(configFlags(command), shell, run);
}

async function run(context: CliContext, options: Options): Promise<ExitCode> {
  // Loaded only here: the database driver would slow every other command down.
  const { loadSettings } = await import("../../config.ts");
  const { migrate } = await import("../../storage/postgres/migrate.ts");
  const overrides = { RELATA_MIGRATION_DATABASE_URL: options.databaseUrl };
  const { migrationDatabaseUrl } = loadSettings(configInput(context, options, overrides), ["migrationDatabaseUrl"]);
  const human = options.json !== true;
  const log = (text: string) => human && line(context.stdout, text);
  const { applied } = await migrate({ connection: { connectionString: migrationDatabaseUrl }, log }).catch(
    (error: unknown) => {
      throw databaseFailure(error, migrationDatabaseUrl);
    },
  );
  if (!human) json(context, { applied });
  else if (applied.length === 0) line(context.stdout, "nothing to do: the database is at the newest migration");
  return EXIT.ok;
}
