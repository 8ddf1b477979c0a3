import type pg from "pg";
import type { Store } from "../../model/store.ts";
import { checkDatabase } from "./boot-check.ts";
import { clientConfig } from "./connection.ts";
import type { Observer } from "./flight.ts";
import { createRevisionStore } from "./heads.ts";
import { createReadLanes } from "./read-lanes.ts";
import { createSchemaStore } from "./schemas.ts";
import { createSessions } from "./sessions.ts";
import { createTenantStore } from "./tenants.ts";
import { deleteMatching } from "./tuple-delete.ts";
import { readPage } from "./tuple-page.ts";
import { createTupleSource } from "./tuple-source.ts";
import { writeTuples } from "./tuple-write.ts";

export interface PostgresStoreOptions {
  /** As the application role; `connectionString` for a URL. */
  readonly connection: pg.ClientConfig;
  /** Connections for writes and pages, each used by one at a time. Default 10. */
  readonly poolMax?: number;
  /** Connections that all short reads share. Default 4. */
  readonly readLanes?: number;
  /** The server cancels a statement after this time: DEADLINE_EXCEEDED. Default 15,000. */
  readonly statementTimeoutMs?: number;
  /** Waiting for a connection longer than this is STORE_UNAVAILABLE. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Sees every statement. */
  readonly observe?: Observer;
}

/**
 * The store on PostgreSQL. Checks first that the database and the role are fit (see boot-check.ts).
 * @throws STORE_UNAVAILABLE when the database cannot be reached, STORE_UNFIT when it must not be used as it is.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const config = clientConfig({ connection: options.connection, statementTimeoutMs, connectTimeoutMs });
  await checkDatabase(config);
  const shared = { config, statementTimeoutMs, observe: options.observe };
  const lanes = createReadLanes({ ...shared, lanes: options.readLanes ?? 4 });
  const sessions = createSessions({ ...shared, max: options.poolMax ?? 10 });
  return {
    tenants: createTenantStore(lanes, sessions),
    revisions: createRevisionStore(lanes),
    schemas: createSchemaStore(lanes, sessions),
    tuples: {
      write: (place, request) => writeTuples(sessions, place, request),
      deleteMatching: (place, request) => deleteMatching(sessions, place, request),
      page: (place, query, signal) => readPage(sessions, place, query, signal),
      source: (place, revision, signal) => createTupleSource({ short: lanes, long: sessions }, place, revision, signal),
    },
    ping: () => lanes.read({ kind: "slug", slug: "" }, []).then(() => undefined),
    close: async () => {
      await Promise.all([lanes.close(), sessions.close()]);
    },
  };
}
