import { join } from "node:path";
import { makeTempDir } from "../src/cli/demo/temp-dir.ts";
import { startLocalIssuer } from "../src/cli/dev/issuer.ts";
import { type BenchWorld, TENANT_SLUG } from "./database/bench-world.ts";
import type { LayerOptions } from "./layer-options.ts";
import type { LayerReport } from "./report/report.ts";
import { runRpcLayer as measureRpc, type RpcResult } from "./rpc/run-rpc.ts";
import { localTrust } from "./trusted-issuer.ts";

const CALLER = "bench";
/** The load generator learns each as bytes. */
const MAX_QUESTIONS = 20_000;
const LEAST_OF_ECHO = 0.75;
const LEAST_OF_SQL = 5;
const QUICK_SWEEPS = {
  lanes: ["check"],
  concurrency: [1, 4, 16, 64, 256],
  rateShares: [0.1, 0.5, 0.75, 0.9],
  pointMs: 400,
};

/** Checks over gRPC with a JWT, against an empty method of the same server and against the same Checks without memory. */
export async function runRpcLayer(options: LayerOptions & { readonly world: BenchWorld }): Promise<LayerReport> {
  const { world, rounds, roundMs, print } = options;
  await using stack = new AsyncDisposableStack();
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const stateFile = join(directory.path, "issuer.json");
  const issuer = await startLocalIssuer({ stateFile, port: 0, now: Date.now });
  stack.defer(() => issuer.close());
  const { work } = await world.tenant();
  const { app } = await world.database();
  const bindings = [{ issuer: issuer.issuer, subject: CALLER, tenants: [TENANT_SLUG], scopes: ["check"] }];
  const found = await measureRpc({
    connection: app,
    issuer: localTrust(issuer.issuer, ["check"]),
    token: await issuer.mint(CALLER),
    questions: work.questions(Math.min(options.questions, MAX_QUESTIONS)),
    rounds,
    roundMs,
    settings: { bindings, warmTenants: [TENANT_SLUG] },
    sqlSettings: { bindings, residentBytes: 0, cacheBytes: 0 },
    sweeps: QUICK_SWEEPS,
    print: (line) => print(`rpc: ${line}`),
  });
  return {
    name: "rpc",
    details: { methods: found.methods },
    ratios: found.ratios,
    headlines: {},
    rows: rowsOf(found),
    answers: {
      compared: found.compared,
      wrong: found.wrong,
    },
  };
}

function rowsOf({ methods, ratios, sweeps }: RpcResult): LayerReport["rows"] {
  const bounds: Readonly<Record<string, { readonly least: number }>> = {
    check_vs_echo: { least: LEAST_OF_ECHO },
    resident_vs_sql: { least: LEAST_OF_SQL },
  };
  return [
    ...Object.entries(methods).flatMap(([name, { callsPerSecond, p50Ms, p99Ms }]) => [
      { what: `${name}, closed loop`, value: callsPerSecond, unit: "/s" },
      { what: `${name}, median`, value: p50Ms, unit: "ms" },
      { what: `${name}, p99`, value: p99Ms, unit: "ms" },
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
  ];
}
