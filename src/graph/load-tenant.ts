import type { ChangeStore, TupleBatch } from "../model/change.ts";
import { batchPart } from "./batch-part.ts";
import type { FollowedTenant } from "./followed-tenant.ts";
import type { ResidencyOptions } from "./residency-options.ts";
import { ResidentGraph } from "./resident-graph.ts";
import type { SlicedJob, Slices } from "./slices.ts";
import { inTime } from "./timed-read.ts";

export interface LoadDeps {
  readonly changes: ChangeStore;
  readonly slices: Slices;
  readonly options: ResidencyOptions;
  readonly monotonic: () => number;
  readonly closing: AbortSignal;
  /** Takes in what has happened since. */
  readonly pull: (tenant: FollowedTenant) => void;
}

/** A tenant left, or started over, while it was being loaded. */
export const LEFT = "left";
export const RESIDENT = "resident";

/** Up to 0.3 ms, where tables split; 0.08 ms in the middle. */
const TUPLES_PER_STEP = 64;

/**
 * Reads all of a tenant and follows on to the present: snapshot, changes since, resident. Meanwhile requests go to the store.
 * @param grown is told after every batch; false: there is no room for more
 */
export async function loadTenant(
  tenant: FollowedTenant,
  deps: LoadDeps,
  grown: (graph: ResidentGraph) => boolean,
): Promise<typeof LEFT | typeof RESIDENT> {
  const { promise: settled, resolve } = Promise.withResolvers<boolean>();
  const graph = new ResidentGraph();
  const arriving = { graph, sealed: undefined, settled: resolve };
  tenant.arrive(arriving);
  const stays = (): boolean => tenant.arriving === arriving;
  const control = new AbortController();
  try {
    const filled = await fill(tenant, graph, control, deps, () => stays() && grown(graph));
    if (filled === undefined || !stays()) return LEFT;
    tenant.sealed(filled.head, filled.beganAtMs);
    deps.pull(tenant);
    return (await settled) ? RESIDENT : LEFT;
  } finally {
    control.abort();
    if (stays()) tenant.vacate();
  }
}

/** @returns the state that the graph has; undefined when it was told to stop. */
async function fill(
  tenant: FollowedTenant,
  graph: ResidentGraph,
  control: AbortController,
  { changes, slices, options, monotonic, closing }: LoadDeps,
  goOn: () => boolean,
) {
  const timed = <T>(work: Promise<T>): Promise<T> =>
    inTime("reading a tenant", options.batchTimeoutMs, closing, work, (error) => control.abort(error));
  const beganAtMs = monotonic();
  const { head, batches } = await timed(changes.snapshot(tenant.place, control.signal));
  const iterator = batches[Symbol.asyncIterator]();
  for (let next = await timed(iterator.next()); next.done !== true; next = await timed(iterator.next())) {
    await slices.run(new LoadBatch(graph, next.value));
    if (!goOn()) return undefined;
  }
  graph.seal(head);
  return { head, beganAtMs };
}

class LoadBatch implements SlicedJob {
  readonly #graph: ResidentGraph;
  readonly #batch: TupleBatch;
  #next = 0;

  constructor(graph: ResidentGraph, batch: TupleBatch) {
    this.#graph = graph;
    this.#batch = batch;
  }

  step(): boolean {
    const count = Math.min(TUPLES_PER_STEP, this.#batch.count - this.#next);
    if (count > 0) this.#graph.load(batchPart(this.#batch, this.#next, count));
    this.#next += count;
    return this.#next >= this.#batch.count;
  }
}
