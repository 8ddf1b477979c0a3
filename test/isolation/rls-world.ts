import { randomUUID } from "node:crypto";
import type pg from "pg";

/** Whose a row is: two tenants have one in every table, and the platform where a table has chains, of which one is its own. */
export const OWNERS = ["north", "platform", "south"] as const;
export type Owner = (typeof OWNERS)[number];

const TENANT_IDS: Readonly<Record<Owner, string>> = {
  north: randomUUID(),
  platform: "00000000-0000-0000-0000-000000000000",
  south: randomUUID(),
};

function ownersIn({ columns }: RlsTable): readonly Owner[] {
  return columns.some(({ name }) => name === "chain") ? OWNERS : OWNERS.filter((owner) => owner !== "platform");
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A parent table of the schema with its columns, those it computes itself left out. */
export interface RlsTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Of which the app may UPDATE at least this one. */
  readonly updatable: string | null;
}

/** The column that tells the test whose a row is; no policy knows it. */
const MARK = "rls_owner";

const TABLES = `
  SELECT c.relname AS name,
    json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum) AS columns,
    min(a.attname) FILTER (WHERE has_column_privilege('relata_app', c.oid, a.attnum, 'UPDATE')) AS updatable
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = '' AND a.attidentity = ''
  WHERE c.relnamespace = 'relata'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname <> 'migration' GROUP BY c.oid ORDER BY c.relname COLLATE "C"`;

