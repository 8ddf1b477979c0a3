import { createResidency, type OwnedResidency } from "../../src/graph/residency.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { TupleBatch } from "../../src/model/change.ts";
import type { Holding, Residency, ResidencyStats } from "../../src/model/residency.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tenant, TenantPlace } from "../../src/model/tenant.ts";

/**
 * How much of a tenant is in memory while it is asked about.
 *  - resident: all of it; half was loaded, and half followed by the tail.
 *  - loading: its load has brought some tuples, and will never end.
 *  - ten_entries: its changes are known, and the last ten things that were read.
 */
export const MODES = ["resident", "loading", "ten_entries"] as const;
export type Mode = (typeof MODES)[number];

/** What is kept in memory for a service's tenants. */
export interface Memory {
  readonly residency: Residency;
  /** Waits until memory is as the mode has it, and knows the newest revision. */
  settle(tenant: Tenant): Promise<void>;
  /** How often a whole tenant was asked for, and was there. */
  readonly graphs: { readonly asked: number; readonly there: number };
  stats(): ResidencyStats;
  close(): Promise<void>;
}

const OPTIONS: Readonly<Record<Mode, Partial<ResidencyOptions>>> = {
  resident: {},
  // Every tenant's load hangs, so each needs a place of its own and all the time there is.
  loading: { maxLoads: 1_000_000, batchTimeoutMs: 2 ** 30 },
  ten_entries: { budgetBytes: 0, cacheEntries: 10 },
};
const WAIT_MS = 10_000;

export function openMemory(store: Store, mode: Mode, options: Partial<ResidencyOptions> = {}): Memory {
  const inner = createResidency({
    store: mode === "loading" ? stalling(store) : store,
    log: SILENT_LOGGER,
    monotonic: () => performance.now(),
    // Tests ask more tenants in a minute than are ever awake, and each only once.
    options: { maxFollowed: 1_000_000, ...OPTIONS[mode], ...options },
  });
  const graphs = { asked: 0, there: 0 };
  return {
    residency: {
      of: (tenant) => counted(inner.of(tenant), graphs),
      known: (tenantId) => inner.known(tenantId),
      stats: () => inner.stats(),
      close: () => inner.close(),
    },
    settle: (tenant) => settle(store, inner, tenant, mode),
    graphs,
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
}

function counted(holding: Holding, graphs: { asked: number; there: number }): Holding {
  return {
    get applied() {
      return holding.applied;
    },
    get confirmedAtMs() {
      return holding.confirmedAtMs;
    },
    learn: (head, atMs) => holding.learn(head, atMs),
    reach: (revision, waitMs, signal) => holding.reach(revision, waitMs, signal),
    headAt: (revision) => holding.headAt(revision),
    graphAt: (revision) => {
      const graph = holding.graphAt(revision);
      graphs.asked += 1;
      if (graph !== undefined) graphs.there += 1;
      return graph;
    },
    source: (revision, signal) => holding.source(revision, signal),
  };
}

async function settle(store: Store, residency: OwnedResidency, tenant: Tenant, mode: Mode): Promise<void> {
  if (mode === "resident") await residency.warm([tenant]);
  const head = (await store.changes.heads([tenant])).get(tenant.id);
  const isThere = await residency.of(tenant).reach(head?.revision ?? 0, WAIT_MS);
  if (!isThere) throw new Error(`memory did not get to revision ${head?.revision} in ${WAIT_MS} ms`);
}

/** Snapshots bring every other tuple of their first batch, and hang. */
function stalling(store: Store): Pick<Store, "changes" | "tuples"> {
  const { changes } = store;
  const snapshot = async (tenant: TenantPlace, signal?: AbortSignal) => {
    const { head, batches } = await changes.snapshot(tenant, signal);
    return { head, batches: firstHalf(batches) };
  };
  return {
    tuples: store.tuples,
    changes: {
      heads: (tenants, signal) => changes.heads(tenants, signal),
      since: (tenant, after, limit, signal) => changes.since(tenant, after, limit, signal),
      count: (tenant, limit, signal) => changes.count(tenant, limit, signal),
      announce: (tenantId, revision) => changes.announce(tenantId, revision),
      listen: (heard, signal) => changes.listen(heard, signal),
      snapshot,
    },
  };
}

async function* firstHalf(batches: AsyncIterable<TupleBatch>): AsyncGenerator<TupleBatch, void, undefined> {
  for await (const batch of batches) {
    yield { ...batch, count: batch.count >> 1 };
    break;
  }
  await new Promise(() => {});
}
