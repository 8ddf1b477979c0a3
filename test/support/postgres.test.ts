import pg from "pg";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "./postgres.ts";
import { withClient } from "./postgres-template.ts";

describe("createTestDatabase", () => {
  it("gives databases that do not see each other", async () => {
    await using first = await createTestDatabase();
    await using second = await createTestDatabase();
    await withClient(first.owner, (client) => client.query("CREATE TABLE only_here (id int)"));
    await expect(withClient(second.owner, (client) => client.query("SELECT FROM only_here"))).rejects.toThrow(
      'relation "only_here" does not exist',
    );
  });

  it("connects each role under its own name, and the service's without power over row security", async () => {
    await using database = await createTestDatabase();
    const seen: unknown[] = [];
    for (const connection of [database.owner, database.app, database.maintenance]) {
      const sql =
        "SELECT current_user AS name, rolsuper OR rolbypassrls AS mighty FROM pg_roles WHERE rolname = current_user";
      seen.push((await withClient(connection, (client) => client.query(sql))).rows[0]);
    }
    expect(seen).toEqual([
      { name: "relata_owner", mighty: false },
      { name: "relata_app", mighty: false },
      { name: "relata_maintenance", mighty: expect.any(Boolean) },
    ]);
  });

  it("gives a URL that reaches the same database", async () => {
    await using database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.app.url });
    await client.connect();
    const { rows } = await client.query("SELECT current_database() AS name, current_user AS role");
    await client.end();
    expect(rows).toEqual([{ name: database.name, role: "relata_app" }]);
  });

  it("drops a database that is in use, and twice", async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ ...database.owner });
    const lost = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await database.drop();
    await database.drop();
    expect(await lost).toBeInstanceOf(Error);
  });
});
