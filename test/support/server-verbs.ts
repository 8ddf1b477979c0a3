import { SILENT_LOGGER } from "../../src/log.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { PlatformCall, TenantCall } from "../../src/service/call.ts";
import type { ServiceLimits } from "../../src/service/limits.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createCall } from "./call.ts";
import { createClock, type TestClock } from "./clock.ts";
import { DOCUMENTS_SCHEMA } from "./server-seed.ts";

export const TEST_LIMITS: ServiceLimits = {
  maxStalenessMs: 1_000,
  tokenWaitMs: 50,
  readableWindowMs: 3_600_000,
  maxUpdatesPerWrite: 10,
  maxPreconditions: 3,
  maxBatchItems: 10,
  maxReadPage: 4,
  maxDelete: 5,
  maxNodes: 1_000,
  maxRows: 1_000,
  maxLookupRows: 1_000,
  maxSchemaBytes: 10_000,
  metadataMaxBytes: 100,
  maxContextualTuples: 10,
  maxContextBytes: 1_000,
  maxCaveatContextBytes: 200,
  maxCandidates: 20,
  maxExpandNodes: 10,
};

/** The verbs over the memory store, with one tenant that has the documents schema. */
export interface TestVerbs {
  readonly verbs: Verbs;
  readonly store: Store;
  readonly clock: TestClock;
  readonly tenant: Tenant;
  readonly call: TenantCall;
  readonly platform: PlatformCall;
  /** A call of another tenant. */
  callOf(tenant: Tenant): TenantCall;
  /** `+document:1#viewer@user:anne`, `~` to touch, `-` to delete. */
  write(...updates: readonly string[]): ReturnType<Verbs["writeTuples"]>;
}

export async function createTestVerbs(
  limits: Partial<ServiceLimits> = {},
  wrap: (store: Store) => Store = (store) => store,
): Promise<TestVerbs> {
  const clock = createClock();
  const store = wrap(createMemoryStore({ now: clock.now }));
  const tokenKeys = [{ id: "k", secret: "s".repeat(32) }];
  const verbs = createVerbs({
    store,
    tokenKeys,
    limits: { ...TEST_LIMITS, ...limits },
    now: clock.now,
    monotonic: clock.now,
    log: SILENT_LOGGER,
  });
  const tenant = await store.tenants.create({ slug: "acme" }, { actor: "test", requestId: "seed" });
  const platform = createCall(clock.now());
  const callOf = (tenant: Tenant): TenantCall => ({ ...platform, nowMs: clock.now(), tenant });
  await verbs.writeSchema(callOf(tenant), { text: DOCUMENTS_SCHEMA, expectedVersion: undefined });
  return {
    verbs,
    store,
    clock,
    tenant,
    platform,
    callOf,
    call: callOf(tenant),
    write: (...updates) => verbs.writeTuples(callOf(tenant), writeRequest(...updates)),
  };
}

const OPERATIONS = { "+": "create", "~": "touch", "-": "delete" } as const;

export function writeRequest(...updates: readonly string[]) {
  return {
    updates: updates.map((text) => ({
      operation: OPERATIONS[text[0] as keyof typeof OPERATIONS],
      tuple: parseTuple(text.slice(1)),
    })),
    preconditions: [],
    idempotencyKey: "",
  };
}
