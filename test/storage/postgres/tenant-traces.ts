import type pg from "pg";
import type { TestDatabase } from "../../support/postgres.ts";
import { asTenant } from "./tenant-rows.ts";

/** Every column that can name a tenant, by the catalog: of tables that are added later, too. */
const COLUMNS = `SELECT c.table_name AS "table", c.column_name AS "column", c.data_type AS type
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = 'relata' AND t.table_type = 'BASE TABLE'
    AND (c.data_type IN ('uuid', 'ARRAY', 'text', 'character varying', 'jsonb', 'json'))
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = format('relata.%I', c.table_name)::regclass)
  ORDER BY 1, 2`;

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** What is open to a look: row security shows no scope everything. */
const REGISTRIES = ["open", "trust", "heads", "", "maintain"];

/**
 * Rows of each table that hold any of the texts in any column that could: the tenant's id, its slug, its schema's name, and
 * whatever else only it has.
 */
export function tracesOf(
  database: TestDatabase,
  tenantId: string,
  texts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  return asTenant(database, tenantId, async (client) => {
    const { rows: columns } = await client.query<Column>(COLUMNS);
    const found = new Map<string, number>();
    for (const [table, of] of Map.groupBy(columns, (column) => column.table)) {
      const rows = await mostRows(client, table, of, texts);
      if (rows > 0) found.set(table, rows);
    }
    return found;
  });
}

async function mostRows(
  client: pg.Client,
  table: string,
  columns: readonly Column[],
  texts: readonly string[],
): Promise<number> {
  const matches = columns.map(({ column }) => `strpos(coalesce("${column}"::text, ''), needle) > 0`).join(" OR ");
  const sql = `SELECT count(DISTINCT (t.tableoid, t.ctid))::int AS rows FROM relata."${table}" t, unnest($1::text[]) AS needle WHERE ${matches}`;
  let most = 0;
  for (const registry of REGISTRIES) {
    await client.query("SELECT set_config('relata.registry', $1, false)", [registry]);
    const { rows } = await client.query<{ rows: number }>(sql, [texts]);
    most = Math.max(most, rows[0]?.rows ?? 0);
  }
  return most;
}
