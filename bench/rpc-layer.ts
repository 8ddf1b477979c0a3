import { join } from "node:path";
import { makeTempDir } from "../src/cli/demo/temp-dir.ts";
import { startLocalIssuer } from "../src/cli/dev/issuer.ts";
import { type BenchWorld, TENANT_SLUG } from "./database/bench-world.ts";
import type { LayerOptions, Mode } from "./layer-options.ts";
import { median } from "./load/median.ts";
import type { Answers, Figure, LayerReport } from "./report/report.ts";
import { answersUnderLoad } from "./rpc/answers-under-load.ts";
import { rpcAmounts } from "./rpc/rpc-amounts.ts";
import { rpcFigures, rpcPlots, workloadFigures } from "./rpc/rpc-figures.ts";
import { runRpcLayer as measureRpc, type RpcResult } from "./rpc/run-rpc.ts";
import { LOOKUPS, runWorkloads, type WorkloadsResult } from "./rpc/run-workloads.ts";
import { localTrust } from "./trusted-issuer.ts";
import { doctor } from "./workloads/doctor.ts";
import { WORKLOAD_NAMES } from "./workloads/workloads.ts";

const CALLER = "bench";
/** The load generator learns each as bytes. */
const MAX_QUESTIONS = 20_000;
const PROFILED = "check";
const LEAST_OF_ECHO = 0.75;
const LEAST_OF_SQL = 5;

type RpcLayerOptions = LayerOptions & { readonly world: BenchWorld; readonly mode: Mode };

/**
 * Checks over gRPC and over Connect with a JWT, against empty methods of the same server and against the same Checks without memory;
 * under growing load; and then the whole path of every workload.
 */
export async function runRpcLayer(options: RpcLayerOptions): Promise<LayerReport> {
  const { world, rounds, mode } = options;
  const print = (line: string) => options.print(`rpc: ${line}`);
  const amounts = rpcAmounts(mode, options);
  await using stack = new AsyncDisposableStack();
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const stateFile = join(directory.path, "issuer.json");
  const issuer = await startLocalIssuer({ stateFile, port: 0, now: Date.now });
  stack.defer(() => issuer.close());
  const { work } = await world.tenant();
  const database = await world.database();
  const bindings = [{ issuer: issuer.issuer, subject: CALLER, tenants: [TENANT_SLUG], scopes: ["check"] }];
  const found = await measureRpc({
    connection: database.app,
    issuer: localTrust(issuer.issuer, ["check"]),
    token: await issuer.mint(CALLER),
    questions: doctor(work.questions(Math.min(options.questions, MAX_QUESTIONS)), options.doctored),
    rounds,
    roundMs: amounts.roundMs,
    warmCalls: amounts.warmCalls,
    settings: { bindings, warmTenants: [TENANT_SLUG] },
    sqlSettings: { bindings, residentBytes: 0, cacheBytes: 0 },
    sweeps: amounts.sweeps,
    ...(options.profile !== undefined && { profile: { lane: PROFILED, file: options.profile } }),
    print,
  });
  const workloads = await runWorkloads({
    ...amounts.workloads,
    database,
    issuer: localTrust(issuer.issuer, ["check", "tuples:write"]),
    mint: (slug) => issuer.mint(slug),
    names: options.workloads ?? WORKLOAD_NAMES,
    print,
  });
  return reportOf(found, workloads);
}

function reportOf(found: RpcResult, workloads: WorkloadsResult): LayerReport {
  const verified = [...workloads.verified.values()];
  const asked = answersUnderLoad(workloads.asked);
  const ofWorkloads = workloadFigures(workloads);
  const wholePath = Object.fromEntries(
    ofWorkloads.flatMap(({ id, kind, samples }) => (kind === "ratio" ? [[id, median(samples)]] : [])),
  );
  return {
    name: "rpc",
    details: { methods: found.methods, sweeps: found.sweeps.sweeps },
    ratios: { ...found.ratios, ...wholePath },
    headlines: {},
    figures: [...rpcFigures(found), ...ofWorkloads],
    plots: rpcPlots(found, workloads),
    rows: [...rowsOf(found), ...rowsOfWorkloads(ofWorkloads)],
    answers: {
      compared: found.compared + asked.compared + verified.reduce((sum, { compared }) => sum + compared, 0),
      wrong: [
        ...found.wrong,
        ...asked.wrong.map((why) => `whole path: ${why}`),
        ...verified.flatMap(({ wrong }) => wrong),
      ],
      byWorkload: comparedByWorkload(asked, workloads),
    },
  };
}

function comparedByWorkload(
  { byWorkload: byLane = {} }: Answers,
  { verified }: WorkloadsResult,
): Readonly<Record<string, number>> {
  const counts = [...verified].map(([name, { compared }]) => [
    name,
    compared + (byLane[name] ?? 0) + (byLane[`${name}${LOOKUPS}`] ?? 0),
  ]);
  return Object.fromEntries(counts);
}

const SHOWN: Readonly<Record<string, (id: string) => string>> = {
  calls_per_second: (lane) => `${lane}, whole path, closed loop`,
  p99_ms: (lane) => `${lane}, whole path, p99`,
  server_cpu_us: (lane) => `${lane}, whole path, CPU of the server a call`,
  check_vs_transport_echo: (lane) => `${lane}, whole path ÷ empty method, same transport`,
  check_vs_echo: (lane) => `${lane}, whole path ÷ echo`,
};

function rowsOfWorkloads(figures: readonly Figure[]): LayerReport["rows"] {
  return figures.flatMap(({ id, unit, samples }) => {
    const [, lane = "", ...rest] = id.split("/");
    const what = SHOWN[rest.at(-1) ?? ""];
    if (what === undefined) return [];
    return [{ what: what([lane, ...rest.slice(0, -1)].join("/")), value: median(samples), unit }];
  });
}

function rowsOf({ methods, ratios, sweeps, profile }: RpcResult): LayerReport["rows"] {
  const bounds: Readonly<Record<string, { readonly least: number }>> = {
    check_vs_echo: { least: LEAST_OF_ECHO },
    resident_vs_sql: { least: LEAST_OF_SQL },
  };
  return [
    ...Object.entries(methods).flatMap(([name, { callsPerSecond, p50Ms, p99Ms, serverCpuMicros }]) => [
      { what: `${name}, closed loop`, value: callsPerSecond, unit: "/s" },
      { what: `${name}, median`, value: p50Ms, unit: "ms" },
      { what: `${name}, p99`, value: p99Ms, unit: "ms" },
      { what: `${name}, CPU of the server a call`, value: serverCpuMicros, unit: "µs" },
    ]),
    ...sweeps.sweeps.flatMap(({ lane, by, points }) =>
      by === "rate"
        ? points.map(({ x, p99Ms }) => ({ what: `${lane}, open loop at ${x}/s, p99`, value: p99Ms, unit: "ms" }))
        : [],
    ),
    ...Object.entries(ratios).map(([what, value]) => {
      const bound = bounds[what];
      return { what, value, unit: "", ...(bound !== undefined && { bound }) };
    }),
    ...profile.map(({ file, name, share }) => ({ what: `profile: ${file} ${name}`, value: share * 100, unit: "%" })),
  ];
}
