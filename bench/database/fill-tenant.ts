import pg from "pg";
import type { TenantPlace } from "../../src/model/tenant.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { writeColumns } from "../workloads/tuple-columns.ts";

/** From here on it is quicker to build the secondary indexes anew than to keep them up to date. */
const REBUILD_FROM = 300_000;
const KEY = "object_type, object_id, relation, subject_type, subject_id, subject_relation";
const TRAITS = "caveat, caveat_context, expires_at";

export interface FillOptions {
  /** Default true. It looks at all tenants' tables: who fills many tenants does it once, behind the last of them. */
  readonly analyze?: boolean;
}

/**
 * Gives a tenant many tuples in one revision, as the owner of the tables and in minutes for ten millions: into a table without
 * indexes first, then sorted by their key, so that the primary key only grows at its end. Whole or not at all.
 */
export async function fillTenant(
  connection: pg.ClientConfig,
  place: TenantPlace,
  tuples: Iterable<Tuple>,
  { analyze = true }: FillOptions = {},
): Promise<{ readonly tuples: number }> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query("SELECT set_config('relata.tenant_id', $1, false), set_config('work_mem', '512MB', false)", [
      place.id,
    ]);
    await client.query("SELECT set_config('maintenance_work_mem', '512MB', false)");
    await client.query("BEGIN");
    const staged = await stage(client, tuples);
    const indexes = staged < REBUILD_FROM ? [] : await dropIndexes(client);
    const at = [place.bucket, place.id];
    await client.query(
      `WITH head AS (
         UPDATE relata.tenant_head SET revision = revision + 1, committed_at = greatest(clock_timestamp(), committed_at)
         WHERE bucket = $1 AND tenant_id = $2 RETURNING *)
       INSERT INTO relata.revision
         (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id)
       SELECT bucket, tenant_id, revision, schema_name, schema_version, committed_at, 'bench', 'fill' FROM head`,
      at,
    );
    await client.query(
      `INSERT INTO relata.tuple (bucket, tenant_id, ${KEY}, ${TRAITS}, created_rev)
       SELECT $1, $2, ${KEY}, ${TRAITS}, (SELECT revision FROM relata.tenant_head WHERE bucket = $1 AND tenant_id = $2)
       FROM staged ORDER BY ${KEY}`,
      at,
    );
    for (const index of indexes) await client.query(index);
    await client.query("COMMIT");
    if (analyze) await client.query("ANALYZE relata.tuple");
    return { tuples: staged };
  } finally {
    await client.end();
  }
}

async function stage(client: pg.Client, tuples: Iterable<Tuple>): Promise<number> {
  const columns = [
    ...KEY.split(", ").map((column) => `${column} text COLLATE "C"`),
    'caveat text COLLATE "C", caveat_context json, expires_at timestamptz',
  ];
  await client.query(`CREATE TEMPORARY TABLE staged (${columns.join(", ")}) ON COMMIT DROP`);
  return await writeColumns(tuples, (key, traits) =>
    client.query(
      `INSERT INTO staged SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
         $7::text[], $8::json[], $9::timestamptz[])`,
      [...key, ...traits],
    ),
  );
}

/** All but the primary key. @returns what makes them again */
async function dropIndexes(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
     FROM pg_index WHERE indrelid = 'relata.tuple'::regclass AND NOT indisprimary`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition.replace(" ON ONLY ", " ON "));
}
