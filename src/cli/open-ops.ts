import type { TrustFeed } from "../auth/trust-feed.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { createProcessMetrics } from "../metrics/process-metrics.ts";
import type { RequestMetrics } from "../metrics/request-metrics.ts";
import { residencyMetrics } from "../metrics/residency-metrics.ts";
import { gauge, type MetricFamily, type MetricSource } from "../metrics.ts";
import type { Residency } from "../model/residency.ts";
import type { Health } from "../rpc/health.ts";
import { type OpsServer, startOpsServer } from "../rpc/ops.ts";
import { canAnswer, createReadiness, type Readiness } from "../rpc/readiness.ts";

export interface OpsParts {
  readonly health: Health;
  readonly residency: Residency;
  readonly trust: Pick<TrustFeed, "stats">;
  readonly requests: RequestMetrics;
  readonly monotonic: () => number;
  /** Of other parts that count. */
  readonly sources?: readonly MetricSource[];
}

/** What this process tells of itself, to whoever has the operations port. */
export interface Ops {
  metrics(): Promise<readonly MetricFamily[]>;
  readiness(): Promise<Readiness>;
  stop(): void;
}

export function createOps(config: Config, parts: OpsParts): Ops {
  const { health, residency, trust, requests, monotonic, sources = [] } = parts;
  const process = createProcessMetrics();
  const held = residencyMetrics(residency, monotonic);
  const readiness = createReadiness({ health, residency, trust, monotonic, maxStalenessMs: config.maxStalenessMs });
  return {
    readiness,
    async metrics() {
      const now = await readiness();
      return [
        gauge("relata_ready", "1 while requests can be answered.", Number(canAnswer(now))),
        gauge(
          "relata_degraded",
          "1 while memory is too old for minimize_latency, and Postgres is read.",
          Number(now.status === "degraded"),
        ),
        ...requests.collect(),
        ...held(),
        ...sources.flatMap((collect) => collect()),
        ...process.collect(),
      ];
    },
    stop: () => process.stop(),
  };
}

export function openOpsPort(config: Config, ops: Ops, log: Logger): Promise<OpsServer> {
  return startOpsServer({
    host: config.opsHost,
    port: config.opsPort,
    log,
    metrics: ops.metrics,
    ready: async () => {
      const readiness = await ops.readiness();
      return { ok: canAnswer(readiness), body: readiness };
    },
  });
}
