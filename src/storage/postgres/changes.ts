import { sql } from "kysely";
import type { ChangeStore } from "../../model/change.ts";
import { createAnnouncer } from "./announce.ts";
import { placeArgs, tenantScope } from "./heads.ts";
import { listenForChanges } from "./listen.ts";
import { readManyHeads } from "./many-heads.ts";
import { readSince } from "./read-changes.ts";
import type { Reader } from "./read-lanes.ts";
import type { Sessions } from "./sessions.ts";
import { readSnapshot, type SnapshotOptions } from "./snapshot.ts";
import { sqlBuilder, statement } from "./statement.ts";
import { LIVE } from "./tuple-columns.ts";

/** From the primary key alone, where the table is vacuumed; stops at the limit. */
const countTuples = statement<{ bucket: number; tenantId: string; limit: number }>()("count_tuples", (arg) =>
  sql<{ readonly count: number }>`SELECT count(*) AS count FROM (SELECT FROM relata.tuple t
    WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND t.deleted_rev = ${LIVE}
    LIMIT ${arg("limit")}) live HAVING count(*) > 0`.compile(sqlBuilder),
);

export interface ChangeReaders {
  /** Lanes of their own: nobody's Check waits behind a page of changes. */
  readonly lanes: Reader;
  readonly sessions: Sessions;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}

export function createChangeStore(readers: ChangeReaders, options: SnapshotOptions): ChangeStore {
  const { lanes, sessions, closing } = readers;
  return {
    heads: (tenants, signal) => readManyHeads(lanes, tenants, signal),
    since: (place, after, limit, signal) => readSince(lanes, place, after, limit, signal),
    async count(place, limit, signal) {
      const [[row]] = await sessions.read(tenantScope(place), [countTuples({ ...placeArgs(place), limit })], signal);
      return row?.count ?? 0;
    },
    snapshot: (place, signal) =>
      readSnapshot(options, place, signal === undefined ? closing : AbortSignal.any([signal, closing])),
    announce: createAnnouncer(lanes),
    listen: (heard, signal) => listenForChanges(options.config, heard, AbortSignal.any([signal, closing])),
  };
}
