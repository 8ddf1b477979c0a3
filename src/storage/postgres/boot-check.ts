import pg from "pg";
import { RelataError } from "../../errors.ts";
import { findAuditProblems } from "./boot-check-audit.ts";
import { findSurfaceProblems } from "./boot-check-surface.ts";
import { readApplied, verifyApplied } from "./migrate.ts";
import { readMigrationFiles } from "./migration-files.ts";
import { translatePgError } from "./sqlstate.ts";

/**
 * Refuses to serve where tenants might see each other: with a role that row security does not bind, or tables whose row
 * security is not whole. Also where the migrations are not exactly those of this program.
 * @throws STORE_UNFIT, one message listing everything that is wrong; STORE_UNAVAILABLE.
 */
export async function checkDatabase(config: pg.ClientConfig, migrationsDir?: string): Promise<void> {
  const client = new pg.Client({ ...config, pipeline: false });
  client.on("error", () => {});
  try {
    await client.connect();
    await checkMigrations(client, migrationsDir);
    const problems = await findProblems(client);
    if (problems.length > 0) {
      throw new RelataError("STORE_UNFIT", `relata refuses to serve from this database: ${problems.join(" ")}`, {
        metadata: { problems: String(problems.length) },
      });
    }
  } catch (error) {
    throw translatePgError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Of a role that owns the tables or is bound by nothing, the rest would only repeat it. */
async function findProblems(client: pg.Client): Promise<readonly string[]> {
  const role = await findRoleProblems(client);
  const tables = await findTableProblems(client);
  return role.length > 0
    ? [...role, ...tables]
    : [...tables, ...(await findSurfaceProblems(client)), ...(await findAuditProblems(client))];
}

async function checkMigrations(client: pg.Client, migrationsDir: string | undefined): Promise<void> {
  const files = await readMigrationFiles(migrationsDir);
  const { rows } = await client.query<{ ledger: string | null }>(
    "SELECT relname AS ledger FROM pg_class WHERE relname = 'migration' AND relnamespace = to_regnamespace('relata')",
  );
  if (rows.length === 0) {
    throw new RelataError("STORE_UNFIT", "This database has not been migrated. Run `relata migrate` first.");
  }
  const applied = await readApplied(client).catch((error: unknown) => {
    throw error instanceof pg.DatabaseError && error.code === "42501" ? notGranted(error) : error;
  });
  const count = verifyApplied(applied, files);
  if (count < files.length) {
    throw new RelataError(
      "STORE_UNFIT",
      `This database lacks migrations: ${files[count]?.name} and on. Run \`relata migrate\` first.`,
    );
  }
}

function notGranted(cause: unknown): RelataError {
  return new RelataError(
    "STORE_UNFIT",
    "The role has no rights in schema relata. Connect as relata_app or as a member of it.",
    { cause },
  );
}

interface RoleRow {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly creates_roles: boolean;
  readonly replicates: boolean;
  readonly owned: string | null;
  readonly mighty: string | null;
  readonly plan_cache_mode: string;
}

/**
 * Of the role itself and of every role it could become by SET ROLE. The predefined ones reach tables without a grant, or
 * files and programs of the server's host, which is as good as being a superuser; relata_maintenance erases.
 */
const ROLE_FACTS = `
  SELECT current_user AS name, me.rolsuper AS superuser, me.rolbypassrls AS bypasses,
    me.rolcreaterole AS creates_roles, me.rolreplication AS replicates,
    (SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
      WHERE c.relnamespace = 'relata'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owned,
    (SELECT string_agg(other.rolname, ', ' ORDER BY other.rolname) FROM pg_roles other
      WHERE (other.rolsuper OR other.rolbypassrls OR other.rolname IN ('relata_maintenance', 'pg_read_all_data',
          'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
        AND other.oid <> me.oid
        AND pg_has_role(current_user, other.oid, 'MEMBER')) AS mighty,
    current_setting('plan_cache_mode') AS plan_cache_mode
  FROM pg_roles me WHERE me.rolname = current_user`;

async function findRoleProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<RoleRow>(ROLE_FACTS);
  const role = rows[0];
  if (role === undefined) return ["The role is unknown to the server."];
  // A superuser is a member of everything: the other findings would only repeat it.
  if (role.superuser) return [`Role ${role.name} is a superuser, whom row security does not bind; use relata_app.`];
  const problems: string[] = [];
  if (role.bypasses) problems.push(`Role ${role.name} has BYPASSRLS; use relata_app, or ALTER ROLE … NOBYPASSRLS.`);
  if (role.creates_roles)
    problems.push(`Role ${role.name} has CREATEROLE and could make itself another; ALTER ROLE … NOCREATEROLE.`);
  if (role.replicates)
    problems.push(
      `Role ${role.name} has REPLICATION and could read every tenant's changes; ALTER ROLE … NOREPLICATION.`,
    );
  if (role.mighty !== null)
    problems.push(`Role ${role.name} can become ${role.mighty}, whom row security or the grants do not bind.`);
  if (role.owned !== null) problems.push(`Role ${role.name} owns tables, itself or by membership: ${role.owned}.`);
  if (role.plan_cache_mode !== "force_custom_plan") {
    problems.push(
      `plan_cache_mode is ${role.plan_cache_mode}: run ALTER ROLE ${role.name} SET plan_cache_mode = force_custom_plan.`,
    );
  }
  return problems;
}

interface TableRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly permissive: number;
  readonly restrictive: number;
  readonly foreign_policy: string | null;
  readonly grantees: string | null;
}

