import pg from "pg";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import { connectionTo, type PgConnection } from "./postgres-connection.ts";

/** What the global setup hands to every test worker. */
export interface TestCluster {
  readonly admin: PgConnection;
  readonly isSuperuser: boolean;
  readonly template: string;
  /** Names of this run's databases start with it: several runs can share a server. */
  readonly prefix: string;
}

/** Everybody knows it: a server that runs these tests is for tests only. */
export const TEST_PASSWORD = "only-for-tests";

export async function withClient<T>(connection: pg.ClientConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...connection });
  // A lost connection fails the query that waits for it as well; alone it must not end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Makes the roles and one migrated database, which every test's database is a copy of. */
export async function createTemplate(admin: PgConnection, prefix: string): Promise<TestCluster> {
  const template = `${prefix}template`;
  const isSuperuser = await withClient(admin, async (client) => {
    for (const role of Object.values(ROLES)) await createRole(client, role);
    await client.query(`CREATE DATABASE ${template} OWNER ${ROLES.owner}`);
    const { rows } = await client.query<{ rolsuper: boolean }>(
      "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
    );
    return rows[0]?.rolsuper === true;
  });
  // By the administrator: relata_owner itself may not prepare the other roles.
  await migrate({ connection: { ...admin, database: template } });
  return { admin, isSuperuser, template, prefix };
}

export function asRole(admin: PgConnection, user: string, database: string): PgConnection {
  return connectionTo({ ...admin, user, password: TEST_PASSWORD, database });
}

/** Roles belong to the whole server: another run may be making them at this very moment. */
async function createRole(client: pg.Client, role: string): Promise<void> {
  await client.query(`CREATE ROLE ${role}`).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError && (error.code === "42710" || error.code === "23505"))) throw error;
  });
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD '${TEST_PASSWORD}'`);
  // Making a database for another role needs membership, which a superuser has anyway.
  await client.query(`GRANT ${role} TO CURRENT_USER`);
}

/** Drops the template and every database of this run that a test left behind. */
export async function dropAll(cluster: TestCluster): Promise<void> {
  await withClient(cluster.admin, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE starts_with(datname, $1)",
      [cluster.prefix],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  });
}
