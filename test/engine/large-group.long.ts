import pg from "pg";
import { expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { drive } from "../../src/service/drive.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { compiled, start } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";
import { storeWorld } from "./store-world.ts";

const MEMBERS = 1_000_000;
const TEXT = `
definition user {}
definition group {
  relation member: user | group#member
}
definition document {
  relation viewer: user | group#member
}`;

test("a group of 1,000,000 users on Postgres costs one row", { timeout: 300_000 }, async () => {
  await using database = await createTestDatabase();
  const store = await createPostgresStore({ connection: database.app });
  try {
    const tuples = ["document:1#viewer@group:all#member", "group:all#member@user:first"].map(parseTuple);
    const source = await storeWorld(store, "large", { text: TEXT, tuples });
    await multiplyMembers(database.superuser ?? database.owner);
    const schema = compiled(TEXT);
    for (const [user, decision, rows] of [
      [`u${MEMBERS / 2}`, "allowed", 2],
      ["nobody", "denied", 1],
    ] as const) {
      const solver = start(schema, `document:1#viewer@user:${user}`);
      const begin = performance.now();
      const cost = await drive(solver, source, PLENTY);
      console.log(`${MEMBERS} members, ${user}:`, cost, `${(performance.now() - begin).toFixed(1)} ms`);
      const [outcome] = solver.outcomes();
      expect({
        decision: outcome instanceof RelataError ? outcome : outcome?.decision.kind,
        rows: cost.rows,
        rounds: cost.rounds,
      }).toEqual({
        decision,
        rows,
        rounds: 2,
      });
    }
  } finally {
    await store.close();
  }
});

/** Copies the one member's row under a million other ids. */
async function multiplyMembers(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ column_name: string }>(
      `SELECT column_name FROM information_schema.columns
       WHERE table_schema = 'relata' AND table_name = 'tuple' AND is_generated = 'NEVER' ORDER BY ordinal_position`,
    );
    const columns = rows.map((row) => row.column_name);
    const values = columns.map((column) => (column === "subject_id" ? "'u' || n" : column));
    const { rowCount } = await client.query(
      `INSERT INTO relata.tuple (${columns.join(", ")}) SELECT ${values.join(", ")}
       FROM relata.tuple, generate_series(1, ${MEMBERS}) AS n WHERE subject_id = 'first'`,
    );
    if (rowCount !== MEMBERS) throw new Error(`${rowCount} rows were made`);
  } finally {
    await client.end();
  }
}
