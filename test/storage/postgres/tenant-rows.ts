import type pg from "pg";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";

/** Everything that the tables hold of a tenant, bucket by bucket, past relata and past row security. */
export interface TenantRows {
  readonly tuples: ReadonlyMap<number, readonly string[]>;
  readonly revisions: ReadonlyMap<number, readonly string[]>;
}

const TUPLES = `SELECT bucket, concat_ws('|', object_type, object_id, relation, subject_type, subject_id, subject_relation, caveat,
    caveat_context, extract(epoch from expires_at), created_rev, deleted_rev) AS row
  FROM relata.tuple WHERE tenant_id = $1 ORDER BY 2`;
const REVISIONS = `SELECT bucket, concat_ws('|', revision, schema_version, extract(epoch from committed_at), actor, request_id, metadata) AS row
  FROM relata.revision WHERE tenant_id = $1 ORDER BY revision`;

export async function rowsOf(database: TestDatabase, tenantId: string): Promise<TenantRows> {
  return asTenant(database, tenantId, async (client) => ({
    tuples: byBucket((await client.query(TUPLES, [tenantId])).rows),
    revisions: byBucket((await client.query(REVISIONS, [tenantId])).rows),
  }));
}

/** The owner's look, in the tenant's scope. */
export function asTenant<T>(
  database: TestDatabase,
  tenantId: string,
  look: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return withClient(database.owner, async (client) => {
    await client.query(
      "SELECT set_config('relata.tenant_id', $1, false), set_config('relata.registry', 'open', false)",
      [tenantId],
    );
    return look(client);
  });
}

function byBucket(rows: readonly { readonly bucket: number; readonly row: string }[]) {
  return new Map(
    [...Map.groupBy(rows, ({ bucket }) => bucket)].map(([bucket, of]) => [bucket, of.map(({ row }) => row)]),
  );
}
