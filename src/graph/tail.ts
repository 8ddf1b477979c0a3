import type { ChangeHint, ChangeStore } from "../model/change.ts";
import { backoffMs } from "./backoff.ts";
import type { FollowedTenant } from "./followed-tenant.ts";
import type { Follower } from "./follower.ts";
import type { ResidencyOptions } from "./residency-options.ts";
import type { TailHealth } from "./tail-health.ts";
import { timedRead } from "./timed-read.ts";

export interface TailDeps {
  readonly changes: ChangeStore;
  readonly follower: Follower;
  readonly health: TailHealth;
  readonly options: ResidencyOptions;
  readonly monotonic: () => number;
  readonly closing: AbortSignal;
  /** After every round: what else is done now and then. */
  readonly ticked: (nowMs: number) => void;
  /** The store does not know the tenant. */
  readonly missing: (tenant: FollowedTenant) => void;
}

/** Of one statement: the driver takes its answer apart in half a millisecond. */
const HEADS_PER_READ = 250;

/** Finds out which tenants have moved: by asking again and again, and at once where there is a hint. */
export class Tail {
  readonly #deps: TailDeps;
  readonly #awake = new Set<FollowedTenant>();
  /** In the order in which they are asked about. */
  readonly #idle = new Set<FollowedTenant>();
  /** Nothing is known of them. */
  readonly #unknown = new Set<FollowedTenant>();
  readonly #hinted = new Set<FollowedTenant>();
  #pollTimer: NodeJS.Timeout | undefined;
  #hintTimer: NodeJS.Timeout | undefined;
  #hintsPulledAtMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #askEverybody = false;

  constructor(deps: TailDeps) {
    this.#deps = deps;
    this.#pollAfter(deps.options.pollIntervalMs);
  }

  /** Tenants in use. */
  get awake(): ReadonlySet<FollowedTenant> {
    return this.#awake;
  }

  /** From now on the tenant is asked about, beginning at once. */
  follow(tenant: FollowedTenant): void {
    this.#idle.add(tenant);
    this.#unknown.add(tenant);
    this.#ask();
  }

  /** Somebody uses it: often from now on. */
  wake(tenant: FollowedTenant): void {
    tenant.awake = true;
    tenant.usedAtMs = this.#deps.monotonic();
    this.#idle.delete(tenant);
    this.#awake.add(tenant);
  }

