import { RelataError } from "../errors.ts";
import type { ChangeStore } from "../model/change.ts";
import { ApplyPage, breakOf } from "./apply-page.ts";
import type { FollowedTenant } from "./followed-tenant.ts";
import type { ResidencyOptions } from "./residency-options.ts";
import type { Slices } from "./slices.ts";
import type { TailHealth } from "./tail-health.ts";
import { timedRead } from "./timed-read.ts";

export interface FollowerDeps {
  readonly changes: ChangeStore;
  readonly slices: Slices;
  readonly health: TailHealth;
  readonly options: ResidencyOptions;
  readonly monotonic: () => number;
  readonly closing: AbortSignal;
  /** The store does not know the tenant. */
  readonly missing: (tenant: FollowedTenant) => void;
  /** The tenant is to be pulled again, later. */
  readonly failed: (tenant: FollowedTenant) => void;
  readonly resized: (tenant: FollowedTenant) => void;
}

/** Reads at the same time. More would only wait for each other in the pool that writes need, too. */
const MAX_READS = 4;
/** Of a page, unless one revision has more: the driver takes it apart in about a millisecond. */
const CHANGES_PER_PAGE = 500;

/** Reads what happened to tenants and takes it in: a page of a tenant at a time, never two of the same tenant at once. */
export class Follower {
  readonly #deps: FollowerDeps;
  /** Somebody waits for them, so they go first. */
  readonly #urgent = new Set<FollowedTenant>();
  readonly #ready = new Set<FollowedTenant>();
  readonly #busy = new Set<FollowedTenant>();

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** As soon as there is room: what is committed now will be taken in. */
  pull(tenant: FollowedTenant, urgent = false): void {
    if (this.#deps.closing.aborted || tenant.ended) return;
    (urgent ? this.#urgent : this.#ready).add(tenant);
    this.#pump(this.#urgent);
    this.#pump(this.#ready);
  }

  #pump(waiting: Set<FollowedTenant>): void {
    for (const tenant of waiting) {
      if (this.#busy.size >= MAX_READS) return;
      if (this.#busy.has(tenant)) continue;
      this.#urgent.delete(tenant);
      this.#ready.delete(tenant);
      this.#busy.add(tenant);
      void this.#turn(tenant);
    }
  }

  async #turn(tenant: FollowedTenant): Promise<void> {
    const { closing, health, missing, failed } = this.#deps;
    try {
      if (await takePage(tenant, this.#deps)) (tenant.arrivals.waiting > 0 ? this.#urgent : this.#ready).add(tenant);
    } catch (error) {
      if (closing.aborted || tenant.ended) return;
      if (error instanceof RelataError && error.reason === "TENANT_NOT_FOUND") return missing(tenant);
      health.failed(error);
      failed(tenant);
    } finally {
      this.#busy.delete(tenant);
      if (!closing.aborted) {
        this.#pump(this.#urgent);
        this.#pump(this.#ready);
      }
    }
  }
}

/** @returns whether there is more to be taken in. */
async function takePage(tenant: FollowedTenant, deps: FollowerDeps): Promise<boolean> {
  const from = tenant.takenIn;
  if (from === undefined || tenant.ended) return false;
  const { epoch, newest, arriving } = tenant;
  const wasSealed = arriving?.sealed !== undefined;
  const waiters = tenant.arrivals.count;
  const beganAtMs = deps.monotonic();
  const page = await timedRead("reading changes", deps.health.timeoutMs, deps.closing, (signal) =>
    deps.changes.since(tenant.place, from.revision, CHANGES_PER_PAGE, signal),
  );
  deps.health.succeeded(beganAtMs);
  if (tenant.epoch !== epoch) return false;
  const why = breakOf(page, from, tenant);
  if (why !== undefined) {
    tenant.startOver(why);
    return false;
  }
  if (page.revisions.length === 0 && !page.complete)
    throw new Error("a page of changes without any that is not the last");
  await apply(tenant, new ApplyPage(tenant, page, beganAtMs), deps);
  if (tenant.epoch !== epoch) return false;
  count(page.revisions, deps.health);
  tenant.settle();
  if (page.complete) {
    tenant.confirm(beganAtMs);
    tenant.arrivals.absent(waiters);
    // What was known before the read began, and is not in it, is of a history that is gone.
    if (tenant.newest === newest) tenant.newest = undefined;
    if (wasSealed && tenant.arriving === arriving)
      tenant.startOver("its tuples were read at a revision that is not there");
  }
  deps.resized(tenant);
  return tenant.epoch === epoch && (!page.complete || tenant.isBehind);
}

/** What was half taken in when something broke cannot be told from what was not. */
async function apply(tenant: FollowedTenant, job: ApplyPage, { slices, closing }: FollowerDeps): Promise<void> {
  try {
    await slices.run(job);
  } catch (error) {
    if (!closing.aborted) tenant.startOver(`taking changes in failed: ${String(error)}`);
    throw error;
  }
}

function count(revisions: readonly { readonly changes: readonly unknown[] }[], health: TailHealth): void {
  health.appliedRevisions += revisions.length;
  for (const { changes } of revisions) health.appliedChanges += changes.length;
}
