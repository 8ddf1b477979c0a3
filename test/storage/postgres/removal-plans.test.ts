import { afterAll, beforeAll, expect, it } from "vitest";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { parseTuple } from "../../../src/model/tuple-text.ts";
import { MAINTENANCE_PLANS } from "../../../src/storage/postgres/maintenance.ts";
import { removeRevisions, removeTuples } from "../../../src/storage/postgres/move-statements.ts";
import { close as closeTuples } from "../../../src/storage/postgres/tuple-changes.ts";

import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTenant, draft } from "../drafts.ts";
import { openStore } from "./open.ts";

const ROWS = 4_000;
const AT_ONCE = 100;
const WRITTEN_AT_ONCE = 1_000;

let database: TestDatabase;
let store: ServingStore;
let tenant: Tenant;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, database, close } = await openStore());
  tenant = await createTenant(store);
  for (let from = 0; from < ROWS; from += WRITTEN_AT_ONCE) {
    const updates = Array.from({ length: WRITTEN_AT_ONCE }, (_, at) => `create document:${from + at}#viewer@user:anne`);
    await store.tuples.write(tenant, draft(updates));
  }
});
afterAll(() => close());

interface PlanNode {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows that any step of the plan looked at, those it threw away included. */
function rowsLookedAt(node: PlanNode): number {
  const { "Actual Rows": rows, "Actual Loops": loops, Plans: steps = [] } = node;
  const filtered = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Join Filter"] ?? 0);
  return (rows + filtered) * loops + steps.reduce((sum, step) => sum + rowsLookedAt(step), 0);
}

it.each([1, 50])(
  "a write that ends %i tuples looks at those, not at all of the tenant's, in a partition nobody has analyzed",
  async (ended) => {
    const keys = Array.from({ length: ended }, (_, at) => parseTuple(`document:${at}#viewer@user:anne`));
    const [{ text, values } = { text: "", values: [] }] = closeTuples(tenant, keys, 1_000);
    await withClient(database.app, async (client) => {
      await client.query("BEGIN; SET LOCAL enable_seqscan = off");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      const explained = await client.query({ text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values: [...values] });
      expect(rowsLookedAt(explained.rows[0]["QUERY PLAN"][0].Plan), text).toBeLessThan(8 * ended);
      const live = await client.query("SELECT FROM relata.tuple WHERE tenant_id = $1 AND deleted_rev = 1000", [
        tenant.id,
      ]);
      expect(live.rowCount).toBe(ended);
      const { rows } = await client.query("SELECT count(*) FROM relata.tuple WHERE tenant_id = $1", [tenant.id]);
      expect(Number(rows[0].count)).toBe(ROWS);
      await client.query("ROLLBACK");
    });
  },
);

it("a step of a removal looks at the rows it removes, not at all of the tenant's, in a partition nobody has analyzed", async () => {
  const { id: tenantId, bucket } = tenant;
  await withClient(database.maintenance, async (client) => {
    await client.query(`${MAINTENANCE_PLANS}; SET enable_seqscan = off; BEGIN`);
    const open = "SELECT set_config('relata.tenant_id', $1, true), set_config('relata.registry', $2, true)";
    await client.query(open, [tenantId, "heads"]);
    await client.query("DELETE FROM relata.tenant_head WHERE tenant_id = $1", [tenantId]);
    await client.query(open, [tenantId, "open"]);
    for (const { text, values } of [
      removeTuples({ tenantId, bucket, limit: AT_ONCE }),
      removeRevisions({ tenantId, bucket, limit: AT_ONCE }),
    ]) {
      const explained = await client.query({ text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values: [...values] });
      // A dozen steps at most, each of which passes the chunk on.
      expect(rowsLookedAt(explained.rows[0]["QUERY PLAN"][0].Plan), text).toBeLessThan(12 * AT_ONCE);
    }
    const gone = removeTuples({ tenantId, bucket, limit: ROWS });
    const { rows } = await client.query({ text: gone.text, values: [...gone.values] });
    expect(Number(rows[0].rows)).toBe(ROWS - AT_ONCE);
  });
});
