import { SILENT_LOGGER } from "../../src/log.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import type { TenantCall } from "../../src/service/call.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { createCall } from "../support/call.ts";
import { TEST_LIMITS } from "../support/server-verbs.ts";
import type { Memory } from "./memory-modes.ts";

/** The verbs over a store, with limits that no random world comes near. */
export interface Service {
  readonly verbs: Verbs;
  /** Stores a world as a tenant of its own. */
  enter(world: { readonly text: string; readonly tuples: readonly Tuple[] }): Promise<TenantCall>;
}

const PLENTY = 1_000_000;
const UPDATES = 1_000;

/** @param nowMs the instant of every call @param memory where it comes between the verbs and the store */
export function openService(store: Store, nowMs: number = NOW_MS, memory?: Memory): Service {
  const verbs = createVerbs({
    store,
    ...(memory !== undefined && { residency: memory.residency }),
    tokenKeys: [{ id: "k", secret: "s".repeat(32) }],
    limits: {
      ...TEST_LIMITS,
      readableWindowMs: Number.MAX_SAFE_INTEGER,
      maxUpdatesPerWrite: PLENTY,
      maxBatchItems: PLENTY,
      maxNodes: PLENTY,
      maxRows: PLENTY,
      maxLookupRows: PLENTY,
      maxExpandNodes: PLENTY,
      maxCandidates: PLENTY,
      maxContextualTuples: PLENTY,
      maxContextBytes: PLENTY,
      maxCaveatContextBytes: PLENTY,
      maxSchemaBytes: PLENTY,
    },
    now: () => nowMs,
    log: SILENT_LOGGER,
  });
  let tenants = 0;
  return {
    verbs,
    enter: async ({ text, tuples }) => {
      tenants += 1;
      const tenant = await store.tenants.create({ slug: `world-${tenants}` }, { actor: "test", requestId: "test" });
      const call = { ...createCall(nowMs), tenant };
      await verbs.writeSchema(call, { text, expectedVersion: undefined });
      const write = async (some: readonly Tuple[]) => {
        for (let start = 0; start < some.length; start += UPDATES) {
          const updates = some.slice(start, start + UPDATES).map((tuple) => ({ operation: "touch" as const, tuple }));
          await verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
        }
        await memory?.settle(tenant);
      };
      if (memory === undefined) await write(tuples);
      else {
        const half = tuples.length >> 1;
        await write(tuples.slice(0, half));
        await write(tuples.slice(half));
      }
      return call;
    },
  };
}
