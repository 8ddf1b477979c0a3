import { sql } from "kysely";
import type { Head } from "../../model/revision.ts";
import type { ChangeOrigin, RevisionStore } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { tenantNotFound } from "../refusals.ts";
import type { Reader } from "./read-lanes.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";
import { type LockedPlace, placesOf, type WrittenPlaces } from "./written-places.ts";

interface PlaceArgs {
  readonly bucket: number;
  readonly tenantId: string;
}

export interface SelectedHead {
  readonly revision: number;
  readonly schema_name: string;
  readonly schema_version: number;
  readonly committed_at_ms: number;
}

const readHead = statement<{ tenantId: string }>()("read_head", (arg) =>
  sqlBuilder
    .selectFrom("relata.tenant_head as h")
    .select(["h.revision", "h.schema_name", "h.schema_version", epochMs("h.committed_at").as("committed_at_ms")])
    .select(["h.bucket", "h.mirror_bucket"])
    .where("h.tenant_id", "=", arg("tenantId"))
    .compile(),
);

const readRevision = statement<PlaceArgs & { revision: number }>()("read_revision", (arg) =>
  sqlBuilder
    .selectFrom("relata.revision as r")
    .select(["r.revision", "r.schema_name", "r.schema_version", epochMs("r.committed_at").as("committed_at_ms")])
    .where("r.bucket", "=", arg("bucket"))
    .where("r.tenant_id", "=", arg("tenantId"))
    .where("r.revision", "=", arg("revision"))
    .compile(),
);

export interface LockedHead extends SelectedHead, LockedPlace {
  readonly now_ms: number;
}

/**
 * Locks the head: one writer per tenant, in the order of revisions. `now_ms` is read once the lock is held and never runs
 * backwards within a tenant. By the tenant alone: where its rows are is what the locked row says.
 */
const lockHeadStatement = statement<{ tenantId: string }>()("lock_head", (arg) =>
  sql<LockedHead>`WITH head AS MATERIALIZED (
      SELECT revision, schema_name, schema_version, committed_at, bucket, mirror_bucket FROM relata.tenant_head
      WHERE tenant_id = ${arg("tenantId")} FOR NO KEY UPDATE)
    SELECT revision, schema_name, schema_version, ${epochMs("committed_at")} AS committed_at_ms, bucket, mirror_bucket,
      floor(extract(epoch from greatest(clock_timestamp(), committed_at)) * 1000)::bigint AS now_ms
    FROM head`.compile(sqlBuilder),
);

interface AdvanceArgs {
  readonly tenantId: string;
  readonly revision: number;
  readonly committedAt: string;
  readonly actor: string;
  readonly requestId: string;
  /** JSON text. */
  readonly metadata: string | null;
}

/** The next revision: the head moves and the history gets its row. */
const advanceHead = statement<AdvanceArgs>()("advance_head", (arg) =>
  sql`WITH head AS (
      UPDATE relata.tenant_head SET revision = ${arg("revision")}, committed_at = ${arg("committedAt")}
      WHERE tenant_id = ${arg("tenantId")} RETURNING *)
    INSERT INTO relata.revision
      (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id, metadata)
    SELECT bucket, tenant_id, revision, schema_name, schema_version, committed_at,
      ${arg("actor")}, ${arg("requestId")}, ${arg("metadata")}::json FROM head`.compile(sqlBuilder),
);

/** The same row of the history at the place that a moving tenant comes from. */
const copyRevision = statement<PlaceArgs & { revision: number; mirror: number }>()("mirror_revision", (arg) =>
  sql`INSERT INTO relata.revision
      (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id, metadata)
    SELECT ${arg("mirror")}::int, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id, metadata
    FROM relata.revision r WHERE r.bucket = ${arg("bucket")} AND r.tenant_id = ${arg("tenantId")}
      AND r.revision = ${arg("revision")}`.compile(sqlBuilder),
);

export function placeArgs(place: TenantPlace): PlaceArgs {
  return { bucket: place.bucket, tenantId: place.id };
}

export function tenantScope(place: TenantPlace) {
  return { kind: "tenant", tenantId: place.id } as const;
}

export function bindHead(place: TenantPlace): ReturnType<typeof readHead> {
  return readHead({ tenantId: place.id });
}

export function lockHead(place: TenantPlace): ReturnType<typeof lockHeadStatement> {
  return lockHeadStatement({ tenantId: place.id });
}

/** The head one revision after the locked one, and where it is to be written; see `whereItIs`. */
export function nextHead(
  rows: readonly LockedHead[],
  asked: TenantPlace,
): { readonly head: Head; readonly places: WrittenPlaces } {
  const [row] = rows;
  if (row === undefined) throw tenantNotFound();
  const places = placesOf(row, asked);
  return { head: { ...toHead(row), revision: row.revision + 1, committedAtMs: row.now_ms }, places };
}

export interface RevisionNote {
  readonly origin: ChangeOrigin;
  readonly metadata?: JsonObject;
}

export function advance(places: WrittenPlaces, head: Head, note: RevisionNote): readonly Bound[] {
  const advanced = advanceHead({
    tenantId: places[0].id,
    revision: head.revision,
    committedAt: timestamp(head.committedAtMs),
    actor: note.origin.actor,
    requestId: note.origin.requestId,
    metadata: note.metadata === undefined ? null : JSON.stringify(note.metadata),
  });
  return [advanced, ...mirrorRevision(places, head)];
}

/** Nothing where the tenant is in one place. */
export function mirrorRevision([place, mirror]: WrittenPlaces, { revision }: Head): readonly Bound[] {
  return mirror === undefined ? [] : [copyRevision({ ...placeArgs(place), revision, mirror: mirror.bucket })];
}

export function createRevisionStore(lanes: Reader): RevisionStore {
  return {
    async head(place) {
      const [[row]] = await lanes.read(tenantScope(place), [bindHead(place)]);
      if (row === undefined) throw tenantNotFound();
      return toHead(row);
    },
    async at(place, revision) {
      if (!Number.isSafeInteger(revision) || revision < 0) return undefined;
      const [[row]] = await lanes.read(tenantScope(place), [readRevision({ ...placeArgs(place), revision })]);
      return row && toHead(row);
    },
  };
}

export function toHead(row: SelectedHead): Head {
  return {
    revision: row.revision,
    schemaName: row.schema_name,
    schemaVersion: row.schema_version,
    committedAtMs: row.committed_at_ms,
  };
}
