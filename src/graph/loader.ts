import type { Logger } from "../log.ts";
import { backoffMs } from "./backoff.ts";
import type { Budget } from "./budget.ts";
import { failureFields } from "./failure-fields.ts";
import type { FollowedTenant } from "./followed-tenant.ts";
import { type LoadedSize, LoadProgress } from "./load-progress.ts";
import { type LoadDeps, loadTenant, RESIDENT } from "./load-tenant.ts";
import { timedRead } from "./timed-read.ts";

export interface LoadCounts {
  started: number;
  finished: number;
  refused: number;
  failed: number;
}

export interface LoaderDeps extends LoadDeps {
  readonly budget: Budget;
  readonly log: Logger;
}

/** Why a tenant is not loaded for the time being. */
interface Hold {
  readonly untilMs: number;
  /** The room that it needs; 0 when that is not what it lacks. */
  readonly bytes: number;
  readonly failures: number;
}

/** Counting goes through an index: seconds for ten million. */
const COUNT_TIMEOUT_MS = 60_000;
/** An empty graph's tables, and the first they grow to. */
const SMALLEST_BYTES = 16_384;
/** A tenant for which there was no room is not looked at again before, whatever room there is by then. */
const NO_ROOM_MS = 1_000;
const LONGEST_FAILURE_MS = 60_000;

interface Waiting {
  readonly settled: PromiseWithResolvers<void>;
  /** Also when nobody has used it of late. */
  readonly isOrdered: boolean;
}

/** Brings tenants into memory, a few at a time, in the order in which they were wanted. */
export class Loader {
  readonly counts: LoadCounts = { started: 0, finished: 0, refused: 0, failed: 0 };
  readonly #deps: LoaderDeps;
  readonly #queue = new Map<FollowedTenant, Waiting>();
  readonly #holds = new Map<FollowedTenant, Hold>();
  readonly #loading = new Map<FollowedTenant, PromiseWithResolvers<void>>();
  readonly #sizes = new TupleSizes();

  constructor(deps: LoaderDeps) {
    this.#deps = deps;
  }

