import type { Config } from "../../config.ts";
import { createLogger, type Logger } from "../../log.ts";
import { createProcessMetrics, type ProcessMetrics } from "../../metrics/process-metrics.ts";
import { counter, gauge, type MetricFamily, mergeFamilies } from "../../metrics.ts";
import { type OpsServer, startOpsServer } from "../../rpc/ops.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Serving } from "./serve-one.ts";
import { createSupervisor, type Ports, type Supervisor } from "./supervisor.ts";

/**
 * The primary process of several workers. It serves no request: it hands out connections, replaces workers that die, and has
 * the operations port, where it speaks for all of them.
 * @returns the exit code of the first worker when that could not start; it has said why
 */
export async function serveWorkers(
  config: Config,
  signal: AbortSignal,
): Promise<Serving | { readonly exit: ExitCode }> {
  const log = createLogger({ level: config.logLevel });
  const supervisor = createSupervisor({ workers: config.workers, log, graceMs: config.shutdownGraceMs });
  const process = createProcessMetrics();
  let ops: OpsServer | undefined;
  const close = async () => {
    log.info({ graceMs: config.shutdownGraceMs }, "stopping workers");
    await supervisor.stop();
    process.stop();
    await ops?.close();
  };
  const stopEarly = () => void supervisor.stop();
  signal.addEventListener("abort", stopEarly, { once: true });
  try {
    // Before the workers: a port that is taken is told at once.
    ops = await startOps(config, { supervisor, process, log });
    const ports = await supervisor.start();
    if ("exit" in ports) await close();
    else log.info({ workers: config.workers, ...portsOf(ports), opsPort: ops.port }, "serving with workers");
    if ("exit" in ports) return { exit: exitCodeOf(ports.exit) };
    return { ...portsOf(ports), opsPort: ops.port, stop: undefined, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal.removeEventListener("abort", stopEarly);
  }
}

function exitCodeOf(code: number): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.internal;
}

function portsOf({ grpcPort, httpPort }: Ports): Ports {
  return { grpcPort, httpPort };
}

interface Parts {
  readonly supervisor: Supervisor;
  readonly process: ProcessMetrics;
  readonly log: Logger;
}

function startOps(config: Config, parts: Parts): Promise<OpsServer> {
  return startOpsServer({
    host: config.opsHost,
    port: config.opsPort,
    log: parts.log,
    metrics: () => collect(config, parts),
    ready: () => readiness(parts.supervisor),
  });
}

/** The primary's own are those of worker 0. */
async function collect(config: Config, { supervisor, process }: Parts): Promise<readonly MetricFamily[]> {
  const byProcess = new Map<string, readonly MetricFamily[]>([["0", process.collect()]]);
  for (const [number, families] of await supervisor.ask("metrics")) {
    if (families !== undefined) byProcess.set(String(number), families);
  }
  return [
    gauge("relata_workers_configured", "Worker processes that there should be.", config.workers),
    gauge("relata_workers_serving", "Worker processes that serve.", supervisor.serving),
    counter(
      "relata_worker_restarts_total",
      "Worker processes that took the place of one that died.",
      supervisor.restarts,
    ),
    ...mergeFamilies("worker", byProcess),
  ];
}

/** Requests are answered as long as one worker does; with fewer than all, or one behind, not at their best. */
async function readiness(supervisor: Supervisor): Promise<{ readonly ok: boolean; readonly body: unknown }> {
  const answers = await supervisor.ask("readiness");
  const all = [...answers.values()];
  const ok = all.some((answer) => answer?.ok);
  const isWhole = all.every((answer) => answer?.status === "ready");
  const workers = [...answers].map(([worker, answer]) => [worker, answer?.body ?? { status: "unavailable" }]);
  return { ok, body: { status: statusOf(ok, isWhole), workers: Object.fromEntries(workers) } };
}

function statusOf(ok: boolean, isWhole: boolean): string {
  if (!ok) return "unavailable";
  return isWhole ? "ready" : "degraded";
}
