import { createResidency } from "../../src/graph/residency.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import { accessOf } from "../../src/model/access.ts";
import type { TupleSource } from "../../src/model/need.ts";
import { SCOPES } from "../../src/model/scope.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { ServiceLimits } from "../../src/service/limits.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";

/** What was asked of the store. */
export interface Counted {
  /** Calls, each of which would be a round trip. */
  rounds: number;
  /** Tuples that came back. */
  rows: number;
}

/** The verbs over tuples in memory, without transport and without limits. */
export interface World extends AsyncDisposable {
  readonly verbs: Verbs;
  readonly call: TenantCall;
  /** Since the world was made. */
  readonly counted: Counted;
}

const UNLIMITED = 1_000_000_000;
export const UNLIMITED_WORK: ServiceLimits = {
  maxStalenessMs: 60_000,
  tokenWaitMs: 50,
  readableWindowMs: 3_600_000,
  maxUpdatesPerWrite: UNLIMITED,
  maxPreconditions: UNLIMITED,
  maxBatchItems: UNLIMITED,
  maxReadPage: 1_000,
  maxDelete: UNLIMITED,
  maxNodes: UNLIMITED,
  maxRows: UNLIMITED,
  maxLookupRows: UNLIMITED,
  maxSchemaBytes: UNLIMITED,
  metadataMaxBytes: UNLIMITED,
  maxContextualTuples: UNLIMITED,
  maxContextBytes: UNLIMITED,
  maxCaveatContextBytes: UNLIMITED,
  maxCandidates: UNLIMITED,
  maxExpandNodes: UNLIMITED,
};
const ORIGIN = { actor: "bench", requestId: "bench" };

export interface WorldOptions {
  /** All tuples are in the resident graph, as a server has them. Default: every read goes to the store, and is counted. */
  readonly isResident?: boolean;
}

export async function createWorld(
  schema: string,
  tuples: Iterable<Tuple>,
  { isResident = false }: WorldOptions = {},
): Promise<World> {
  const counted: Counted = { rounds: 0, rows: 0 };
  const now = Date.now;
  const store = countingStore(createMemoryStore({ now }), counted);
  const tokenKeys = [{ id: "bench", secret: "0123456789abcdef0123456789abcdef" }];
  const log = SILENT_LOGGER;
  const residency = isResident ? createResidency({ store, log, monotonic: () => performance.now() }) : undefined;
  const verbs = createVerbs({ store, tokenKeys, limits: UNLIMITED_WORK, now, log, ...(residency && { residency }) });
  const tenant = await store.tenants.create({ slug: "bench" }, ORIGIN);
  const call = unlimitedCall(tenant, now());
  await verbs.writeSchema(call, { text: schema, expectedVersion: undefined });
  const updates = Array.from(tuples, (tuple) => ({ operation: "create" as const, tuple }));
  await store.tuples.write(tenant, { updates, preconditions: [], schemaVersion: 1, nowMs: now(), origin: ORIGIN });
  await residency?.warm([tenant]);
  return { verbs, call, counted, [Symbol.asyncDispose]: async () => residency?.close() };
}

/** Of one who may do everything. */
export function unlimitedCall(tenant: TenantCall["tenant"], nowMs: number): TenantCall {
  const principal = {
    issuer: "bench",
    subject: "bench",
    actor: "bench",
    credential: "jwt",
    access: accessOf(SCOPES),
    grant: { kind: "platform" as const },
    issuedAtMs: nowMs,
    expiresAtMs: Number.POSITIVE_INFINITY,
  };
  return {
    principal,
    access: principal.access,
    tenant,
    requestId: "bench",
    address: "",
    signal: new AbortController().signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    nowMs,
  };
}

function countingStore(store: Store, counted: Counted): Store {
  const count = <Answers extends readonly (readonly unknown[])[]>(answers: Answers): Answers => {
    counted.rounds += 1;
    for (const answer of answers) counted.rows += answer.length;
    return answers;
  };
  const counting = (source: TupleSource): TupleSource => ({
    read: async (needs, maxRows) => count(await source.read(needs, maxRows)),
    scanSubjects: async (scans, limit) => count(await source.scanSubjects(scans, limit)),
    scanObjects: async (scans, limit) => count(await source.scanObjects(scans, limit)),
  });
  const source: Store["tuples"]["source"] = (...args) => counting(store.tuples.source(...args));
  return { ...store, tuples: { ...store.tuples, source } };
}
