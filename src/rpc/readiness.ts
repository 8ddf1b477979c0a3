import type { Residency } from "../model/residency.ts";
import type { Health } from "./health.ts";

/**
 * Whether requests can be answered, and how well. `degraded`: yes, but what is in memory is too old for `minimize_latency`,
 * so those requests go to Postgres too.
 */
export interface Readiness {
  readonly status: "ready" | "degraded" | "unavailable" | "stopping";
  readonly parts: {
    readonly store: { readonly ok: boolean };
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
  readonly health: Pick<Health, "serving" | "stopping">;
  readonly residency: Pick<Residency, "stats">;
  readonly monotonic: () => number;
  readonly maxStalenessMs: number;
}

export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  const { health, residency, monotonic, maxStalenessMs: boundMs } = options;
  return async () => {
    const serving = await health.serving();
    const { tenants, tail } = residency.stats();
    const silentMs = monotonic() - tail.lastSuccessAtMs;
    const fresh = tenants.length === 0 || silentMs <= boundMs;
    return {
      status: statusOf(serving, health.stopping.aborted, fresh),
      parts: {
        store: { ok: serving || health.stopping.aborted },
        freshness: {
          ok: fresh,
          silentMs: Number.isFinite(silentMs) ? Math.round(silentMs) : null,
          boundMs,
          tenants: tenants.length,
        },
      },
    };
  };
}

function statusOf(serving: boolean, stopping: boolean, fresh: boolean): Readiness["status"] {
  if (stopping) return "stopping";
  if (!serving) return "unavailable";
  return fresh ? "ready" : "degraded";
}

export function canAnswer({ status }: Readiness): boolean {
  return status === "ready" || status === "degraded";
}
