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
    ["membership in the owner", "", "relata_owner", "owns tables, itself or by membership: idempotency, migration"],
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
    expect(await refusal({ ...database.app, user: role })).toContain(message);
    await withClient(admin, (client) => client.query(`DROP ROLE ${role}; DROP ROLE IF EXISTS ${role}_2`));
  });

  it("refuses the owner", async () => {
    expect(await refusal(database.owner)).toMatch(/Role relata_owner owns tables.*tuple/);
  });

  it.each([
    "tenant",
    "tenant_head",
    "tuple",
    "tuple_b17",
    "revision",
    "revision_b63",
    "schema",
    "schema_version",
    "idempotency",
  ])("refuses when row security of %s is off, not forced, or lacks a policy", async (table) => {
    const policy = table === "tenant" ? "registry" : "tenant";
    const of = `relata.${table}`;
    expect(
      await afterChange(`ALTER TABLE ${of} DISABLE ROW LEVEL SECURITY`, `ALTER TABLE ${of} ENABLE ROW LEVEL SECURITY`),
    ).toContain(`Row security is off: ${table}.`);
    expect(
      await afterChange(`ALTER TABLE ${of} NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE ${of} FORCE ROW LEVEL SECURITY`),
    ).toContain(`Row security is not forced: ${table}.`);
    for (const kind of ["permit", "restrict"]) {
      const rename = (from: string, to: string) => `ALTER POLICY ${policy}_${from} ON ${of} RENAME TO ${policy}_${to}`;
      // Renaming is harmless; narrowing to one role is not.
      expect(await afterChange(rename(kind, "odd"), rename("odd", kind))).toBe("accepted");
      const narrowed = `ALTER POLICY ${policy}_${kind} ON ${of} TO relata_maintenance`;
      expect(await afterChange(narrowed, `ALTER POLICY ${policy}_${kind} ON ${of} TO PUBLIC`)).toContain(
        `The ${kind === "permit" ? "permissive" : "restrictive"} tenant policy is missing: ${table}.`,
      );
    }
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
      client.query("DELETE FROM relata.migration WHERE version = 6 RETURNING *"),
    );
    expect(await refusal()).toContain("lacks migrations: 0006_changes.sql and on. Run `relata migrate` first");
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