/** What would keep a row that nothing but row security is about from being planted. Row security stays as it is. */
const CONSTRAINTS = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', conrelid::regclass, conname) AS drop
  FROM pg_constraint JOIN pg_class c ON c.oid = conrelid
  WHERE connamespace = 'relata'::regnamespace AND contype <> 'n' AND conparentid = 0 AND NOT c.relispartition
  UNION ALL
  SELECT format('DROP INDEX IF EXISTS %s CASCADE', i.indexrelid::regclass) FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'relata'::regnamespace AND NOT c.relispartition
  WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`;

/** Plants one row of each owner in every table, past row security. @param admin a superuser's connection */
export async function plantRows(admin: pg.Client): Promise<readonly RlsTable[]> {
  for (const { drop } of (await admin.query<{ drop: string }>(CONSTRAINTS)).rows) await admin.query(drop);
  const { rows: tables } = await admin.query<RlsTable>(TABLES);
  await admin.query("SET session_replication_role = replica");
  for (const table of tables) {
    await admin.query(`DELETE FROM relata.${table.name}`);
    await admin.query(`ALTER TABLE relata.${table.name} ADD COLUMN ${MARK} text`);
    // Such as the one that takes only what continues a chain: this is about row security alone.
    await admin.query(`ALTER TABLE relata.${table.name} DISABLE TRIGGER USER`);
    for (const owner of ownersIn(table)) await admin.query(insertOf(table, owner));
  }
  return tables;
}

/** One row with a value in every column, owned by `owner` as far as its columns can say. */
function insertOf(table: RlsTable, owner: Owner): { readonly text: string; readonly values: string[] } {
  const names = [...table.columns.map(({ name }) => name), MARK];
  const values = [...table.columns.map((column) => plantedValue(table.name, column, owner)), owner];
  const casts = [...table.columns.map(({ type }, at) => `$${at + 1}::text::${type}`), `$${names.length}`];
  return {
    text: `INSERT INTO relata.${table.name} (${names.join(", ")}) VALUES (${casts.join(", ")})`,
    values,
  };
}

function plantedValue(table: string, { name, type }: Column, owner: Owner): string {
  const id = TENANT_IDS[owner];
  const own: Readonly<Record<string, string>> = {
    tenant_id: id,
    tenant_ids: `{${id}}`,
    chain: id,
    slug: owner,
    schema_name: owner,
    ...(table === "tenant" && { id }),
    ...(table.startsWith("schema") && { name: owner }),
    bucket: "0",
    mirror_bucket: "0",
  };
  return own[name] ?? OF_TYPE[type] ?? (type.endsWith("[]") ? "{}" : `x-${owner}`);
}

const OF_TYPE: Readonly<Record<string, string>> = {
  uuid: randomUUID(),
  integer: "1",
  bigint: "1",
  smallint: "1",
  boolean: "true",
  json: "{}",
  jsonb: "{}",
  bytea: "\\x00",
  inet: "127.0.0.1",
  cidr: "127.0.0.0/8",
  date: "2026-01-01",
  "timestamp with time zone": new Date().toISOString(),
  "double precision": "1",
  numeric: "1",
};

/** What a transaction may announce, by its parts. */
export const PARTS = {
  own: { tenant_id: TENANT_IDS.north },
  slug: { tenant_slug: "north" },
  open: { registry: "open" },
  heads: { registry: "heads" },
  trust: { registry: "trust" },
  // Announced by functions that run as the owner, and meant for nobody else.
  retention: { registry: "retention" },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
export type Part = keyof typeof PARTS;

/** As src/storage/postgres/scope.ts announces them, and as an attacker with plain SQL would. */
export const ANNOUNCED: readonly (readonly Part[])[] = [
  [],
  ["own"],
  ["own", "slug"],
  ["slug"],
  ["open"],
  ["own", "open"],
  ["heads"],
  ["trust"],
  ["own", "trust"],
  ["retention"],
  ["own", "retention"],
];

/** What announces nothing. */
export const NOTHING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "empty texts, as they are left behind": { tenant_id: "", tenant_slug: "", registry: "" },
  "a word that is none": { registry: "on" },
  "a word in capitals": { registry: "OPEN" },
  "two words": { registry: "open,trust" },
};

/** What one verb reached: owners of the rows, or `denied` where the app has no such right at all. */
export type Reach = string;

const VERBS = ["select", "insert", "update", "delete"] as const;
export type Verb = (typeof VERBS)[number];

/** Tries every verb on a table under these settings, as whoever `client` is, and leaves nothing behind. */
export async function tryVerbs(
  client: pg.Client,
  table: RlsTable,
  settings: Readonly<Record<string, string>>,
): Promise<Readonly<Record<Verb, Reach>>> {
  const reached: Partial<Record<Verb, Reach>> = {};
  for (const verb of VERBS) {
    await client.query("BEGIN");
    for (const [name, value] of Object.entries(settings))
      await client.query("SELECT set_config($1, $2, true)", [`relata.${name}`, value]);
    reached[verb] = await tryVerb(client, table, verb);
    await client.query("ROLLBACK");
  }
  return reached as Record<Verb, Reach>;
}

async function tryVerb(client: pg.Client, table: RlsTable, verb: Verb): Promise<Reach> {
  const on = `relata.${table.name}`;
  switch (verb) {
    case "select":
      return ownersOf(client, { text: `SELECT ${MARK} FROM ${on}`, values: [] });
    case "insert":
      return tryInserts(client, table);
    case "update": {
      const column = table.updatable;
      if (column === null) return "denied";
      return ownersOf(client, { text: `UPDATE ${on} SET ${column} = ${column} RETURNING ${MARK}`, values: [] });
    }
    case "delete":
      return ownersOf(client, { text: `DELETE FROM ${on} RETURNING ${MARK}`, values: [] });
  }
}

/** Without RETURNING, which would ask for the right to see the row as well. */
async function tryInserts(client: pg.Client, table: RlsTable): Promise<Reach> {
  const taken: string[] = [];
  for (const owner of ownersIn(table)) {
    await client.query("SAVEPOINT before");
    const said = await ownersOf(client, insertOf(table, owner));
    if (said === "denied") return said;
    if (said !== "refused") taken.push(owner);
    await client.query("ROLLBACK TO before");
  }
  return taken.join(" ") || "-";
}

interface Rows {
  readonly [MARK]: string;
}

/** 42501 is both: the words tell no right at all from a row that a policy refuses. */
async function ownersOf(client: pg.Client, query: { text: string; values: readonly string[] }): Promise<Reach> {
  try {
    const { rows } = await client.query<Rows>(query.text, [...query.values]);
    return [...new Set(rows.map((row) => row[MARK]))].toSorted().join(" ") || "-";
  } catch (error) {
    const text = String(error);
    if (text.includes("permission denied")) return "denied";
    if (text.includes("row-level security")) return "refused";
    throw error;
  }
}
