import { BenchWorld } from "./database/bench-world.ts";
import { runEngineLayer } from "./engine/run-engine.ts";
import { LAYER_NAMES, type LayerName, type LayerOptions, type Mode } from "./layer-options.ts";
import { GRPC_CONNECTIONS, IN_FLIGHT } from "./load/load.ts";
import { openPeers } from "./peers/open-peers.ts";
import type { Peer } from "./peers/peer.ts";
import { settingsOfPeers } from "./peers/peer-order.ts";
import { runPeersLayer } from "./peers/run-peers.ts";
import { commitFacts } from "./report/commit.ts";
import { joinAnswers } from "./report/join-answers.ts";
import { loadNow, machineFacts } from "./report/machine.ts";
import { joinPlots } from "./report/plots.ts";
import type { LayerReport, Report } from "./report/report.ts";
import { FORMAT } from "./report/report-shape.ts";
import { type RpcAmounts, rpcAmounts } from "./rpc/rpc-amounts.ts";
import { runRpcLayer } from "./rpc-layer.ts";
import { runStorageLayer } from "./storage/run-storage.ts";
import { WORKLOAD_NAMES } from "./workloads/workloads.ts";

export interface LayersRun extends LayerOptions {
  readonly layers: readonly LayerName[];
  readonly mode: Mode;
  /** Of a server where the bench may make a database and a role of its own. Default: the bundled PostgreSQL. */
  readonly databaseUrl: string | undefined;
}

type LayerRun = LayersRun & { readonly world: BenchWorld; readonly opened: readonly Peer[] };

const RUNNERS: Readonly<Record<LayerName, (run: LayerRun) => Promise<LayerReport>>> = {
  engine: runEngineLayer,
  storage: runStorageLayer,
  rpc: runRpcLayer,
  peers: runPeersLayer,
};

/** Measures the layers one after the other: side by side they would measure each other. */
export async function runLayers(run: LayersRun): Promise<Report> {
  const startedAt = new Date().toISOString();
  const begin = performance.now();
  const loadBefore = loadNow();
  const names = LAYER_NAMES.filter(
    (name) => run.layers.includes(name) && (name !== "peers" || run.peers !== undefined),
  );
  await using opened = await openPeers(names.includes("peers") ? run.peers?.addresses : []);
  await using world = new BenchWorld(run);
  const reports: LayerReport[] = [];
  for (const name of names) reports.push(await RUNNERS[name]({ ...run, world, opened: opened.peers }));
  const commit = commitFacts();
  return {
    format: FORMAT,
    startedAt,
    tookSeconds: (performance.now() - begin) / 1000,
    mode: run.mode,
    machine: machineFacts(loadBefore, await world.postgresVersion()),
    ...(commit !== undefined && { commit }),
    settings: settingsOf(run),
    answers: joinAnswers(reports.map(({ answers }) => answers)),
    ratios: Object.assign({}, ...reports.map(({ ratios }) => ratios)),
    headlines: Object.assign({}, ...reports.map(({ headlines }) => headlines)),
    figures: reports.flatMap(({ figures = [] }) => figures),
    plots: joinPlots(reports.map(({ plots }) => plots)),
    rows: reports.flatMap(({ name: layer, rows }) => rows.map((row) => ({ layer, ...row }))),
    layers: Object.fromEntries(reports.map(({ name, details }) => [name, details])),
  };
}

/** How much of what was measured: runs with other settings are not compared. */
function settingsOf(run: LayersRun): Report["settings"] {
  const { layers, sizes, tenantTuples, largeTenantTuples, questions, rounds, roundMs, calls } = run;
  const { others, curves, workloads, peers, slowSolver = 0, doctored } = run;
  return {
    layers,
    sizes,
    tenantTuples,
    ...(largeTenantTuples !== undefined && { largeTenantTuples }),
    questions,
    rounds,
    roundMs,
    calls,
    ...(others !== undefined && { others }),
    ...(curves !== undefined && { curves: { ...curves } }),
    workloads: workloads ?? WORKLOAD_NAMES,
    rpc: settingsOfRpc(rpcAmounts(run.mode, run)),
    ...(peers !== undefined && { peers: settingsOfPeers(peers) }),
    ...(slowSolver > 0 && { slowSolver }),
    ...(doctored && { doctored }),
  };
}

function settingsOfRpc({ sweeps, workloads, ...rest }: RpcAmounts): Report["settings"] {
  const load = { connections: GRPC_CONNECTIONS, inFlight: IN_FLIGHT };
  return { ...rest, ...load, sweeps: { ...sweeps }, workloads: { ...workloads } };
}
