import type { Config } from "../../config.ts";
import { byLabel, counter, gauge, type MetricFamily, type MetricSource } from "../../metrics.ts";
import type { EdgeCall, Ending, Interceptor, Pipeline } from "../edge-call.ts";
import { Account, TenantAccount } from "./account.ts";
import { BoundedBook } from "./bounded-book.ts";
import { FairTurns } from "./fair-turns.ts";
import { createLoopLag, type LoopLag } from "./loop-lag.ts";
import { Refusals } from "./refusals.ts";
import { bucketRule } from "./token-bucket.ts";
import { UnderWay } from "./under-way.ts";
import { WaitingCall } from "./waiting-call.ts";

export type LimitSettings = Pick<
  Config,
  "principalRate" | "principalBurst" | "tenantRate" | "tenantBurst" | "principalConcurrency" | "tenantConcurrency"
>;

/** What one process lets its callers do. */
export interface CallLimits {
  /** Behind admission: who calls, and in which tenant, is known. */
  readonly interceptor: Interceptor;
  readonly collect: MetricSource;
  close(): void;
}

/** Everybody does what they like. */
export const NO_LIMITS: CallLimits = {
  interceptor: (call, next) => next(call),
  collect: () => [],
  close: () => undefined,
};

/** Some 300 bytes each. */
const MAX_ACCOUNTS = 20_000;
/** Later than this, whoever has more than a fair share is refused instead of made to wait. */
const OVERLOAD_LAG_MS = 250;
const CONCURRENCY_RETRY_MS = 250;

export interface CallLimitsDeps {
  /** From 0 to 1, so that those who were refused together do not come back together. */
  readonly random?: () => number;
  readonly lag?: LoopLag;
}

export function createCallLimits(settings: LimitSettings, deps: CallLimitsDeps = {}): CallLimits {
  const { random = Math.random, lag = createLoopLag() } = deps;
  const principalRule = bucketRule(settings.principalRate, settings.principalBurst);
  const tenantRule = bucketRule(settings.tenantRate, settings.tenantBurst);
  const isMetered = principalRule !== undefined || tenantRule !== undefined;
  const principals = new BoundedBook(MAX_ACCOUNTS, (nowMs) => new Account(principalRule, nowMs));
  const tenants = new BoundedBook(MAX_ACCOUNTS, (nowMs) => new TenantAccount(tenantRule, nowMs));
  const principalMax = settings.principalConcurrency || Number.POSITIVE_INFINITY;
  const tenantMax = settings.tenantConcurrency || Number.POSITIVE_INFINITY;
  const turns = new FairTurns();
  const refusals = new Refusals();
  const underWay = new UnderWay();
  const comeBackMs = () => 500 + 1000 * random();
  const tooLate = () => refusals.error("wait", comeBackMs());

  const interceptor: Interceptor = (call, next) => {
    const nowMs = call.startedMs;
    const principal = principals.of(call.principal?.actor ?? "", nowMs);
    const tenant = tenants.of(call.tenant?.id ?? "", nowMs);
    if (isMetered) {
      const principalWaitMs = principal.take(nowMs);
      if (principalWaitMs > 0) return refusals.refuse(principal, "principal_rate", principalWaitMs);
      const tenantWaitMs = tenant.take(nowMs);
      if (tenantWaitMs > 0) return refusals.refuse(tenant, "tenant_rate", tenantWaitMs);
      call.payers = [principal, tenant];
    }
    if (principal.underWay >= principalMax)
      return refusals.refuse(principal, "principal_concurrency", CONCURRENCY_RETRY_MS);
    if (tenant.underWay >= tenantMax) return refusals.refuse(tenant, "tenant_concurrency", CONCURRENCY_RETRY_MS);
    if (lag.lateMs > OVERLOAD_LAG_MS && underWay.isGreedy(tenant))
      return refusals.refuse(tenant, "overload", comeBackMs());
    if (!turns.mayGo(tenant)) {
      const waiting = new WaitingCall(call, next, tooLate);
      turns.wait(tenant, waiting);
      return underWay.count(waiting.ended, principal, tenant);
    }
    const ending = goOn(call, next, turns, tenant);
    return ending === undefined ? undefined : underWay.count(ending, principal, tenant);
  };

  return {
    interceptor,
    collect: () => families(turns, refusals, underWay),
    close() {
      refusals.held.close();
      lag.close();
    },
  };
}

function goOn(call: EdgeCall, next: Pipeline, turns: FairTurns, tenant: TenantAccount): Ending {
  const beganMs = performance.now();
  try {
    return next(call);
  } finally {
    turns.used(tenant, performance.now() - beganMs);
  }
}

function families({ stats }: FairTurns, { counts, held }: Refusals, { calls }: UnderWay): readonly MetricFamily[] {
  const { longestMs } = stats;
  stats.longestMs = 0;
  return [
    byLabel("counter", "relata_limited_total", "Calls that were refused for a limit.", "limit", { ...counts }),
    counter("relata_turn_waits_total", "Calls that had to wait for their tenant's turn.", stats.waited),
    gauge("relata_turn_waiting", "Calls that wait for it now.", stats.waiting),
    gauge("relata_turn_wait_max_seconds", "Longest such wait since this was last asked.", longestMs / 1000),
    gauge("relata_refusals_held", "Refusals that leave slowly, of callers that come back at once.", held.length),
    gauge("relata_calls_waiting", "Calls under way that wait for something.", calls),
  ];
}