  forget(tenant: FollowedTenant): void {
    for (const set of [this.#awake, this.#idle, this.#unknown, this.#hinted]) set.delete(tenant);
  }

  /** It is known to have moved. `urgent`: somebody waits for that. */
  behind(tenant: FollowedTenant, urgent: boolean): void {
    if (tenant.ended || this.#deps.closing.aborted) return;
    if (tenant.applied === undefined) {
      this.#unknown.add(tenant);
      this.#ask();
    } else if (urgent) {
      this.#deps.follower.pull(tenant, true);
    } else {
      this.#hinted.add(tenant);
      this.#hintTimer ??= setTimeout(() => this.#pullHinted(), this.#hintPauseMs()).unref();
    }
  }

  /** Taking in what happened to it failed: with the next round. */
  again(tenant: FollowedTenant): void {
    this.#hinted.add(tenant);
  }

  heard(hint: ChangeHint, find: (tenantId: string) => FollowedTenant | undefined): void {
    if (hint.kind === "lost") {
      this.#askEverybody = true;
      if (this.#pollTimer !== undefined) this.#pollAfter(0);
      return;
    }
    const tenant = find(hint.tenantId);
    if (tenant?.applied !== undefined && tenant.applied.revision < hint.revision) this.behind(tenant, false);
  }

  close(): void {
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#hintTimer);
  }

  #pollAfter(pauseMs: number): void {
    clearTimeout(this.#pollTimer);
    this.#pollTimer = setTimeout(() => void this.#poll(), pauseMs).unref();
  }

  async #poll(): Promise<void> {
    const { options, health, closing } = this.#deps;
    this.#pollTimer = undefined;
    const beganAtMs = performance.now();
    try {
      await this.#round();
    } catch (error) {
      health.failed(error);
    }
    if (closing.aborted) return;
    const restMs = Math.max(options.pollIntervalMs / 4, options.pollIntervalMs - (performance.now() - beganAtMs));
    const { failuresInARow } = health;
    const pauseMs = failuresInARow > 0 ? backoffMs(options.pollIntervalMs, failuresInARow) : restMs;
    this.#pollAfter(this.#askEverybody ? 0 : pauseMs);
  }

  async #round(): Promise<void> {
    const { options, monotonic, ticked } = this.#deps;
    fallAsleep(this.#awake, this.#idle, monotonic(), options.idleAfterMs);
    const share = this.#askEverybody ? 1 : Math.min(1, options.pollIntervalMs / options.idlePollMs);
    this.#askEverybody = false;
    const isWell = await askAll([...this.#awake], this.#deps);
    if (isWell) await askAll(takeTurns(this.#idle, Math.ceil(this.#idle.size * share)), this.#deps);
    if (this.#deps.closing.aborted) return;
    ticked(monotonic());
    this.#pullHinted();
  }

  /** Those of whom nothing is known, without waiting for the next round; all that have come meanwhile in one statement. */
  #ask(): void {
    if (this.#isAsking || this.#unknown.size === 0 || this.#deps.closing.aborted) return;
    this.#isAsking = true;
    setImmediate(async () => {
      const tenants = [...this.#unknown];
      this.#unknown.clear();
      await askAll(tenants, this.#deps);
      this.#isAsking = false;
      this.#ask();
    });
  }

  /** Rare news is taken in promptly; news that keeps coming, together: each read costs far more than the changes it brings. */
  #hintPauseMs(): number {
    const { hintDelayMs, hintSpacingMs } = this.#deps.options;
    return Math.max(hintDelayMs, this.#hintsPulledAtMs + hintSpacingMs - performance.now());
  }

  #pullHinted(): void {
    clearTimeout(this.#hintTimer);
    this.#hintTimer = undefined;
    const tenants = [...this.#hinted];
    this.#hinted.clear();
    if (tenants.length > 0) this.#hintsPulledAtMs = performance.now();
    for (const tenant of tenants) this.#deps.follower.pull(tenant);
  }
}

/**
 * In as many statements as it takes, one after the other, up to the first that fails: the next round asks again.
 * @returns whether none has failed
 */
async function askAll(all: readonly FollowedTenant[], deps: TailDeps): Promise<boolean> {
  try {
    for (let index = 0; index < all.length && !deps.closing.aborted; index += HEADS_PER_READ) {
      await askHeads(all.slice(index, index + HEADS_PER_READ), deps);
    }
    return true;
  } catch (error) {
    if (!deps.closing.aborted) deps.health.failed(error);
    return false;
  }
}

async function askHeads(tenants: readonly FollowedTenant[], deps: TailDeps): Promise<void> {
  const { health, monotonic } = deps;
  const places = tenants.map(({ place }) => place);
  const beganAtMs = monotonic();
  health.polls += 1;
  const heads = await timedRead("reading the newest revisions", health.timeoutMs, deps.closing, (signal) =>
    deps.changes.heads(places, signal),
  );
  health.succeeded(beganAtMs);
  for (const tenant of tenants) {
    if (tenant.ended) continue;
    const head = heads.get(tenant.id);
    if (head === undefined) deps.missing(tenant);
    else tenant.learn(head, beganAtMs);
  }
}

/** Moves those whom nobody has asked about since. */
function fallAsleep(awake: Set<FollowedTenant>, idle: Set<FollowedTenant>, nowMs: number, idleAfterMs: number): void {
  for (const tenant of awake) {
    if (tenant.seenUse !== tenant.lastUse) {
      tenant.seenUse = tenant.lastUse;
      tenant.usedAtMs = nowMs;
    }
    if (tenant.usedAtMs > nowMs - idleAfterMs) continue;
    tenant.awake = false;
    awake.delete(tenant);
    idle.add(tenant);
  }
}

/** The first `count`, which are the last from now on. */
function takeTurns<T>(set: Set<T>, count: number): readonly T[] {
  const taken: T[] = [];
  for (const item of set) {
    if (taken.length >= count) break;
    taken.push(item);
  }
  for (const item of taken) {
    set.delete(item);
    set.add(item);
  }
  return taken;
}
