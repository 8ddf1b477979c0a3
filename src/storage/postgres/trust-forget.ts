import { sql } from "kysely";
import type { MaintenanceSession } from "./maintenance.ts";
import { sqlBuilder, statement } from "./statement.ts";

interface ForgetArgs {
  readonly keepMs: number;
  readonly limit: number;
}

/** By the database's clock, which dated them. */
const keptSince = (arg: (key: "keepMs") => number) =>
  sql`clock_timestamp() - make_interval(secs => ${arg("keepMs")}::float8 / 1000)`;

/**
 * The newest change that is old enough stays, and so does everything after it: it is where whoever had taken in all there was at that
 * instant goes on from. So the last one of all always stays.
 */
const forgetChanges = statement<ForgetArgs>()("life_forget_trust_changes", (arg) =>
  sql<{ readonly rows: number }>`WITH oldest AS MATERIALIZED (
      SELECT version, at FROM relata.trust_change WHERE version >= 0 ORDER BY version LIMIT ${arg("limit")}),
    gone AS (DELETE FROM relata.trust_change
      WHERE version < (SELECT max(version) FROM oldest WHERE at < ${keptSince(arg)}) RETURNING 1)
    SELECT count(*) AS rows FROM gone`.compile(sqlBuilder),
);

/** By a range of the index, see `removeTuples`. */
const forgetRevocations = statement<ForgetArgs>()("life_forget_revocations", (arg) =>
  sql<{ readonly rows: number }>`WITH last_row AS MATERIALIZED (SELECT * FROM (
        SELECT obsolete_at, id FROM relata.jwt_revocation WHERE obsolete_at < (SELECT ${keptSince(arg)})
        ORDER BY obsolete_at, id LIMIT ${arg("limit")}) chunk ORDER BY obsolete_at DESC, id DESC LIMIT 1),
    gone AS (DELETE FROM relata.jwt_revocation
      WHERE (obsolete_at, id) <= ((SELECT obsolete_at FROM last_row), (SELECT id FROM last_row)) RETURNING 1)
    SELECT count(*) AS rows FROM gone`.compile(sqlBuilder),
);

/** Of one transaction. */
const ROWS_AT_ONCE = 5_000;

/**
 * Removes changes that every process has long taken in, and revocations that no token can need. A process that was away for longer
 * than `keepMs` finds that the log does not go on where it left off, and reads everything anew.
 */
export async function forgetTrust(session: MaintenanceSession, keepMs: number): Promise<void> {
  const args = { keepMs, limit: ROWS_AT_ONCE };
  for (const forget of [forgetChanges, forgetRevocations])
    for (let rows = 1; rows > 0; ) {
      const [[gone]] = await session.transact({ kind: "trust" }, (send) => send([forget(args)]));
      rows = gone?.rows ?? 0;
    }
}
