import pg from "pg";
import type { TenantPlace } from "../../src/model/tenant.ts";
import type { TupleKey } from "../../src/model/tuple.ts";
import { writeColumns } from "../workloads/tuple-columns.ts";

/** Puts tuples into the tenant's first revision, as its owner: some 50,000 a second. */
export async function loadTuples(
  connection: pg.ClientConfig,
  place: TenantPlace,
  tuples: Iterable<TupleKey>,
): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query("SELECT set_config('relata.tenant_id', $1, false)", [place.id]);
    await writeColumns(tuples, (columns) =>
      client.query(
        `INSERT INTO relata.tuple (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id,
            subject_relation, created_rev)
          SELECT $1, $2, t.*, 1 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) t`,
        [place.bucket, place.id, ...columns],
      ),
    );
    await client.query("ANALYZE relata.tuple");
  } finally {
    await client.end();
  }
}
