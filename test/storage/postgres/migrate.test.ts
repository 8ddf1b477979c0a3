import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmbeddedPostgres } from "../../../src/storage/embedded/launch.ts";
import { checkDatabase } from "../../../src/storage/postgres/boot-check.ts";
import { migrate } from "../../../src/storage/postgres/migrate.ts";
import { MIGRATIONS_DIR } from "../../../src/storage/postgres/migration-files.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";
import { connectionTo, type PgConnection } from "../../support/postgres-connection.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTempDir } from "../../support/temp-dir.ts";

const run = promisify(execFile);
const MIGRATE = join(import.meta.dirname, "../../../src/storage/postgres/migrate.ts");
/** What each of the racing processes runs: migrates the database given as JSON and prints what it applied. */
const CHILD = `import { migrate } from ${JSON.stringify(pathToFileURL(MIGRATE).href)};
  console.log(JSON.stringify(await migrate({ connection: JSON.parse(process.argv[1]) })));`;

describe("migrate", () => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), "relata-migrations-"));
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  /** The template is migrated; this makes it a database of an operator that never saw relata. */
  const emptied = async (): Promise<PgConnection> => {
    await withClient(database.owner, (client) => client.query("DROP SCHEMA IF EXISTS relata CASCADE"));
    return database.superuser ?? database.owner;
  };
  const ledger = () =>
    withClient(
      database.owner,
      async (client) => (await client.query("SELECT name FROM relata.migration ORDER BY version")).rows,
    );
  const copyOfMigrations = async (name: string) => {
    const copy = join(folder, name);
    await cp(MIGRATIONS_DIR, copy, { recursive: true });
    return copy;
  };

  it("applies each file once when twenty processes start at the same time", async () => {
    const connection = await emptied();
    const files = (await readdir(MIGRATIONS_DIR)).filter((file) => file.endsWith(".sql")).sort();
    const runs = await Promise.all(
      Array.from({ length: 20 }, () =>
        run(process.execPath, ["--input-type=module", "-e", CHILD, JSON.stringify(connection)]),
      ),
    );
    const applied: string[][] = runs.map(({ stdout }) => JSON.parse(stdout).applied);
    expect(applied.flat().sort()).toEqual(files);
    expect(await ledger()).toEqual(files.map((name) => ({ name })));
    await expect(checkDatabase({ ...database.app })).resolves.toBeUndefined();
  });

  it("finds nothing to do the second time and leaves other tables of the database alone", async () => {
    const connection = await emptied();
    await withClient(connection, (client) =>
      client.query("CREATE TABLE IF NOT EXISTS public.theirs AS SELECT 7 AS kept"),
    );
    expect((await migrate({ connection: { ...connection } })).applied.length).toBeGreaterThan(3);
    expect(await migrate({ connection: { ...connection } })).toEqual({ applied: [] });
    const { rows } = await withClient(connection, (client) => client.query("SELECT * FROM public.theirs"));
    expect(rows).toEqual([{ kept: 7 }]);
  });

  it("refuses a database that is newer than it", async () => {
    const connection = await emptied();
    const newer = await copyOfMigrations("newer");
    const next = (await readdir(newer)).filter((file) => file.endsWith(".sql")).length + 1;
    const name = `${String(next).padStart(4, "0")}_future.sql`;
    await writeFile(join(newer, name), "CREATE TABLE relata.future (id int);");
    expect((await migrate({ connection: { ...connection }, migrationsDir: newer })).applied).toContain(name);
    const refusal = { reason: "STORE_UNFIT", message: expect.stringMatching(new RegExp(`${name}.*newer relata`)) };
    await expect(migrate({ connection: { ...connection } })).rejects.toMatchObject(refusal);
    await expect(checkDatabase({ ...database.app })).rejects.toMatchObject(refusal);
  });

  it("refuses when an applied file has since changed", async () => {
    const connection = await emptied();
    await migrate({ connection: { ...connection } });
    const changed = await copyOfMigrations("changed");
    await writeFile(join(changed, "0001_tenant.sql"), "SELECT 1;");
    await expect(migrate({ connection: { ...connection }, migrationsDir: changed })).rejects.toMatchObject({
      reason: "STORE_UNFIT",
      message: expect.stringContaining("0001_tenant.sql was applied with other contents"),
    });
  });

  it("takes files whose lines end in CRLF for the same files", async () => {
    const connection = await emptied();
    await migrate({ connection });
    const copy = await copyOfMigrations("crlf");
    for (const name of await readdir(copy)) {
      if (!name.endsWith(".sql")) continue;
      const text = await readFile(join(copy, name), "utf8");
      await writeFile(join(copy, name), text.replaceAll("\n", "\r\n"));
    }
    expect(await migrate({ connection, migrationsDir: copy })).toEqual({ applied: [] });
  });

  it("takes a failing file back as a whole, names it, and goes on once it is mended", async () => {
    const connection = await emptied();
    const broken = join(folder, "broken");
    await cp(join(MIGRATIONS_DIR, "0001_tenant.sql"), join(broken, "0001_tenant.sql"));
    await writeFile(join(broken, "0002_broken.sql"), "CREATE TABLE relata.half (id int); SELECT 1/0;");
    const attempt = () => migrate({ connection: { ...connection }, migrationsDir: broken });
    await expect(attempt()).rejects.toMatchObject({
      reason: "STORE_UNFIT",
      message: expect.stringContaining("0002_broken.sql failed and was rolled back: division by zero"),
    });
    expect(await ledger()).toEqual([{ name: "0001_tenant.sql" }]);
    await writeFile(join(broken, "0002_broken.sql"), "CREATE TABLE relata.half (id int);");
    expect(await attempt()).toEqual({ applied: ["0002_broken.sql"] });
  });

  it("refuses files that are misnamed or leave a number out, and a folder without any", async () => {
    const connection = database.superuser ?? database.owner;
    const odd = await mkdtemp(join(folder, "odd-"));
    const attempt = () => migrate({ connection: { ...connection }, migrationsDir: odd });
    await expect(attempt()).rejects.toThrow("There are no migrations");
    await writeFile(join(odd, "0002_b.sql"), "");
    await expect(attempt()).rejects.toThrow("should have number 1");
    await writeFile(join(odd, "first.sql"), "");
    await expect(attempt()).rejects.toThrow("is not named like 0001_noun.sql");
  });

  it("leaves alone a schema relata that is somebody else's", async (context) => {
    if (database.superuser === undefined) return context.skip("needs a superuser");
    const connection = await emptied();
    await withClient(connection, (client) => client.query("CREATE SCHEMA relata CREATE TABLE precious (id int)"));
    await expect(migrate({ connection: { ...connection } })).rejects.toMatchObject({
      reason: "STORE_UNFIT",
      message: expect.stringContaining('already has a schema "relata" that belongs to'),
    });
    await withClient(connection, (client) => client.query("SELECT FROM relata.precious; DROP SCHEMA relata CASCADE"));
  });

  it("tells a role that may not what an administrator has to run", async () => {
    await emptied();
    await expect(migrate({ connection: { ...database.app } })).rejects.toMatchObject({
      reason: "STORE_UNFIT",
      message: expect.stringContaining("Let an administrator run `GRANT relata_owner TO relata_app;`"),
    });
  });

  it("says that the database cannot be reached", async () => {
    await expect(migrate({ connection: { host: "127.0.0.1", port: 1 } })).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
    });
  });

  it("works for a role without superuser that has CREATEROLE", async (context) => {
    if (database.superuser === undefined) return context.skip("needs a superuser");
    const connection = await emptied();
    const name = `relata_deployer_${process.pid}`;
    await withClient(connection, async (client) => {
      await client.query(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'only-for-tests'`);
      await client.query(`GRANT CREATE ON DATABASE ${database.name} TO ${name}`);
      await client.query(`GRANT relata_owner, relata_app, relata_maintenance TO ${name} WITH ADMIN OPTION`);
    });
    const deployer = { ...connection, user: name, password: "only-for-tests" };
    expect((await migrate({ connection: deployer })).applied.length).toBeGreaterThan(3);
    await withClient(connection, (client) => client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`));
    await expect(checkDatabase({ ...database.app })).resolves.toBeUndefined();
  });
});

describe("migrate on a new cluster", () => {
  it("makes the roles once when many databases are migrated at the same time", async () => {
    await using directory = await createTempDir();
    const server = await startEmbeddedPostgres({ dataDir: join(directory.path, "pg"), durable: false });
    const names = Array.from({ length: 12 }, (_, i) => `db${i}`);
    await withClient(connectionTo(server.connection), async (client) => {
      for (const name of names) await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    });
    const files = (await readdir(MIGRATIONS_DIR)).filter((file) => file.endsWith(".sql")).sort();
    const runs = await Promise.all(
      names.map((database) => migrate({ connection: { ...server.connection, database } })),
    );
    expect(runs).toEqual(names.map(() => ({ applied: files })));
    await checkDatabase({ ...server.connection, database: "db0", user: "relata_app" });
    await server.stop();
  });
});
