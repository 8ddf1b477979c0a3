import { sql } from "kysely";
import { RelataError } from "../../errors.ts";
import type { Head } from "../../model/revision.ts";
import type { SchemaChangeRequest, SchemaStore } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { requireSchemaVersion } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { schemaWritten } from "./audit-drafts.ts";
import { lockHead, mirrorRevision, nextHead, tenantScope } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";
import { lookUpStrands, requireNoStrands } from "./strands.ts";
import { whereItIs } from "./written-places.ts";

const readSchema = statement<{ tenantId: string; version: number }>()("read_schema", (arg) =>
  sqlBuilder
    .selectFrom("relata.schema_version as v")
    .innerJoin("relata.tenant_head as h", "h.schema_name", "v.name")
    .select(["v.name", "v.version", "v.source", epochMs("v.created_at").as("created_at_ms")])
    .where("h.tenant_id", "=", arg("tenantId"))
    .where("v.version", "=", arg("version"))
    .compile(),
);

interface AdvanceSchemaArgs {
  readonly tenantId: string;
  readonly name: string;
  readonly source: string;
  readonly revision: number;
  readonly committedAt: string;
  readonly actor: string;
  readonly requestId: string;
}

/**
 * The next version under the name, the head pointed at it, and the revision's row. The name's row is the second lock,
 * always after the head's, so tenants that share a schema cannot deadlock; versions of a shared name count for all of them.
 */
const advanceSchema = statement<AdvanceSchemaArgs>()("advance_schema", (arg) =>
  sql<{ readonly schema_version: number }>`WITH counter AS (
      INSERT INTO relata.schema AS s (name, latest_version) VALUES (${arg("name")}, 1)
      ON CONFLICT (name) DO UPDATE SET latest_version = s.latest_version + 1 RETURNING s.latest_version),
    stored AS (
      INSERT INTO relata.schema_version (name, version, source, created_at)
      SELECT ${arg("name")}, latest_version, ${arg("source")}, ${arg("committedAt")} FROM counter RETURNING version),
    head AS (
      UPDATE relata.tenant_head
      SET revision = ${arg("revision")}, schema_version = stored.version, committed_at = ${arg("committedAt")}
      FROM stored WHERE tenant_id = ${arg("tenantId")} RETURNING tenant_head.*)
    INSERT INTO relata.revision (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id)
    SELECT bucket, tenant_id, revision, schema_name, schema_version, committed_at, ${arg("actor")}, ${arg("requestId")}
    FROM head RETURNING schema_version`.compile(sqlBuilder),
);

export function createSchemaStore(lanes: Reader, sessions: Sessions): SchemaStore {
  return {
    async read(place, version) {
      if (!isVersion(version)) return undefined;
      const [[row]] = await lanes.read(tenantScope(place), [readSchema({ tenantId: place.id, version })]);
      return row && { name: row.name, version: row.version, text: row.source, createdAtMs: row.created_at_ms };
    },
    write: (place, change) => writeSchema(sessions, place, change),
  };
}

/** Two round trips; the probes run behind the head's lock, so no tuple can slip in between them and the new schema. */
async function writeSchema(sessions: Sessions, place: TenantPlace, change: SchemaChangeRequest): Promise<Head> {
  return whereItIs(place, (place) =>
    sessions.transact(tenantScope(place), async (transaction) => {
      const [locked, chain, ...found] = await transaction.begin([
        lockHead(place),
        lockChain(place.id),
        ...lookUpStrands(place, change.strands),
      ] as const);
      const { head, places } = nextHead(locked, place);
      requireSchemaVersion(head.schemaVersion, change.expectedVersion);
      requireNoStrands(change.strands, found);
      const [[row]] = await transaction.commit([
        advanceSchema({
          tenantId: place.id,
          name: head.schemaName,
          source: change.text,
          revision: head.revision,
          committedAt: timestamp(head.committedAtMs),
          actor: change.origin.actor,
          requestId: change.origin.requestId,
        }),
        ...mirrorRevision(places, head),
        ...appendEvents(chain, [schemaWritten(head, change)]),
      ]);
      if (row === undefined) throw new RelataError("INTERNAL", "Internal error.", { detail: "no revision was made" });
      return { ...head, schemaVersion: row.schema_version };
    }),
  );
}

/** Fits PostgreSQL's integer. */
function isVersion(version: number): boolean {
  return Number.isInteger(version) && version > 0 && version < 2 ** 31;
}
