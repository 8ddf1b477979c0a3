import { randomBytes } from "node:crypto";
import pg from "pg";
import { makeTempDir } from "../../src/cli/demo/temp-dir.ts";
import { startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";

/** A migrated database that is thrown away at the end. */
export interface BenchDatabase extends AsyncDisposable {
  /** Owns everything. */
  readonly owner: pg.ClientConfig;
  /** What the service connects as. */
  readonly app: pg.ClientConfig;
  /** Of the server, such as `18.4`. */
  readonly version: string;
}

/** Durable, as in production; with room for a tenant of some million tuples. */
const SETTINGS = { shared_buffers: "512MB", max_wal_size: "8GB", max_connections: "100" };

/**
 * On the bundled PostgreSQL in a directory of its own, or as a database of its own on the server at `url`, whose role must be
 * allowed to make databases and roles.
 */
export async function openDatabase(url: string | undefined): Promise<BenchDatabase> {
  const stack = new AsyncDisposableStack();
  try {
    const { owner, app } = url === undefined ? await embed(stack) : await claim(stack, url);
    await migrate({ connection: owner });
    const [row] = await ask(owner, ["SELECT current_setting('server_version') AS version"]);
    const version = String(row?.["version"]).split(" ")[0] ?? "";
    return { owner, app, version, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

type Connections = Pick<BenchDatabase, "owner" | "app">;

async function embed(stack: AsyncDisposableStack): Promise<Connections> {
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const postgres = await startEmbeddedPostgres({ dataDir: directory.path, durable: true, settings: SETTINGS });
  stack.defer(() => postgres.stop());
  return { owner: postgres.connection, app: { ...postgres.connection, user: ROLES.app } };
}

async function claim(stack: AsyncDisposableStack, url: string): Promise<Connections> {
  const name = `relata_bench_${randomBytes(6).toString("hex")}`;
  const password = randomBytes(16).toString("hex");
  const server = new pg.Client({ connectionString: url });
  const { host, port, user, password: own } = server;
  const owner = {
    host,
    port,
    database: name,
    ...(user && { user }),
    ...(typeof own === "string" && { password: own }),
  };
  await ask({ connectionString: url }, [`CREATE DATABASE ${name}`]);
  stack.defer(async () => {
    await ask({ connectionString: url }, [
      `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${name}`,
    ]);
  });
  // Makes the service's own role, of which this bench's is a member: nobody's password is changed.
  await migrate({ connection: owner });
  await ask(owner, [
    `CREATE ROLE ${name} LOGIN PASSWORD '${password}' IN ROLE ${ROLES.app}`,
    `ALTER ROLE ${name} SET plan_cache_mode = force_custom_plan`,
  ]);
  return { owner, app: { host, port, database: name, user: name, password } };
}

async function ask(
  connection: pg.ClientConfig,
  statements: readonly string[],
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    let rows: readonly Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}
