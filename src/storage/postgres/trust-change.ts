import { sql } from "kysely";
import type { TrustKind } from "../../model/trust-store.ts";
import { type Bound, sqlBuilder, statement } from "./statement.ts";

/**
 * The row lock is held until the commit: versions are a total order without gaps, and who sees one sees all before it. The
 * change belongs to the tenant of the transaction, if it has one.
 */
const bump = statement<{ kind: string; key: string }>()("bump_trust", (arg) =>
  sql<{ readonly version: number }>`WITH head AS (
      UPDATE relata.trust_head SET version = version + 1 WHERE one RETURNING version),
    change AS (
      INSERT INTO relata.trust_change (version, kind, key, tenant_id)
      SELECT version, ${arg("kind")}, ${arg("key")}, nullif(current_setting('relata.tenant_id', true), '')::uuid FROM head)
    SELECT version FROM head`.compile(sqlBuilder),
);

/**
 * Tells every process that something it may remember is not as it was. The last statement of its transaction before COMMIT:
 * all such transactions of a database queue here. After the commit call `announceTrust`.
 */
export function bumpTrust(kind: TrustKind, key: string): Bound<{ readonly version: number }> {
  return bump({ kind, key });
}
