import { median } from "../load/median.ts";
import type { Against, Distribution, Plots } from "../report/plots.ts";
import type { Figure } from "../report/report.ts";
import type { Round } from "./lane.ts";
import type { RpcResult } from "./run-rpc.ts";
import { type Echoes, LOOKUPS, type WorkloadsResult } from "./run-workloads.ts";

/** What a ratio is of, for people, and the name of the limit. */
const RATIOS: Readonly<Record<string, readonly [what: string, against: string]>> = {
  check_vs_echo: ["Check over gRPC", "empty method by grpc-js"],
  check_vs_transport_echo: ["Check over gRPC", "empty method, same transport"],
  check_vs_authenticated_echo: ["Check over gRPC", "empty method behind all interceptors"],
  resident_vs_sql: ["Check over gRPC, from memory", "the same Checks from Postgres"],
  json_check_vs_json_echo: ["Check over Connect/JSON", "empty answer by node:http, same port"],
  json_check_vs_check: ["Check over Connect/JSON", "Check over gRPC"],
};
const CPU = "_cpu";

/** Every figure of every lane, a sample per round. */
export function rpcFigures({ rounds, samples }: RpcResult): readonly Figure[] {
  const lanes = [...rounds].flatMap(([lane, found]) => laneFigures(`rpc/${lane}`, `${lane} over the wire`, found));
  const ratios = Object.entries(samples).map(([name, values]): Figure => {
    const cpu = name.endsWith(CPU);
    const [what, against] = RATIOS[cpu ? name.slice(0, -CPU.length) : name] ?? [name, ""];
    return ratioFigure(`rpc/${name}`, `${what} ÷ ${against}, by ${cpu ? "the server's CPU" : "throughput"}`, values);
  });
  return [...lanes, ...ratios];
}

export function workloadFigures(found: WorkloadsResult): readonly Figure[] {
  return [...found.rounds].flatMap(([lane, rounds]) => {
    const figures = laneFigures(`rpc/${lane}`, `${lane}, whole path`, rounds);
    return [
      ...figures,
      ...(lane.endsWith(LOOKUPS) ? [] : WORKLOAD_LIMITS.flatMap((limit) => ratioPair(found, lane, limit))),
    ];
  });
}

interface WorkloadLimit {
  readonly echo: keyof Echoes;
  readonly ratio: string;
  readonly against: string;
}

/** The one that Checks are carried by themselves comes first. */
const WORKLOAD_LIMITS: readonly WorkloadLimit[] = [
  { echo: "transport", ratio: "check_vs_transport_echo", against: "empty method, same transport" },
  { echo: "grpcJs", ratio: "check_vs_echo", against: "empty method by grpc-js" },
];

function ratioPair(found: WorkloadsResult, lane: string, { echo, ratio, against }: WorkloadLimit): readonly Figure[] {
  const id = `rpc/${lane}/${ratio}`;
  const { throughput, cpu } = workloadRatio(found, lane, echo);
  return [
    ratioFigure(id, `${lane}, whole path ÷ ${against}, by throughput`, throughput),
    ratioFigure(`${id}${CPU}`, `${lane}, whole path ÷ ${against}, by the server's CPU`, cpu),
  ];
}

interface EchoRatio {
  readonly throughput: readonly number[];
  readonly cpu: readonly number[];
}

/** A sample per round, each against the echo right before it. */
function workloadRatio({ rounds, echoes }: WorkloadsResult, lane: string, echo: keyof Echoes): EchoRatio {
  const limits = echoes.get(lane) ?? [];
  const found = rounds.get(lane) ?? [];
  const each = (of: (one: Round, other: Round) => number) =>
    limits.map((limit, i) => of(found[i] as Round, limit[echo]));
  return {
    throughput: each((one, other) => one.callsPerSecond / other.callsPerSecond),
    cpu: each((one, other) => other.server.cpuMicrosPerCall / one.server.cpuMicrosPerCall),
  };
}

function laneFigures(id: string, what: string, rounds: readonly Round[]): readonly Figure[] {
  const time = (name: string, said: string, unit: string, of: (round: Round) => number): Figure => ({
    id: `${id}/${name}`,
    what: `${what}, ${said}`,
    unit,
    kind: "time",
    better: unit === "/s" ? "more" : "less",
    samples: rounds.map(of),
  });
  return [
    time("calls_per_second", "closed loop", "/s", (round) => round.callsPerSecond),
    time("p50_ms", "median", "ms", (round) => round.p50Ms),
    time("p99_ms", "p99", "ms", (round) => round.p99Ms),
    time("server_cpu_us", "CPU of the server a call", "µs", (round) => round.server.cpuMicrosPerCall),
    time("server_rss_mb", "memory of the server", "MB", (round) => round.server.rssBytes / 1e6),
  ];
}

function ratioFigure(id: string, what: string, samples: readonly number[]): Figure {
  return { id, what, unit: "", kind: "ratio", better: "more", samples };
}

/** Latencies of each lane's middle round, the sweeps, and each ratio against its limit. */
export function rpcPlots(found: RpcResult, workloads: WorkloadsResult | undefined): Partial<Plots> {
  return {
    sweeps: found.sweeps.sweeps,
    distributions: [...closedLoops("", found.rounds), ...found.sweeps.distributions],
    against: [...limits(found), ...(workloads === undefined ? [] : workloadLimits(workloads))],
  };
}

function closedLoops(prefix: string, rounds: ReadonlyMap<string, readonly Round[]>): readonly Distribution[] {
  return [...rounds].flatMap(([lane, found]) => {
    const middle = median(found.map(({ p99Ms }) => p99Ms));
    const [round] = [...found].sort((a, b) => Math.abs(a.p99Ms - middle) - Math.abs(b.p99Ms - middle));
    return round === undefined ? [] : [{ lane: `${prefix}${lane}`, calls: round.calls, quantiles: round.quantiles }];
  });
}

function limits({ samples }: RpcResult): readonly Against[] {
  return Object.entries(RATIOS).flatMap(([name, [what, against]]) => {
    const values = samples[name];
    return values === undefined ? [] : [{ what, against, kind: "limit" as const, samples: values }];
  });
}

function workloadLimits(found: WorkloadsResult): readonly Against[] {
  return [...found.echoes.keys()].flatMap((lane) =>
    WORKLOAD_LIMITS.map(({ echo, against }) => ({
      what: `${lane}, whole path`,
      against,
      kind: "limit" as const,
      samples: workloadRatio(found, lane, echo).throughput,
    })),
  );
}
