import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkDatabase } from "../../../src/storage/postgres/boot-check.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";
import { TEST_PASSWORD, withClient } from "../../support/postgres-template.ts";

describe("the check at start", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const refusal = async (connection: object = database.app): Promise<string> => {
    const error = await checkDatabase({ ...connection }).then(
      () => new Error("accepted"),
      (e: Error & { reason?: string }) => e,
    );
    if ("reason" in error) expect(error.reason).toBe("STORE_UNFIT");
    return error.message;
  };
  /** What an operator did by hand, and undid again. */
  const afterChange = async (change: string, undo: string): Promise<string> => {
    await withClient(database.owner, (client) => client.query(change));
    try {
      return await refusal();
    } finally {
      await withClient(database.owner, (client) => client.query(undo));
    }
  };

  it("accepts the app's role on a migrated database", async () => {
    expect(await refusal()).toBe("accepted");
  });

  it("refuses a superuser", async (context) => {
    if (database.superuser === undefined) return context.skip("needs a superuser");
    expect(await refusal(database.superuser)).toContain("is a superuser");
    await expect(createPostgresStore({ connection: { ...database.superuser } })).rejects.toMatchObject({
      reason: "STORE_UNFIT",
    });
  });

  it.each([
    ["BYPASSRLS", "BYPASSRLS", "", "has BYPASSRLS"],
    ["the power to become a superuser", "", "SUPERUSER", "can become"],
    ["CREATEROLE", "CREATEROLE", "", "has CREATEROLE"],
    ["REPLICATION", "REPLICATION", "", "has REPLICATION"],
    ["membership in relata_maintenance", "", "relata_maintenance", "can become relata_maintenance"],
    ["membership in pg_write_all_data", "", "pg_write_all_data", "can become pg_write_all_data"],
    ["programs on the server's host", "", "pg_execute_server_program", "can become pg_execute_server_program"],
    [
      "membership in the owner",
      "",
      "relata_owner",
      /owns tables, itself or by membership: .*idempotency.*, migration, /,
    ],
    ["generic plans", "", "", "plan_cache_mode is auto: run ALTER ROLE"],
  ])("refuses a role with %s", async (_, attribute, power, message) => {
    const admin = database.superuser;
    if (admin === undefined) return;
    const role = `relata_odd_${process.pid}`;
    await withClient(admin, async (client) => {
      await client.query(`CREATE ROLE ${role} LOGIN ${attribute} PASSWORD '${TEST_PASSWORD}' IN ROLE relata_app`);
      if (power === "SUPERUSER") await client.query(`CREATE ROLE ${role}_2 SUPERUSER ROLE ${role}`);
      else if (power !== "") await client.query(`GRANT ${power} TO ${role}`);
    });
    expect(await refusal({ ...database.app, user: role })).toMatch(message);
    await withClient(admin, (client) => client.query(`DROP ROLE ${role}; DROP ROLE IF EXISTS ${role}_2`));
  });

  it("refuses the owner", async () => {
    expect(await refusal(database.owner)).toMatch(/Role relata_owner owns tables.*tuple/);
  });

  /** Every table there is, the parents and one partition of each: what a new migration brings is among them. */
  const securedTables = async (): Promise<readonly { name: string; policies: Readonly<Record<string, string>> }[]> => {
    const { rows } = await withClient(database.owner, (client) =>
      client.query(`SELECT c.relname AS name, json_object_agg(CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polname) AS policies
        FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relnamespace = 'relata'::regnamespace AND (NOT c.relispartition OR c.oid IN
          (SELECT max(inhrelid::int)::oid FROM pg_inherits JOIN pg_class k ON k.oid = inhrelid AND k.relkind = 'r' GROUP BY inhparent))
        GROUP BY c.oid ORDER BY c.relname COLLATE "C"`),
    );
    return rows;
  };
  const listed = (tables: readonly { name: string }[]) => tables.map(({ name }) => name).join(", ");

  it("refuses when row security of any table, or of a partition, is off or not forced", async () => {
    const tables = await securedTables();
    expect(tables.length).toBeGreaterThan(8);
    const alter = (what: string) =>
      tables.map(({ name }) => `ALTER TABLE relata.${name} ${what} ROW LEVEL SECURITY`).join(";");
    expect(await afterChange(alter("DISABLE"), alter("ENABLE"))).toContain(`Row security is off: ${listed(tables)}.`);
    expect(await afterChange(alter("NO FORCE"), alter("FORCE"))).toContain(
      `Row security is not forced: ${listed(tables)}.`,
    );
  });

  it("refuses when any table, or a partition, lacks one of its policies for everybody", async () => {
    const tables = await securedTables();
    for (const kind of ["permissive", "restrictive"]) {
      const alter = (change: string) =>
        tables.map(({ name, policies }) => `ALTER POLICY ${policies[kind]} ON relata.${name} ${change}`).join(";");
      expect(await afterChange(alter("TO relata_maintenance"), alter("TO PUBLIC"))).toContain(
        `The ${kind} tenant policy is missing: ${listed(tables)}.`,
      );
    }
  });

  it("takes a policy by what it says, not by its name", async () => {
    const rename = (from: string, to: string) => `ALTER POLICY tenant_${from} ON relata.tuple RENAME TO tenant_${to}`;
    expect(await afterChange(rename("permit", "odd"), rename("odd", "permit"))).toBe("accepted");
  });

  it("refuses a policy that lets rows through without a tenant", async () => {
    expect(
      await afterChange("CREATE POLICY open ON relata.tuple USING (true)", "DROP POLICY open ON relata.tuple"),
    ).toContain("A policy that names no tenant lets rows through: tuple.");
  });

  it("refuses a new table that nobody secured", async () => {
    expect(await afterChange("CREATE TABLE relata.extra (tenant_id uuid)", "DROP TABLE relata.extra")).toContain(
      "Row security is off: extra.",
    );
  });

  it("refuses a grant on a partition", async () => {
    expect(
      await afterChange(
        "GRANT SELECT ON relata.tuple_b3 TO relata_app",
        "REVOKE SELECT ON relata.tuple_b3 FROM relata_app",
      ),
    ).toContain("Partition tuple_b3 is granted to relata_app");
    expect(
      await afterChange(
        "GRANT SELECT ON relata.revision_b0 TO PUBLIC",
        "REVOKE SELECT ON relata.revision_b0 FROM PUBLIC",
      ),
    ).toContain("Partition revision_b0 is granted to PUBLIC");
  });

  it("refuses a grant on a column of a partition", async () => {
    expect(
      await afterChange(
        "GRANT SELECT (object_id) ON relata.tuple_b3 TO PUBLIC",
        "REVOKE SELECT (object_id) ON relata.tuple_b3 FROM PUBLIC",
      ),
    ).toContain("Partition tuple_b3 is granted to PUBLIC");
  });

  it.each([
    ["TRUNCATE", "tuple", "relata_app", "The role may TRUNCATE tuple"],
    ["DELETE", "tuple", "relata_app", "The role may DELETE tuple"],
    ["DELETE", "revision", "PUBLIC", "The role may DELETE revision"],
    ["UPDATE", "schema_version", "relata_app", "The role may UPDATE of every column schema_version"],
    ["TRIGGER, REFERENCES", "tenant", "relata_app", "The role may TRIGGER, REFERENCES tenant"],
  ])("refuses a grant of %s on %s to %s", async (verbs, table, role, message) => {
    expect(
      await afterChange(
        `GRANT ${verbs} ON relata.${table} TO ${role}`,
        `REVOKE ${verbs} ON relata.${table} FROM ${role}`,
      ),
    ).toContain(`${message}, which no migration grants`);
  });

  it.each([
    ["a view", "VIEW relata.peek AS SELECT * FROM relata.tuple", "a view, peek, which row security does not bind"],
    [
      "a copy",
      "MATERIALIZED VIEW relata.peek AS SELECT * FROM relata.tuple",
      "a materialized view, peek, which row security does not bind",
    ],
  ])("refuses %s in its schema", async (_, create, message) => {
    const kind = create.slice(0, create.indexOf(" relata"));
    expect(await afterChange(`CREATE ${create}`, `DROP ${kind} relata.peek`)).toContain(message);
  });

  it("refuses a partition outside its schema, which nobody checks", async () => {
    expect(
      await afterChange(
        "CREATE SCHEMA aside; CREATE TABLE aside.tuple_b999 PARTITION OF relata.tuple FOR VALUES IN (999)",
        "DROP SCHEMA aside CASCADE",
      ),
    ).toContain("aside.tuple_b999 holds rows of a table of relata outside its schema");
  });

  it("refuses a function that runs as its owner and that the role may execute", async () => {
    const peek =
      "FUNCTION relata.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM relata.tuple'";
    expect(await afterChange(`CREATE ${peek}`, "DROP FUNCTION relata.peek()")).toContain("The role may execute peek");
    expect(
      await afterChange(
        `CREATE ${peek}; REVOKE ALL ON FUNCTION relata.peek() FROM PUBLIC`,
        "DROP FUNCTION relata.peek()",
      ),
    ).toBe("accepted");
  });

  it("refuses a schema that comes before PostgreSQL's own, and rights in relata's", async () => {
    const path = { ...database.app, options: "-c search_path=public,pg_catalog" };
    expect(await refusal(path)).toContain("search_path puts public before pg_catalog");
    expect(await refusal({ ...database.app, options: "-c search_path=public" })).toBe("accepted");
    expect(
      await afterChange(
        "GRANT CREATE ON SCHEMA relata TO relata_app",
        "REVOKE CREATE ON SCHEMA relata FROM relata_app",
      ),
    ).toContain("The role may create objects in schema relata");
  });

  it("lists everything that is wrong at once", async () => {
    const message = await afterChange(
      "ALTER TABLE relata.tuple DISABLE ROW LEVEL SECURITY; GRANT SELECT ON relata.tuple_b3 TO relata_app",
      "ALTER TABLE relata.tuple ENABLE ROW LEVEL SECURITY; REVOKE SELECT ON relata.tuple_b3 FROM relata_app",
    );
    expect(message).toContain("Row security is off: tuple.");
    expect(message).toContain("Partition tuple_b3");
  });

  it("refuses a database that lacks migrations, some or all", async () => {
    const { rows } = await withClient(database.owner, (client) =>
      client.query(
        "DELETE FROM relata.migration WHERE version = (SELECT max(version) FROM relata.migration) RETURNING *",
      ),
    );
    expect(await refusal()).toContain(`lacks migrations: ${rows[0].name} and on. Run \`relata migrate\` first`);
    await withClient(database.owner, (client) =>
      client.query("INSERT INTO relata.migration (version, name, checksum) VALUES ($1, $2, $3)", [
        rows[0].version,
        rows[0].name,
        rows[0].checksum,
      ]),
    );
    expect(await refusal()).toBe("accepted");
    await withClient(database.owner, (client) => client.query("DROP SCHEMA relata CASCADE"));
    expect(await refusal()).toContain("has not been migrated. Run `relata migrate` first");
  });
});
