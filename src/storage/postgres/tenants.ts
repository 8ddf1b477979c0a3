import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import type { ChangeOrigin, TenantStore } from "../../model/store.ts";
import { isTenantId, sharedBucket, type Tenant, type TenantState } from "../../model/tenant.ts";
import { tenantAlreadyExists } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { tenantCreated } from "./audit-drafts.ts";
import { FlightError } from "./flight.ts";
import type { Reader } from "./read-lanes.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";

function selectTenants() {
  return sqlBuilder
    .selectFrom("relata.tenant as t")
    .select(["t.id", "t.slug", "t.bucket", "t.state", "t.schema_name", epochMs("t.created_at").as("created_at_ms")]);
}

const tenantBySlug = statement<{ slug: string }>()("tenant_by_slug", (arg) =>
  selectTenants().where("t.slug", "=", arg("slug")).compile(),
);

const tenantById = statement<{ id: string }>()("tenant_by_id", (arg) =>
  selectTenants().where("t.id", "=", arg("id")).compile(),
);

const tenantPage = statement<{ afterSlug: string; limit: number }>()("tenant_page", (arg) =>
  selectTenants().where("t.slug", ">", arg("afterSlug")).orderBy("t.slug").limit(arg("limit")).compile(),
);

interface NewTenant {
  readonly id: string;
  readonly slug: string;
  readonly schemaName: string;
  readonly bucket: number;
}

const insertTenant = statement<NewTenant>()("insert_tenant", (arg) =>
  sqlBuilder
    .insertInto("relata.tenant")
    .values({ id: arg("id"), slug: arg("slug"), bucket: arg("bucket"), schema_name: arg("schemaName") })
    .returning(epochMs("created_at").as("created_at_ms"))
    .compile(),
);

/** Revision 0: the head, and its row in the history. */
const insertFirstRevision = statement<NewTenant & { actor: string; requestId: string }>()(
  "insert_first_revision",
  (arg) =>
    sql`WITH head AS (
      INSERT INTO relata.tenant_head (tenant_id, bucket, revision, schema_name, schema_version, committed_at)
      VALUES (${arg("id")}, ${arg("bucket")}, 0, ${arg("schemaName")}, 0, clock_timestamp())
      RETURNING *)
    INSERT INTO relata.revision (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id)
    SELECT bucket, tenant_id, revision, schema_name, schema_version, committed_at, ${arg("actor")}, ${arg("requestId")}
    FROM head`.compile(sqlBuilder),
);

export interface SelectedTenant {
  readonly id: string;
  readonly slug: string;
  readonly bucket: number;
  readonly state: TenantState;
  readonly schema_name: string;
  readonly created_at_ms: number;
}

export function toTenant(row: SelectedTenant): Tenant {
  const { id, slug, bucket, state, schema_name: schemaName, created_at_ms: createdAtMs } = row;
  return { id, slug, bucket, schemaName, state, createdAtMs };
}

export function createTenantStore(lanes: Reader, sessions: Sessions): TenantStore {
  return {
    create: (input, by) => createTenant(sessions, input, by),
    async bySlug(slug) {
      const [rows] = await lanes.read({ kind: "slug", slug }, [tenantBySlug({ slug })]);
      return rows[0] && toTenant(rows[0]);
    },
    async byId(id) {
      if (!isTenantId(id)) return undefined;
      const [rows] = await lanes.read({ kind: "tenant", tenantId: id }, [tenantById({ id })]);
      return rows[0] && toTenant(rows[0]);
    },
    async list({ afterSlug = "", limit }) {
      const [rows] = await sessions.read({ kind: "registry" }, [tenantPage({ afterSlug, limit })]);
      return rows.map(toTenant);
    },
  };
}

/** Two round trips: the platform's chain is locked in the first. */
async function createTenant(
  sessions: Sessions,
  { slug, schemaName = slug }: { readonly slug: string; readonly schemaName?: string },
  origin: ChangeOrigin,
): Promise<Tenant> {
  const { actor, requestId } = origin;
  const id = randomUUID();
  const tenant = { id, slug, schemaName, bucket: sharedBucket(id) };
  return sessions.transact({ kind: "registry", tenantId: id }, async (transaction) => {
    const [own, platform] = await transaction.begin([lockChain(id), lockChain(PLATFORM_CHAIN)]);
    const created = tenantCreated(tenant, origin);
    const [[row]] = await transaction
      .commit([
        insertTenant(tenant),
        insertFirstRevision({ ...tenant, actor, requestId }),
        ...appendEvents(own, [created]),
        ...appendEvents(platform, [created]),
      ])
      .catch((error: unknown) => {
        throw isSlugTaken(error) ? tenantAlreadyExists(slug, error) : error;
      });
    return { ...tenant, state: "active", createdAtMs: row?.created_at_ms ?? Number.NaN };
  });
}

function isSlugTaken(error: unknown): boolean {
  const cause = error instanceof FlightError ? error.cause : undefined;
  return cause instanceof pg.DatabaseError && cause.constraint === "tenant_slug_key";
}
