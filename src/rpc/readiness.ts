import type { Residency } from "../model/residency.ts";
import type { TrustStats } from "../model/trust-view.ts";
import type { Health } from "./health.ts";

/**
 * Whether requests can be answered, and how well. `unavailable`: the store does not answer, or it is not known which
 * credentials have been revoked and so nobody is let in. `degraded`: yes, but what is in memory is too old for `minimize_latency`,
 * so those requests go to Postgres too.
 */
export interface Readiness {
  readonly status: "ready" | "degraded" | "unavailable" | "stopping";
  readonly parts: {
    readonly store: { readonly ok: boolean };
    readonly credentials: {
      readonly ok: boolean;
      /** Since what is known of them was last confirmed; null when it never was. */
      readonly ageMs: number | null;
      /** Older than this, nobody is let in. */
      readonly boundMs: number;
    };
    readonly freshness: {
      readonly ok: boolean;
      /** Since the newest revisions were last known; null when they never were. */
      readonly silentMs: number | null;
      /** Older than this is too old. */
      readonly boundMs: number;
      /** Whose changes are followed; with none there is nothing to be stale. */
      readonly tenants: number;
    };
  };
}

export interface ReadinessOptions {
  readonly health: Pick<Health, "storeAnswers" | "stopping">;
  readonly trust: { stats(): Pick<TrustStats, "ageMs" | "boundMs"> };
  readonly residency: Pick<Residency, "stats">;
  readonly monotonic: () => number;
  readonly maxStalenessMs: number;
}

export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  const { health, trust, residency, monotonic, maxStalenessMs: boundMs } = options;
  return async () => {
    const answers = await health.storeAnswers();
    const known = trust.stats();
    const confirmed = known.ageMs <= known.boundMs;
    const stopping = health.stopping.aborted;
    const { tenants, tail } = residency.stats();
    const silentMs = monotonic() - tail.lastSuccessAtMs;
    const fresh = tenants.length === 0 || silentMs <= boundMs;
    return {
      status: statusOf(answers && confirmed, stopping, fresh),
      parts: {
        store: { ok: answers || stopping },
        credentials: { ok: confirmed, ageMs: rounded(known.ageMs), boundMs: known.boundMs },
        freshness: {
          ok: fresh,
          silentMs: rounded(silentMs),
          boundMs,
          tenants: tenants.length,
        },
      },
    };
  };
}

function rounded(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

function statusOf(serving: boolean, stopping: boolean, fresh: boolean): Readiness["status"] {
  if (stopping) return "stopping";
  if (!serving) return "unavailable";
  return fresh ? "ready" : "degraded";
}

export function canAnswer({ status }: Readiness): boolean {
  return status === "ready" || status === "degraded";
}
