import type { TupleGraph } from "../model/graph.ts";
import type { TupleSource } from "../model/need.ts";
import type { Holding } from "../model/residency.ts";
import type { Head, Revision } from "../model/revision.ts";
import type { TenantPlace } from "../model/tenant.ts";
import { Arrivals } from "./arrivals.ts";
import { PastHeads } from "./past-heads.ts";
import type { ResidentGraph } from "./resident-graph.ts";
import type { TenantReads } from "./tenant-reads.ts";

/** A graph that is being filled, and from `sealed` on catches up with the tenant. */
export interface ArrivingGraph {
  readonly graph: ResidentGraph;
  /** What has been taken in; undefined while it is being filled. */
  sealed: Head | undefined;
  /** Told once: whether the tenant is resident. */
  readonly settled: (resident: boolean) => void;
}

/** What a tenant needs of those who keep it. */
export interface TenantKeeper {
  /** Milliseconds, never backwards. */
  monotonic(): number;
  /** More is known to have happened than has been taken in. */
  behind(tenant: FollowedTenant, urgent: boolean): void;
  /** What memory the tenant holds has changed. */
  resized(tenant: FollowedTenant): void;
  /** There is a revision more. */
  published(tenant: FollowedTenant): void;
  /** The store tells another history than the one that was followed. */
  startedOver(tenant: FollowedTenant, had: Head | undefined, why: string): void;
  sourceOf(tenant: FollowedTenant, revision: Revision, signal: AbortSignal | undefined): TupleSource;
}

/**
 * One tenant: what has been taken in of it, and when that was the newest. What holds, always:
 *
 *  - Everything up to `applied` is in the graph, if there is one, and has closed what the reads' memory knew otherwise. It moves
 *    by `publish` alone, in one synchronous stretch with the graph's.
 *  - `confirmedAtMs` is when a read *began* that found no newer head than `applied`. The head may have been superseded by the
 *    time the answer came; what it was when the read began, it was.
 *  - A head that is older than `applied`, or the same and different, is news of another history (a restored database) if whoever
 *    read it began after `applied` was here; else it is an answer that was overtaken.
 */
export class FollowedTenant implements Holding {
  readonly id: string;
  readonly reads: TenantReads;
  readonly arrivals = new Arrivals();
  place: TenantPlace;
  applied: Head | undefined;
  confirmedAtMs = Number.NEGATIVE_INFINITY;
  graph: ResidentGraph | undefined;
  arriving: ArrivingGraph | undefined;
  past: PastHeads | undefined;
  /** Raised whenever what was begun for the tenant no longer concerns it. */
  epoch = 0;
  ended = false;
  /** The number of the newest use; uses of all tenants are counted together. */
  lastUse = 0;
  /** The newest use when it was pushed out: it takes another one for it to come back. */
  evictedAtUse = -1;
  /** The newest use that the tail has noticed, and when. */
  seenUse = 0;
  usedAtMs: number;
  /** The newest use when it was last considered to be forgotten. */
  lookedAtUse = -1;
  /** Asked about of late, and so polled often. */
  awake = false;
  /** The newest head known to exist that has not been taken in. */
  newest: { readonly head: Head; readonly atMs: number } | undefined;
  readonly #keeper: TenantKeeper;
  /** `applied` was here at this instant, and in the store before. */
  #knownAtMs = Number.NEGATIVE_INFINITY;

  constructor(place: TenantPlace, reads: TenantReads, keeper: TenantKeeper) {
    this.id = place.id;
    this.place = place;
    this.reads = reads;
    this.#keeper = keeper;
    this.usedAtMs = keeper.monotonic();
  }

  learn(head: Head, atMs: number): void {
    if (this.ended) return;
    const { applied } = this;
    if (applied === undefined) {
      if (atMs > this.#knownAtMs) this.#begin(head, atMs);
    } else if (head.revision > applied.revision) {
      const { newest } = this;
      const isNews = newest === undefined || head.revision > newest.head.revision || atMs > newest.atMs;
      if (isNews) this.newest = { head, atMs };
      this.#keeper.behind(this, false);
    } else if (isSameHead(head, applied)) {
      this.confirm(atMs);
    } else if (atMs > this.#knownAtMs) {
      this.startOver(`the database is at revision ${head.revision}`);
    }
  }

  reach(revision: Revision, waitMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.applied !== undefined && this.applied.revision >= revision) return Promise.resolve(true);
    if (this.ended || waitMs <= 0) return Promise.resolve(false);
    const arrived = this.arrivals.wait(revision, waitMs, signal);
    this.#keeper.behind(this, true);
    return arrived;
  }

