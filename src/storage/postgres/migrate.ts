import pg from "pg";
import { RelataError } from "../../errors.ts";
import { type MigrationFile, readMigrationFiles } from "./migration-files.ts";
import { ensureRoles, ROLES } from "./roles.ts";
import { translatePgError } from "./sqlstate.ts";

export interface MigrateOptions {
  /** A role that owns nothing yet but may: superuser, or CREATEROLE with CREATE on the database, or a member of relata_owner. */
  readonly connection: pg.ClientConfig;
  /** Folder of NNNN_noun.sql files; the project's own by default. */
  readonly migrationsDir?: string;
  readonly log?: (line: string) => void;
}

const MIN_SERVER_VERSION = 150_000;

/** Any constant will do; advisory locks are per database. */
const LOCK_KEY = "7164028413771820001";

/**
 * Brings the database to the newest migration. Any number of processes may call it at once: each file runs in one
 * transaction that first takes an advisory lock and then looks what is left to do.
 * @returns the names of the files this call applied, in order; empty when another did the work or nothing was left.
 * @throws STORE_UNFIT (older server, changed or unknown migrations, missing rights, foreign schema) or STORE_UNAVAILABLE.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const files = await readMigrationFiles(options.migrationsDir);
  const client = new pg.Client({ ...options.connection, application_name: "relata migrate" });
  client.on("error", () => {}); // a lost connection also fails the statement that waits for it
  try {
    await client.connect();
    await requireServerVersion(client);
    await ensureRoles(client);
    const applied: string[] = [];
    for (let next = await applyNext(client, files); next !== undefined; next = await applyNext(client, files)) {
      applied.push(next.name);
      options.log?.(`applied ${next.name}`);
    }
    await preparePartitions(client);
    return { applied };
  } catch (error) {
    throw translatePgError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Room for the months to come of the audit: processes that serve see to it every day, and this is for when none does. */
async function preparePartitions(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    "SELECT to_regprocedure('relata.ensure_audit_partitions()') IS NOT NULL AS exists",
  );
  if (rows[0]?.exists !== true) return;
  await client.query("BEGIN");
  await client.query(`SET LOCAL ROLE ${ROLES.owner}`);
  await client.query("SELECT relata.ensure_audit_partitions()");
  await client.query("COMMIT");
}

async function requireServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version",
  );
  const server = rows[0];
  if (server === undefined || server.number < MIN_SERVER_VERSION) {
    throw new RelataError("STORE_UNFIT", `relata needs PostgreSQL 15 or newer; this server is ${server?.version}.`);
  }
}

/** Applies the first file that is missing, under the lock; undefined when none is. */
async function applyNext(client: pg.Client, files: readonly MigrationFile[]): Promise<MigrationFile | undefined> {
  await client.query("BEGIN");
  try {
    // Held to the end of this transaction; also right behind a transaction-pooling proxy, unlike a session lock.
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    await ensureHome(client);
    await client.query(`SET LOCAL ROLE ${ROLES.owner}`);
    await client.query("SET LOCAL search_path = pg_catalog, pg_temp");
    const next = files[verifyApplied(await readApplied(client), files)];
    if (next !== undefined) await apply(client, next);
    await client.query("COMMIT");
    return next;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query(file.sql);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new RelataError("STORE_UNFIT", `Migration ${file.name} failed and was rolled back: ${error.message}`, {
      cause: error,
    });
  }
  await client.query("INSERT INTO relata.migration (version, name, checksum) VALUES ($1, $2, $3)", [
    file.version,
    file.name,
    file.checksum,
  ]);
}

/** Schema and ledger. A schema `relata` that is somebody else's is left alone. */
async function ensureHome(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    "SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = 'relata'",
  );
  const owner = rows[0]?.owner;
  if (owner !== undefined && owner !== ROLES.owner) {
    throw new RelataError(
      "STORE_UNFIT",
      `This database already has a schema "relata" that belongs to ${owner}, not to ${ROLES.owner}. Give relata another database, or rename that schema.`,
    );
  }
  if (owner === undefined) {
    await createSchema(client);
    await client.query(`GRANT USAGE ON SCHEMA relata TO ${ROLES.app}, ${ROLES.maintenance}`);
  }
  const ledger = await client.query<{ name: string | null }>("SELECT to_regclass('relata.migration') AS name");
  if (ledger.rows[0]?.name != null) return;
  await client.query(`SET LOCAL ROLE ${ROLES.owner}`);
  await client.query(`CREATE TABLE relata.migration (
    version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), applied_by text NOT NULL DEFAULT session_user)`);
  await client.query(`GRANT SELECT ON relata.migration TO ${ROLES.app}, ${ROLES.maintenance}`);
}

async function createSchema(client: pg.Client): Promise<void> {
  try {
    await client.query(`CREATE SCHEMA relata AUTHORIZATION ${ROLES.owner}`);
    await client.query(`SET LOCAL ROLE ${ROLES.owner}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== "42501") throw error;
    throw new RelataError(
      "STORE_UNFIT",
      `The migrating role may not create schema relata here. Let an administrator run \`CREATE SCHEMA relata AUTHORIZATION ${ROLES.owner};\`, or grant it CREATE on this database.`,
      { cause: error },
    );
  }
}

export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/** The ledger, in order. */
export async function readApplied(client: pg.ClientBase): Promise<readonly AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    "SELECT version, name, checksum FROM relata.migration ORDER BY version",
  );
  return rows;
}

/**
 * Compares the ledger with the files.
 * @returns how many files are applied.
 * @throws STORE_UNFIT when the database is newer than this program, or an applied file has since changed.
 */
export function verifyApplied(applied: readonly AppliedMigration[], files: readonly MigrationFile[]): number {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.version > files.length) {
    throw new RelataError(
      "STORE_UNFIT",
      `The database is at migration ${newest.name}; this relata knows migrations up to ${files.at(-1)?.name}. Run a newer relata.`,
    );
  }
  for (const [index, row] of applied.entries()) {
    const file = files[index];
    if (file === undefined || row.version !== file.version || row.checksum !== file.checksum) {
      throw new RelataError(
        "STORE_UNFIT",
        `Migration ${row.name} was applied with other contents than this relata brings. Applied migrations never change; restore the original file.`,
      );
    }
  }
  return applied.length;
}
