import type { FollowedTenant } from "./followed-tenant.ts";
import type { ResidencyOptions } from "./residency-options.ts";
import type { ResidentGraph } from "./resident-graph.ts";
import type { SlicedJob, Slices } from "./slices.ts";

/** Some 50 µs. */
const VERSIONS_PER_STEP = 128;
/** Past states of a tenant, resident or not: 5 MB and 16 KB. A tenant of more writes has a shorter window. */
const MAX_HEADS = 32_768;
const MAX_HEADS_FOLLOWED = 100;

/** Lets go of revisions that have left the window. */
export class Compaction {
  readonly #slices: Slices;
  readonly #options: ResidencyOptions;
  readonly #resized: (tenant: FollowedTenant) => void;
  /** Those with more than their newest revision in the window. */
  readonly #aging = new Set<FollowedTenant>();
  readonly #running = new Set<FollowedTenant>();

  constructor(slices: Slices, options: ResidencyOptions, resized: (tenant: FollowedTenant) => void) {
    this.#slices = slices;
    this.#options = options;
    this.#resized = resized;
  }

  /** The tenant has a revision more, so an older one will leave. */
  published(tenant: FollowedTenant): void {
    this.#aging.add(tenant);
  }

  forget(tenant: FollowedTenant): void {
    this.#aging.delete(tenant);
  }

  /** To be called now and then. */
  sweep(nowMs: number): void {
    for (const tenant of this.#aging) this.#sweepOne(tenant, nowMs);
  }

  #sweepOne(tenant: FollowedTenant, nowMs: number): void {
    const { past, graph } = tenant;
    if (past === undefined) {
      this.forget(tenant);
      return;
    }
    const { windowMs, maxVersions } = this.#options;
    past.trim(nowMs - windowMs, maxVersions, graph === undefined ? MAX_HEADS_FOLLOWED : MAX_HEADS);
    const isDone = graph === undefined || graph.floor >= past.floor;
    if (isDone && past.length === 1) this.forget(tenant);
    // Rejects only when closed.
    if (!isDone && !this.#running.has(tenant)) this.#compact(tenant, graph, past.floor).catch(() => undefined);
  }

  async #compact(tenant: FollowedTenant, graph: ResidentGraph, floor: number): Promise<void> {
    this.#running.add(tenant);
    try {
      await this.#slices.run(new CompactGraph(graph, floor, () => tenant.graph === graph));
      this.#resized(tenant);
    } finally {
      this.#running.delete(tenant);
    }
  }
}

class CompactGraph implements SlicedJob {
  readonly #graph: ResidentGraph;
  readonly #floor: number;
  readonly #stays: () => boolean;

  constructor(graph: ResidentGraph, floor: number, stays: () => boolean) {
    this.#graph = graph;
    this.#floor = floor;
    this.#stays = stays;
  }

  step(): boolean {
    return !this.#stays() || this.#graph.compact(this.#floor, VERSIONS_PER_STEP);
  }
}