  headAt(revision: Revision): Head | undefined {
    return this.past?.at(revision);
  }

  graphAt(revision: Revision): TupleGraph | undefined {
    const { graph } = this;
    return graph !== undefined && revision >= graph.floor && revision <= graph.applied ? graph : undefined;
  }

  source(revision: Revision, signal?: AbortSignal): TupleSource {
    return this.#keeper.sourceOf(this, revision, signal);
  }

  /** What all has been taken in up to: the tenant, or a graph that still catches up with it. */
  get takenIn(): Head | undefined {
    const sealed = this.arriving?.sealed;
    if (sealed === undefined || this.applied === undefined) return this.applied;
    return sealed.revision < this.applied.revision ? sealed : this.applied;
  }

  get isBehind(): boolean {
    return this.newest !== undefined || this.arrivals.waiting > 0 || this.arriving?.sealed !== undefined;
  }

  /** What it takes that it is resident, or will be. */
  get bytes(): number {
    if (this.graph !== undefined) return this.graph.bytes + (this.past?.bytes ?? 0);
    return this.arriving?.graph.bytes ?? 0;
  }

  /** Everything of `head.revision` is in, and it was the newest at `newestAtMs`, if that is known. */
  publish(head: Head, changes: number, newestAtMs?: number): void {
    this.graph?.publish(head);
    this.reads.applied(head.revision);
    this.applied = head;
    this.#knownAtMs = this.#keeper.monotonic();
    this.past?.push(head, this.#knownAtMs, changes);
    if (newestAtMs !== undefined) this.confirm(newestAtMs);
    if (this.newest !== undefined && this.newest.head.revision <= head.revision) {
      if (isSameHead(this.newest.head, head)) this.confirm(this.newest.atMs);
      this.newest = undefined;
    }
    this.arrivals.arrived(head.revision);
    this.#keeper.published(this);
  }

  /** No newer head was there at `atMs`. */
  confirm(atMs: number): void {
    if (atMs > this.confirmedAtMs) this.confirmedAtMs = atMs;
  }

  arrive(arriving: ArrivingGraph): void {
    this.arriving = arriving;
    this.#keeper.resized(this);
  }

  /** The arriving graph is filled: it is the tenant at `head`, which was the newest at `atMs` or later. */
  sealed(head: Head, atMs: number): void {
    if (this.arriving !== undefined) this.arriving.sealed = head;
    this.learn(head, atMs);
  }

  /** Has the arriving graph take its place if it has reached `applied`; only between revisions. */
  settle(): void {
    const { arriving, applied } = this;
    if (arriving?.sealed === undefined || arriving.sealed.revision !== applied?.revision) return;
    if (!isSameHead(arriving.sealed, applied)) {
      this.startOver(`its tuples were read at another revision ${applied.revision}`);
      return;
    }
    this.graph = arriving.graph;
    this.arriving = undefined;
    arriving.settled(true);
  }

  /** Its tuples leave memory; its changes are still followed. */
  vacate(): void {
    const { arriving } = this;
    this.graph = undefined;
    this.arriving = undefined;
    arriving?.settled(false);
    this.#keeper.resized(this);
  }

  startOver(why: string): void {
    const had = this.applied;
    this.#forget();
    this.#keeper.startedOver(this, had, why);
  }

  /** Nobody follows it any more: whoever still holds it reads the store. */
  end(): void {
    this.ended = true;
    this.#forget();
  }

  #begin(head: Head, atMs: number): void {
    this.applied = head;
    this.#knownAtMs = this.#keeper.monotonic();
    this.past = new PastHeads(head, this.#knownAtMs);
    this.reads.start(head.revision);
    this.confirm(atMs);
    this.arrivals.arrived(head.revision);
    if (this.arrivals.waiting > 0) this.#keeper.behind(this, true);
    this.#keeper.resized(this);
  }

  #forget(): void {
    this.epoch += 1;
    this.applied = undefined;
    this.confirmedAtMs = Number.NEGATIVE_INFINITY;
    this.#knownAtMs = this.#keeper.monotonic();
    this.newest = undefined;
    this.past = undefined;
    this.reads.stop();
    this.arrivals.end();
    this.vacate();
  }
}

/** Heads of one revision that differ belong to different histories. */
export function isSameHead(a: Head, b: Head): boolean {
  return (
    a.revision === b.revision &&
    a.schemaVersion === b.schemaVersion &&
    a.schemaName === b.schemaName &&
    a.committedAtMs === b.committedAtMs
  );
}
