import pg from "pg";
import type { EmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import type { History } from "./checker.ts";
import type { JournalEntry } from "./journal.ts";

/** What the tables hold of one tenant, past relata: read by the superuser, or the owner of the tables. */
export async function readHistory(
  connection: pg.ClientConfig,
  tenant: string,
  journals: readonly JournalEntry[],
): Promise<History> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    // Row security holds for an owner, too.
    await client.query("SELECT set_config('relata.registry', 'open', false)");
    const tenantOf = "SELECT set_config('relata.tenant_id', id::text, false) FROM relata.tenant WHERE slug = $1";
    await client.query(tenantOf, [tenant]);
    const heads = await client.query<{ id: string; revision: string }>(
      `SELECT tenant.id, head.revision FROM relata.tenant JOIN relata.tenant_head AS head ON head.tenant_id = tenant.id
       WHERE tenant.slug = $1`,
      [tenant],
    );
    const [head] = heads.rows;
    if (head === undefined) throw new Error(`tenant ${tenant} is gone`);
    const revisions = await client.query<{ revision: string; write: string | null }>(
      "SELECT revision, metadata ->> 'write' AS write FROM relata.revision WHERE tenant_id = $1 ORDER BY revision",
      [head.id],
    );
    const rows = await client.query<{ tuple: string; created: string; deleted: string | null }>(
      `SELECT object_type || ':' || object_id || '#' || relation || '@' || subject_type || ':' || subject_id AS tuple,
         created_rev AS created, nullif(deleted_rev, 9223372036854775807) AS deleted
       FROM relata.tuple WHERE tenant_id = $1`,
      [head.id],
    );
    return {
      head: Number(head.revision),
      revisions: revisions.rows.map(({ revision, write }) => ({
        revision: Number(revision),
        write: write ?? undefined,
      })),
      rows: rows.rows.map(({ tuple, created, deleted }) => ({
        tuple,
        createdRev: Number(created),
        deletedRev: deleted === null ? undefined : Number(deleted),
      })),
      journals,
    };
  } finally {
    await client.end();
  }
}

/** One of the processes of PostgreSQL that serve relata. */
export async function findBackend({ connection }: EmbeddedPostgres): Promise<number | undefined> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    const sql =
      "SELECT pid FROM pg_stat_activity WHERE usename = 'relata_app' ORDER BY query_start DESC NULLS LAST LIMIT 1";
    return (await client.query<{ pid: number }>(sql)).rows[0]?.pid;
  } finally {
    await client.end();
  }
}
