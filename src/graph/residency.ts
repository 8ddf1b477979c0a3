import type { Logger } from "../log.ts";
import type { TupleSource } from "../model/need.ts";
import type { HeldTenant, Residency, ResidencyStats } from "../model/residency.ts";
import type { Head, Revision } from "../model/revision.ts";
import type { Store, TupleStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import { Budget } from "./budget.ts";
import { cachedSource } from "./cached-source.ts";
import { Compaction } from "./compaction.ts";
import { FollowedTenant, type TenantKeeper } from "./followed-tenant.ts";
import { Follower } from "./follower.ts";
import { graphSource } from "./graph-source.ts";
import { Loader } from "./loader.ts";
import { createReadCache, type ReadCache } from "./read-cache.ts";
import { DEFAULT_RESIDENCY, type ResidencyOptions } from "./residency-options.ts";
import { createSlices, type Slices } from "./slices.ts";
import { Tail } from "./tail.ts";
import { TailHealth } from "./tail-health.ts";

/** A residency, and what only who starts the process asks of it. */
export interface OwnedResidency extends Residency {
  /** Loads these tenants, one after the other. Resolves when that is done; what fails is in the log. */
  warm(tenants: readonly TenantPlace[]): Promise<void>;
}

export interface ResidencyDeps {
  readonly store: Pick<Store, "changes"> & { readonly tuples: Pick<TupleStore, "source"> };
  readonly log: Logger;
  /** Milliseconds that never go backwards, whatever happens to the machine's clock: `performance.now`. */
  readonly monotonic: () => number;
  readonly options?: Partial<ResidencyOptions>;
}

/**
 * What is in memory, kept fresh. What holds, and where it is seen to:
 *
 *  1. `applied` never claims a revision whose changes are not all in, in the graph and in what reads remember (apply-page.ts).
 *  2. `confirmedAtMs` is never later than the beginning of the read that found nothing newer (followed-tenant.ts).
 *  3. Every page of changes fits what is there, or the tenant starts over (follower.ts).
 *  4. Loading, applying and compacting share one slice of a millisecond per turn of the event loop (slices.ts).
 *  5. Everything is bounded: tenants followed, loads, bytes, versions, the size of statements (residency-options.ts).
 *  6. Dropping a graph drops a reference: whoever walks it in this turn walks on (followed-tenant.ts).
 *  7. Who waits for a revision is told in the turn in which it is published; any number of them cost one read (arrivals.ts).
 *  8. Every read ends (timed-read.ts); failures are spaced out (backoff.ts) and told once (tail-health.ts).
 *  9. After `close` nothing runs.
 */
export function createResidency(deps: ResidencyDeps): OwnedResidency {
  return new TenantResidency(deps);
}

/** Tenants looked at to find one that has not been used since the last look. */
const MOST_LOOKS = 64;

class TenantResidency implements OwnedResidency, TenantKeeper {
  readonly monotonic: () => number;
  readonly #log: Logger;
  readonly #maxFollowed: number;
  readonly #control = new AbortController();
  /** In the order in which they were met, or found to be in use. */
  readonly #tenants = new Map<string, FollowedTenant>();
  readonly #cache: ReadCache;
  readonly #slices: Slices;
  readonly #budget: Budget;
  readonly #health: TailHealth;
  readonly #compaction: Compaction;
  readonly #loader: Loader;
  readonly #tail: Tail;
  #uses = 0;

  constructor({ store, log, monotonic, options: given }: ResidencyDeps) {
    const options: ResidencyOptions = { ...DEFAULT_RESIDENCY, ...given };
    const { changes } = store;
    const closing = this.#control.signal;
    this.monotonic = monotonic;
    this.#log = log;
    this.#maxFollowed = options.maxFollowed;
    const { cacheBytes: maxBytes, cacheEntries: maxEntries } = options;
    this.#cache = createReadCache(store.tuples, maxEntries === undefined ? { maxBytes } : { maxEntries });
    this.#slices = createSlices();
    this.#budget = new Budget(options.budgetBytes, options.displaceIdleMs, monotonic);
    this.#health = new TailHealth(log, options.readTimeoutMs);
    const shared = { changes, slices: this.#slices, health: this.#health, options, monotonic, closing };
    const resized = (tenant: FollowedTenant) => this.resized(tenant);
    const missing = (tenant: FollowedTenant) => this.#missing(tenant);
    const failed = (tenant: FollowedTenant) => this.#tail.again(tenant);
    this.#compaction = new Compaction(this.#slices, options, resized);
    const follower = new Follower({ ...shared, failed, resized, missing });
    this.#loader = new Loader({ ...shared, budget: this.#budget, log, pull: (tenant) => follower.pull(tenant) });
    this.#tail = new Tail({ ...shared, follower, missing, ticked: (nowMs) => this.#ticked(nowMs) });
    changes.listen((hint) => this.#tail.heard(hint, (id) => this.#tenants.get(id)), closing);
  }

  of(place: TenantPlace): FollowedTenant {
    const known = this.#tenants.get(place.id);
    const tenant = known ?? this.#follow(place);
    // It was moved: what is in memory of it is as true as before, and from now on it is read where it is.
    if (tenant.place.bucket !== place.bucket) tenant.place = place;
    tenant.lastUse = ++this.#uses;
    if (!tenant.awake && !tenant.ended) {
      this.#tail.wake(tenant);
      this.#loader.want([tenant]);
    }
    return tenant;
  }

  known(tenantId: string): FollowedTenant | undefined {
    return this.#tenants.get(tenantId);
  }

  async warm(places: readonly TenantPlace[]): Promise<void> {
    for (const place of places) if (!this.#isClosed) await this.#loader.load(this.of(place));
  }

  stats(): ResidencyStats {
    const nowMs = this.monotonic();
    const { polls, failures, lastSuccessAtMs, appliedRevisions, appliedChanges } = this.#health;
    const { longestMs: longestSliceMs } = this.#slices;
    return {
      budgetBytes: this.#budget.limitBytes,
      residentBytes: this.#budget.usedBytes,
      tenants: [...this.#tenants.values()].map((tenant) => heldTenant(tenant, nowMs)),
      loads: { ...this.#loader.counts },
      evictions: this.#budget.evictions,
      tail: { polls, failures, lastSuccessAtMs, appliedRevisions, appliedChanges, longestSliceMs },
      cache: this.#cache.counts,
    };
  }

  async close(): Promise<void> {
    this.#control.abort();
    this.#tail.close();
    this.#slices.close();
    for (const tenant of [...this.#tenants.values()]) this.#forget(tenant);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  behind(tenant: FollowedTenant, urgent: boolean): void {
    this.#tail.behind(tenant, urgent);
  }

  published(tenant: FollowedTenant): void {
    this.#compaction.published(tenant);
  }

  resized(tenant: FollowedTenant): void {
    this.#budget.count(tenant);
    // One that is being loaded gives up by itself, rather than have those leave that are in use.
    if (tenant.arriving === undefined) this.#budget.enforce(tenant);
    else this.#budget.fits();
  }

  startedOver(tenant: FollowedTenant, had: Head | undefined, why: string): void {
    this.#log.warn(
      { tenantId: tenant.id, revision: had?.revision, why },
      "a tenant's history is not the one that was followed, as after restoring a backup; starting over with it",
    );
    this.#tail.behind(tenant, true);
  }

  sourceOf(tenant: FollowedTenant, revision: Revision, signal: AbortSignal | undefined): TupleSource {
    const stored = (): TupleSource => cachedSource(tenant.reads, revision, signal);
    if (tenant.graphAt(revision) === undefined) return stored();
    return graphSource({ revision, signal, graph: () => tenant.graphAt(revision), store: stored });
  }

  get #isClosed(): boolean {
    return this.#control.signal.aborted;
  }

  #follow(place: TenantPlace): FollowedTenant {
    const tenant: FollowedTenant = new FollowedTenant(
      place,
      this.#cache.reads(() => tenant.place),
      this,
    );
    if (this.#isClosed) {
      tenant.end();
      return tenant;
    }
    if (this.#tenants.size >= this.#maxFollowed) this.#forget(this.#longestUnused());
    tenant.lookedAtUse = this.#uses + 1;
    this.#tenants.set(place.id, tenant);
    this.#tail.follow(tenant);
    return tenant;
  }

  #forget(tenant: FollowedTenant): void {
    if (this.#tenants.get(tenant.id) === tenant) this.#tenants.delete(tenant.id);
    tenant.end();
    this.#tail.forget(tenant);
    this.#loader.forget(tenant);
    this.#compaction.forget(tenant);
  }

  #missing(tenant: FollowedTenant): void {
    const revision = tenant.applied?.revision;
    this.#log.warn({ tenantId: tenant.id, revision }, "a tenant is not in the database any more, or not yet");
    this.#forget(tenant);
  }

  #ticked(nowMs: number): void {
    this.#compaction.sweep(nowMs);
    this.#loader.want(this.#tail.awake);
  }

  /** About: the first that has not been used since it was met or last looked at. To find it exactly would cost every use a move. */
  #longestUnused(): FollowedTenant {
    let looks = 0;
    for (const [id, tenant] of this.#tenants) {
      looks += 1;
      if (tenant.lookedAtUse === tenant.lastUse || looks > MOST_LOOKS) return tenant;
      tenant.lookedAtUse = tenant.lastUse;
      this.#tenants.delete(id);
      this.#tenants.set(id, tenant);
    }
    throw new Error("nobody is followed");
  }
}

function heldTenant(tenant: FollowedTenant, nowMs: number): HeldTenant {
  const graph = tenant.graph ?? tenant.arriving?.graph;
  return {
    tenantId: tenant.id,
    state: tenant.graph !== undefined ? "resident" : tenant.arriving !== undefined ? "loading" : "followed",
    tuples: graph?.tuples ?? 0,
    bytes: tenant.bytes,
    revision: tenant.applied?.revision,
    confirmedAgoMs: nowMs - tenant.confirmedAtMs,
  };
}
