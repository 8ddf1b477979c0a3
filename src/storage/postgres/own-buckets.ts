import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { RelataError } from "../../errors.ts";
import type { MaintenanceSession, Send } from "./maintenance.ts";
import { translatePgError } from "./sqlstate.ts";
import { sqlBuilder, statement } from "./statement.ts";

const makeOwnBucket = statement()("life_make_bucket", () =>
  sql<{ readonly bucket: number }>`SELECT relata.make_own_bucket() AS bucket`.compile(sqlBuilder),
);
const emptyOwnBucket = statement<{ bucket: number }>()("life_empty_bucket", (arg) =>
  sql`SELECT relata.empty_own_bucket(${arg("bucket")}::int)`.compile(sqlBuilder),
);
const dropOwnBucket = statement<{ bucket: number }>()("life_drop_bucket", (arg) =>
  sql`SELECT relata.drop_own_bucket(${arg("bucket")}::int)`.compile(sqlBuilder),
);

const analyzeRows = statement<{ bucket: number }>()("life_analyze_bucket", (arg) =>
  sql`SELECT relata.analyze_bucket(${arg("bucket")}::int)`.compile(sqlBuilder),
);

/** Has the planner learn what was copied, before anybody asks for it there: 0.2 s or so, and nobody waits. */
export async function analyzeBucket(session: MaintenanceSession, bucket: number): Promise<void> {
  await session.transact({ kind: "registry" }, (send) => send([analyzeRows({ bucket })]));
}

/** A new partition of each table, empty and attached when the transaction commits. @returns its number, never given before. */
export async function makeBucket(send: Send): Promise<number> {
  const [[made]] = await send([makeOwnBucket({})]);
  if (made === undefined) throw new RelataError("INTERNAL", "Internal error.", { detail: "no bucket was made" });
  return made.bucket;
}

/** Removes a partition that no tenant's head names, with all that is in it. What is gone already stays gone. */
export async function dropBucket(
  session: MaintenanceSession,
  bucket: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await session.transact({ kind: "registry" }, (send) => send([emptyOwnBucket({ bucket })]));
  await patiently(() => session.transact({ kind: "registry" }, (send) => send([dropOwnBucket({ bucket })])), signal);
}

/** In all some seconds, of which others waited 50 ms at a time. */
const MOST_ATTEMPTS = 40;

/** What fails rather than wait for a lock, again and again with growing pauses in between. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (translatePgError(error).reason !== "WRITE_CONFLICT" || attempt === MOST_ATTEMPTS) throw error;
      await sleep(Math.min(1_000, 10 * 2 ** attempt), undefined, signal && { signal });
    }
  }
}
