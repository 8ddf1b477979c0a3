import type pg from "pg";
import type { Head } from "../../model/revision.ts";
import type { ServingStore } from "../../model/serving-store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { createAuditStore } from "./audit-store.ts";
import { checkDatabase } from "./boot-check.ts";
import { createChangeStore } from "./changes.ts";
import { clientConfig } from "./connection.ts";
import type { Observer } from "./flight.ts";
import { createRevisionStore } from "./heads.ts";
import { openMaintenance } from "./maintenance.ts";
import { createReadLanes } from "./read-lanes.ts";
import { createSchemaStore } from "./schemas.ts";
import { createSessions } from "./sessions.ts";
import { createTenantLife } from "./tenant-life.ts";
import { createTenantStore } from "./tenants.ts";
import { createTokenServiceStore } from "./token-service.ts";
import { createTrustAnnouncer, createTrustStore } from "./trust-store.ts";
import { deleteMatching } from "./tuple-delete.ts";
import { readPage } from "./tuple-page.ts";
import { createTupleSource } from "./tuple-source.ts";
import { writeTuples } from "./tuple-write.ts";

export interface PostgresStoreOptions {
  /** As the application role; `connectionString` for a URL. */
  readonly connection: pg.ClientConfig;
  /** As the maintenance role, for moving and removing tenants; left out: this store does neither. */
  readonly maintenance?: pg.ClientConfig;
  /** Connections for writes and pages, each used by one at a time. Default 10. */
  readonly poolMax?: number;
  /** Connections that all short reads share. Default 4. */
  readonly readLanes?: number;
  /** The server cancels a statement after this time: DEADLINE_EXCEEDED. Default 15,000. */
  readonly statementTimeoutMs?: number;
  /** Waiting for a connection longer than this is STORE_UNAVAILABLE. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** A shared connection that owes answers and says nothing for so long is given up, and its reads go to a new one. Default 2,500. */
  readonly silenceMs?: number;
  /** Sees every statement. */
  readonly observe?: Observer;
}

/** Half of the time within which a revocation must have reached every node: the other half is for asking again. */
const TRUST_SILENCE_MS = 1_000;

/**
 * The store on PostgreSQL. Checks first that the database and the role are fit (see boot-check.ts).
 * @throws STORE_UNAVAILABLE when the database cannot be reached, STORE_UNFIT when it must not be used as it is.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<ServingStore> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const config = clientConfig({ connection: options.connection, statementTimeoutMs, connectTimeoutMs });
  await checkDatabase(config);
  const silenceMs = options.silenceMs ?? 2_500;
  const shared = { config, statementTimeoutMs, silenceMs, observe: options.observe };
  const lanes = createReadLanes({ ...shared, lanes: options.readLanes ?? 4 });
  const changeLanes = createReadLanes({ ...shared, lanes: 2 });
  const trustLanes = createReadLanes({ ...shared, lanes: 2, silenceMs: Math.min(silenceMs, TRUST_SILENCE_MS) });
  const sessions = createSessions({ ...shared, max: options.poolMax ?? 10 });
  const closing = new AbortController();
  const changes = createChangeStore({ lanes: changeLanes, sessions, closing: closing.signal }, shared);
  const announced = <Answer extends { readonly head: Head }>(place: TenantPlace, answer: Answer): Answer => {
    changes.announce(place.id, answer.head.revision);
    return answer;
  };
  const schemas = createSchemaStore(lanes, sessions);
  const trust = createTrustStore({ lanes, trustLanes, sessions, config, closing: closing.signal });
  const announce = createTrustAnnouncer(lanes);
  const life = createTenantLife({ sessions, maintenance: openMaintenance(options, options.observe), announce });
  return {
    tenants: createTenantStore(lanes, sessions),
    revisions: createRevisionStore(lanes),
    schemas: {
      read: schemas.read,
      write: async (place, change) => announced(place, { head: await schemas.write(place, change) }).head,
    },
    tuples: {
      write: async (place, request) => announced(place, await writeTuples(sessions, place, request)),
      deleteMatching: async (place, request) => announced(place, await deleteMatching(sessions, place, request)),
      page: (place, query, signal) => readPage(sessions, place, query, signal),
      source: (place, revision, signal) => createTupleSource({ short: lanes, long: sessions }, place, revision, signal),
    },
    changes,
    trust,
    life,
    tokenService: createTokenServiceStore({ lanes, sessions, announce }),
    audit: createAuditStore(lanes, sessions),
    ping: () => lanes.read({ kind: "slug", slug: "" }, []).then(() => undefined),
    close: async () => {
      closing.abort();
      await Promise.all([lanes.close(), changeLanes.close(), trustLanes.close(), sessions.close()]);
    },
  };
}