  /** These are in use: they are loaded when their turn comes, but for those known not to fit. */
  want(tenants: Iterable<FollowedTenant>): void {
    let roomBytes: number | undefined;
    for (const tenant of tenants) {
      if (!this.#isCandidate(tenant) || this.#queue.has(tenant) || tenant.lastUse === tenant.evictedAtUse) continue;
      roomBytes ??= this.#deps.budget.roomBytes();
      if (!this.#mayTry(tenant, roomBytes)) continue;
      roomBytes -= this.#holds.get(tenant)?.bytes ?? 0;
      this.#queue.set(tenant, { settled: Promise.withResolvers(), isOrdered: false });
    }
    this.#pump();
  }

  /** Used or not. Resolves once it is resident, or cannot be for now. */
  load(tenant: FollowedTenant): Promise<void> {
    const settled = this.#queue.get(tenant)?.settled ?? this.#loading.get(tenant) ?? Promise.withResolvers<void>();
    if (!this.#loading.has(tenant)) this.#queue.set(tenant, { settled, isOrdered: true });
    this.#pump();
    return settled.promise;
  }

  forget(tenant: FollowedTenant): void {
    this.#holds.delete(tenant);
    this.#queue.get(tenant)?.settled.resolve();
    this.#queue.delete(tenant);
  }

  #isCandidate(tenant: FollowedTenant): boolean {
    return (
      tenant.graph === undefined && !tenant.ended && !this.#loading.has(tenant) && this.#deps.budget.limitBytes > 0
    );
  }

  /** Whether what kept the tenant out is over. */
  #mayTry(tenant: FollowedTenant, roomBytes: number): boolean {
    const held = this.#holds.get(tenant);
    if (held === undefined) return true;
    const fits = held.bytes <= roomBytes || held.bytes > this.#deps.budget.limitBytes;
    return fits && this.#deps.monotonic() >= held.untilMs;
  }

  #pump(): void {
    const { options, closing } = this.#deps;
    for (const [tenant, { settled, isOrdered }] of this.#queue) {
      if (this.#loading.size >= options.maxLoads || closing.aborted) return;
      this.#queue.delete(tenant);
      if (!this.#isCandidate(tenant) || !(isOrdered || tenant.awake)) settled.resolve();
      else void this.#start(tenant, settled);
    }
  }

  async #start(tenant: FollowedTenant, settled: PromiseWithResolvers<void>): Promise<void> {
    this.#loading.set(tenant, settled);
    try {
      const tuples = await this.#admit(tenant);
      if (tuples !== undefined && !tenant.ended) await this.#run(tenant, tuples);
    } catch (error) {
      this.#failed(tenant, error);
    } finally {
      this.#loading.delete(tenant);
      this.#deps.budget.release(tenant);
      settled.resolve();
      this.#pump();
    }
  }

  /** @returns how many tuples there are to load; undefined when they would not fit. */
  async #admit(tenant: FollowedTenant): Promise<number | undefined> {
    const { budget, changes, closing } = this.#deps;
    const limit = Math.ceil(this.#sizes.tuplesOf(budget.limitBytes)) + 1;
    const tuples = await timedRead("counting a tenant's tuples", COUNT_TIMEOUT_MS, closing, (signal) =>
      changes.count(tenant.place, limit, signal),
    );
    const bytes = this.#sizes.bytesOf(tuples);
    if (budget.reserve(bytes, tenant)) return tuples;
    this.#refuse(tenant, bytes, tuples);
    return undefined;
  }

  async #run(tenant: FollowedTenant, tuples: number): Promise<void> {
    const { budget, log, monotonic } = this.#deps;
    this.counts.started += 1;
    const progress = new LoadProgress(tenant, tuples, log, monotonic);
    let size: LoadedSize = { tuples: 0, bytes: 0 };
    let isFull = false;
    const outcome = await loadTenant(tenant, this.#deps, (graph) => {
      size = { tuples: graph.tuples, bytes: graph.bytes };
      budget.count(tenant);
      isFull = graph.bytes > budget.limitBytes || !budget.fits();
      progress.loaded(size);
      return !isFull;
    });
    if (isFull) this.#refuse(tenant, bytesLike(tuples, size), tuples);
    if (outcome !== RESIDENT || tenant.graph === undefined) return;
    this.#holds.delete(tenant);
    this.counts.finished += 1;
    this.#sizes.learn(size);
    progress.finished(size);
  }

  #refuse(tenant: FollowedTenant, bytes: number, tuples: number): void {
    const { budget, options, log } = this.#deps;
    if (tenant.ended) return;
    this.counts.refused += 1;
    const isTooLarge = bytes > budget.limitBytes;
    this.#hold(tenant, isTooLarge ? options.refusedForMs : NO_ROOM_MS, bytes, 0);
    // Counting ends where it is too much, so an operator must not take these for what the tenant needs.
    const atLeast = isTooLarge ? { tuplesAtLeast: tuples, bytesAtLeast: Math.round(bytes) } : { tuples, bytes };
    const fields = { tenantId: tenant.id, ...atLeast, budgetBytes: budget.limitBytes };
    if (isTooLarge) log.warn(fields, "a tenant is larger than the budget of memory; it is answered from the database");
    else log.debug(fields, "there is no room for a tenant now; it is answered from the database");
  }

  #failed(tenant: FollowedTenant, error: unknown): void {
    if (this.#deps.closing.aborted || tenant.ended) return;
    this.counts.failed += 1;
    const failures = (this.#holds.get(tenant)?.failures ?? 0) + 1;
    this.#hold(tenant, Math.min(LONGEST_FAILURE_MS, backoffMs(1_000, 0) * 2 ** failures), 0, failures);
    const fields = { tenantId: tenant.id, failures, ...failureFields(error) };
    this.#deps.log.warn(fields, "a tenant could not be loaded; it is answered from the database");
  }

  #hold(tenant: FollowedTenant, forMs: number, bytes: number, failures: number): void {
    this.#holds.set(tenant, { untilMs: this.#deps.monotonic() + forMs, bytes, failures });
  }
}

/** Of a tenant of `tuples`, a part of which took `size`. */
function bytesLike(tuples: number, size: LoadedSize): number {
  return Math.max(size.bytes, size.tuples === 0 ? 0 : (size.bytes / size.tuples) * tuples);
}

/** What a tuple takes, as far as tenants that were loaded tell. */
class TupleSizes {
  #bytesPerTuple = 80;

  bytesOf(tuples: number): number {
    return SMALLEST_BYTES + tuples * this.#bytesPerTuple;
  }

  tuplesOf(bytes: number): number {
    return bytes / this.#bytesPerTuple;
  }

  learn({ tuples, bytes }: LoadedSize): void {
    if (tuples >= 10_000) this.#bytesPerTuple += (bytes / tuples - this.#bytesPerTuple) / 4;
  }
}
