import type { ClientConfig } from "pg";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import type { DocumentsWorkload } from "../workloads/documents.ts";
import { type StatementFigures, timeActs } from "./time-acts.ts";

export interface StorageStatements {
  /** Ten changed tuples each. */
  readonly write: StatementFigures;
  /** The same, by eight writers of eight tenants. */
  readonly writes8: StatementFigures;
  /** The newest revisions of one tenant, and of a hundred. */
  readonly heads1: StatementFigures;
  readonly heads100: StatementFigures;
  /** What the last write did: ten changes. */
  readonly since: StatementFigures;
}

export interface StatementsInput {
  /** As the application role. */
  readonly connection: ClientConfig;
  readonly tenant: TenantPlace;
  readonly work: DocumentsWorkload;
  readonly durationMs: number;
}

const TENANTS = 100;
const WRITERS = 8;
const CHANGES = 10;
const ORIGIN = { actor: "bench", requestId: "bench" };

/** The store's own statements, from this process: with the driver's work, without the service's. */
export async function timeStatements({
  connection,
  tenant,
  work,
  durationMs,
}: StatementsInput): Promise<StorageStatements> {
  const store = await createPostgresStore({ connection, poolMax: WRITERS });
  try {
    const others = await makeTenants(store, work.schema);
    const time = (inFlight: number, act: (turn: number, lane: number) => Promise<unknown>) =>
      timeActs(durationMs, inFlight, act);
    const changes = writerOf(store, work);
    const heads1 = await time(1, () => store.changes.heads([tenant]));
    const heads100 = await time(1, () => store.changes.heads(others));
    const write = await time(1, (turn) => changes(tenant, turn));
    const writes8 = await time(WRITERS, (turn, lane) => changes(others[lane] ?? tenant, turn));
    const { revision: last } = await store.revisions.head(tenant);
    const since = await time(1, () => store.changes.since(tenant, last - 1, 1_000));
    return { heads1, heads100, write, writes8, since };
  } finally {
    await store.close();
  }
}

async function makeTenants(store: Store, schema: string): Promise<readonly TenantPlace[]> {
  const made: TenantPlace[] = [];
  for (let number = 0; number < TENANTS; number += 1) {
    const tenant = await store.tenants.create({ slug: `storage-${number}` }, ORIGIN);
    await store.schemas.write(tenant, { text: schema, expectedVersion: 0, strands: [], origin: ORIGIN });
    made.push(tenant);
  }
  return made;
}

/** Adds ten tuples in even turns and removes others in odd ones. */
function writerOf(store: Store, work: DocumentsWorkload) {
  return (tenant: TenantPlace, turn: number) => {
    const from = (turn - (turn % 2)) * CHANGES;
    const keys = Array.from({ length: CHANGES }, (_, index) => work.change(from + index));
    const unlike = new Map(keys.map((tuple) => [`${tuple.objectId} ${tuple.subjectId}`, tuple]));
    const operation = turn % 2 === 0 ? "touch" : "delete";
    return store.tuples.write(tenant, {
      updates: [...unlike.values()].map((tuple) => ({ operation, tuple })),
      preconditions: [],
      schemaVersion: 1,
      nowMs: Date.now(),
      origin: ORIGIN,
    });
  };
}
