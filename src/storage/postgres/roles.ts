import pg from "pg";
import { RelataError } from "../../errors.ts";

/**
 * Three roles of the cluster. `owner` owns schema relata and runs migrations; `app` serves; `maintenance` collects
 * garbage. None is superuser or bypasses row security.
 */
export const ROLES = { owner: "relata_owner", app: "relata_app", maintenance: "relata_maintenance" } as const;

/**
 * `app` and `maintenance` may log in and get no password: with password authentication nobody can log in as them
 * until the operator sets one, with `trust` (embedded clusters, tests) they can at once.
 */
const CREATE_ROLES = [
  [ROLES.owner, `CREATE ROLE ${ROLES.owner} NOLOGIN`],
  [ROLES.app, `CREATE ROLE ${ROLES.app} LOGIN`],
  [ROLES.maintenance, `CREATE ROLE ${ROLES.maintenance} LOGIN`],
] as const;

/** Generic plans of a partitioned table lock every partition: 131 locks at 64 partitions against 5. */
const CUSTOM_PLANS = `ALTER ROLE ${ROLES.app} SET plan_cache_mode = force_custom_plan`;

/**
 * Roles belong to the cluster and advisory locks to a database, so processes that migrate different databases can
 * race here: duplicate_object, unique_violation, and "tuple concurrently updated" (internal_error) mean look again.
 */
const RACES: ReadonlySet<string> = new Set(["42710", "23505", "XX000"]);
const MAX_ATTEMPTS = 50;

/** Makes the roles where they are missing and lets the connected role act as the owner. Safe to run concurrently. */
export async function ensureRoles(client: pg.Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await createMissingRoles(client);
      await becomeMemberOfOwner(client);
      return;
    } catch (error) {
      if (error instanceof pg.DatabaseError && RACES.has(error.code ?? "") && attempt < MAX_ATTEMPTS) continue;
      throw error;
    }
  }
}

async function createMissingRoles(client: pg.Client): Promise<void> {
  for (const [role, statement] of CREATE_ROLES) {
    const found = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
    if (found.rowCount === 0) await runAsAdministrator(client, statement);
  }
  const settings = await client.query(
    `SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
     WHERE r.rolname = $1 AND s.setdatabase = 0 AND 'plan_cache_mode=force_custom_plan' = ANY (s.setconfig)`,
    [ROLES.app],
  );
  if (settings.rowCount === 0) await runAsAdministrator(client, CUSTOM_PLANS);
}

async function becomeMemberOfOwner(client: pg.Client): Promise<void> {
  // Since 16 a membership may exclude SET ROLE, and there is a privilege to ask for it by name.
  const { rows } = await client.query<{ can_set: boolean }>(
    `SELECT pg_has_role(current_user, $1,
       CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS can_set`,
    [ROLES.owner],
  );
  if (rows[0]?.can_set !== true) await runAsAdministrator(client, `GRANT ${ROLES.owner} TO CURRENT_USER`);
}

async function runAsAdministrator(client: pg.Client, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== "42501") throw error;
    const { rows } = await client.query<{ name: string }>("SELECT quote_ident(current_user) AS name");
    const me = rows[0]?.name ?? "the migrating role";
    const command = statement.replace("CURRENT_USER", me);
    throw new RelataError(
      "STORE_UNFIT",
      `Role ${me} may not prepare the roles of relata. Let an administrator run \`${command};\`, or migrate as a role that has CREATEROLE.`,
      { cause: error },
    );
  }
}
