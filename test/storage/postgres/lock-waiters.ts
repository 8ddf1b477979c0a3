import type pg from "pg";

/** Not by pg_stat_activity, which stays as it was for the rest of a transaction once it was looked at. */
const WAITERS = `WITH waiting AS MATERIALIZED (SELECT DISTINCT pid, pg_blocking_pids(pid) AS behind FROM pg_locks WHERE NOT granted),
    first AS (SELECT pid FROM waiting WHERE pg_backend_pid() = ANY (behind))
  SELECT pid FROM first UNION SELECT w.pid FROM waiting w JOIN first ON first.pid = ANY (w.behind)`;

/** How many sessions wait for a lock of this one's open transaction, or for one that does. */
export async function waitersOf(client: pg.Client): Promise<number> {
  return (await client.query(WAITERS)).rowCount ?? 0;
}
