import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { withClient } from "../support/postgres-template.ts";
import { plantRows, type Reach, type RlsTable, SETTINGS, type Setting, tryVerbs, type Verb } from "./rls-world.ts";

/**
 * As relata_app with plain SQL, which is what somebody has who took over the service: every table, every verb, every setting. A
 * new table falls in by itself, and is held to the rule; whatever it opens beyond that has to be said here.
 */
const RULE: Partial<Readonly<Record<Setting, Reach>>> = {
  north: "north",
  "north and its slug": "north",
  "north, open": "north",
};

type Reaches = Partial<Readonly<Record<Verb, Reach>>>;

/** What is told of more than one tenant, or of none: by table and setting. */
const OPENED: Readonly<Record<string, Partial<Readonly<Record<Setting, Reaches>>>>> = {
  // The registry: readable by id, by slug or, for platform work, whole; made in platform work alone.
  tenant: {
    north: { insert: "-" },
    "north and its slug": { insert: "-" },
    "north's slug": { select: "north" },
    open: { select: "north south", insert: "north south" },
    "north, open": { select: "north south", insert: "north south" },
  },
  // Which revision each tenant is at, and nothing else of anybody.
  tenant_head: { heads: { select: "north south" } },
};

/** Where rows may be removed. Everywhere else not even the own tenant's. */
const DELETABLE: ReadonlySet<string> = new Set([]);

let database: TestDatabase;
let tables: readonly RlsTable[];
beforeAll(async () => {
  database = await createTestDatabase();
  const admin = database.superuser;
  if (admin === undefined) throw new Error("only a superuser can plant rows of every tenant");
  tables = await withClient(admin, plantRows);
});
afterAll(() => database.drop());

test("every table and every exception is met", () => {
  const names = tables.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(6);
  expect(Object.keys(OPENED).filter((name) => !names.includes(name))).toEqual([]);
});

test.each(Object.keys(SETTINGS) as Setting[])(
  "under %s, the app reaches what it must and nothing else",
  async (setting) => {
    const expected: Record<string, Reaches> = {};
    const reached: Record<string, Reaches> = {};
    await withClient(database.app, async (client) => {
      for (const table of tables) {
        const found = await tryVerbs(client, table, setting);
        reached[table.name] = found;
        expected[table.name] = expectedOf(table, setting, found);
      }
    });
    expect(reached).toEqual(expected);
  },
);

function expectedOf(table: RlsTable, setting: Setting, found: Readonly<Record<Verb, Reach>>): Reaches {
  const own = RULE[setting] ?? "-";
  const opened = OPENED[table.name]?.[setting];
  // No right at all is always less than what is expected of one.
  const unlessDenied = (verb: Verb) => (found[verb] === "denied" ? "denied" : (opened?.[verb] ?? own));
  return {
    select: opened?.select ?? own,
    insert: unlessDenied("insert"),
    // A row that may be seen and not written is refused, not passed over.
    update: found.update === "refused" && opened?.select !== undefined ? "refused" : unlessDenied("update"),
    delete: DELETABLE.has(table.name) ? unlessDenied("delete") : "denied",
  };
}

test("no partition is open to the app by itself, in any verb or any column", async () => {
  const { rows } = await withClient(database.owner, (client) =>
    client.query(`SELECT c.relname FROM pg_class c
      WHERE c.relnamespace = 'relata'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p')
        AND (has_table_privilege('relata_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
          OR has_any_column_privilege('relata_app', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))`),
  );
  expect(rows).toEqual([]);
  const { rows: count } = await withClient(database.owner, (client) =>
    client.query(`SELECT count(*)::int AS partitions FROM pg_class WHERE relnamespace = 'relata'::regnamespace
      AND relispartition AND relkind = 'r'`),
  );
  expect(count[0].partitions).toBeGreaterThanOrEqual(128);
});