/**
 * Every table of the schema but the ledger of migrations holds tenants' rows, those of the future included. A policy
 * counts when it is for all commands and all roles, has both parts, and asks for a scope.
 */
const TABLE_FACTS = `
  SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    count(p.*) FILTER (WHERE p.sound AND p.polpermissive)::int AS permissive,
    count(p.*) FILTER (WHERE p.sound AND NOT p.polpermissive)::int AS restrictive,
    string_agg(p.polname, ', ' ORDER BY p.polname) FILTER (WHERE p.polpermissive AND NOT p.sound) AS foreign_policy,
    (SELECT string_agg(DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(acl.grantee) END, ', ')
      FROM (SELECT (aclexplode(c.relacl)).grantee UNION ALL
        SELECT (aclexplode(a.attacl)).grantee FROM pg_attribute a WHERE a.attrelid = c.oid) acl
      WHERE c.relispartition AND acl.grantee <> c.relowner) AS grantees
  FROM pg_class c
  LEFT JOIN LATERAL (
    SELECT polname, polpermissive, polcmd = '*' AND polroles = '{0}' AND polwithcheck IS NOT NULL
      AND strpos(pg_get_expr(polqual, polrelid), 'current_setting(''relata.') > 0
      AND strpos(pg_get_expr(polwithcheck, polrelid), 'current_setting(''relata.') > 0 AS sound
    FROM pg_policy WHERE polrelid = c.oid) p ON true
  WHERE c.relnamespace = 'relata'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migration'
  GROUP BY c.oid ORDER BY c.relname`;

async function findTableProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<TableRow>(TABLE_FACTS);
  const named = (text: string, isWrong: (row: TableRow) => boolean) => {
    const names = rows.filter(isWrong).map((row) => row.name);
    return names.length === 0 ? [] : [`${text}: ${names.join(", ")}.`];
  };
  return [
    ...named("Row security is off", (row) => !row.enabled),
    ...named("Row security is not forced", (row) => !row.forced),
    ...named("The permissive tenant policy is missing", (row) => row.permissive === 0),
    ...named("The restrictive tenant policy is missing", (row) => row.restrictive === 0),
    ...named("A policy that names no tenant lets rows through", (row) => row.foreign_policy !== null),
    ...rows.flatMap((row) =>
      row.grantees === null ? [] : [`Partition ${row.name} is granted to ${row.grantees}; grant on its parent only.`],
    ),
  ];
}
