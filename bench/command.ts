import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { COMPARE_USAGE, runCompare } from "./compare/compare-command.ts";
import { amountsOf, LAYER_NAMES, type LayerName, type Mode } from "./layer-options.ts";
import { type PeerOrder, type PeerValues, readPeerOrder } from "./peers/peer-order.ts";
import { toJson } from "./report/json.ts";
import { renderReport } from "./report/table.ts";
import { writeReport } from "./report/write-report.ts";
import { runLayers } from "./run-layers.ts";
import { UsageError } from "./usage-error.ts";

/** Where a bench is run. */
export interface BenchContext {
  readonly cwd: string;
  /** Of a server to use instead of the bundled one; see `LayersRun`. */
  readonly databaseUrl: string | undefined;
  /** The directory for the report where neither --report nor --no-report is given. Default: none is written. */
  readonly reportDirectory?: string;
  readonly print: (line: string) => void;
}

const PEER_USAGE =
  "[--peer NAME=HOST:PORT[,TOKEN]]... [--peer-tuples N] [--peer-workloads NAME,NAME] [--peer-consistent]";
export const USAGE = `[engine] [storage] [rpc] [peers] [--quick | --long] [--tuples N] [--json FILE] [--report DIR | --no-report] [--profile [FILE]]
         ${PEER_USAGE}
       npm run bench -- ${COMPARE_USAGE}`;

const OPTIONS = {
  quick: { type: "boolean", default: false },
  long: { type: "boolean", default: false },
  tuples: { type: "string" },
  json: { type: "string" },
  report: { type: "string" },
  "no-report": { type: "boolean", default: false },
  peer: { type: "string", multiple: true },
  "peer-tuples": { type: "string" },
  "peer-workloads": { type: "string" },
  "peer-consistent": { type: "boolean" },
  profile: { type: "string" },
  doctored: { type: "boolean", default: false },
  "slow-solver": { type: "string", default: "0" },
} as const;

/** @returns the exit code: 1 when an answer was wrong, or one report is worse than the other @throws UsageError */
export async function runBench(args: readonly string[], context: BenchContext): Promise<0 | 1> {
  const { databaseUrl, print } = context;
  if (args[0] === "compare") return runCompare(args.slice(1), context);
  const { values, layers, mode, tuples, slowSolver, peers } = read(args);
  const { doctored, json } = values;
  const say = json === "-" ? () => undefined : print;
  const directory = await reportDirectory(values, context);
  const report = await runLayers({
    ...amountsOf(mode, tuples),
    ...(peers !== undefined && { peers }),
    ...(values.profile !== undefined && { profile: resolve(context.cwd, values.profile) }),
    layers,
    mode,
    doctored,
    slowSolver,
    databaseUrl,
    print: say,
  });
  if (json === "-") print(toJson(report));
  else if (json !== undefined) await writeFile(resolve(context.cwd, json), `${toJson(report)}\n`);
  say(`\n${renderReport(report)}`);
  if (directory !== undefined) for (const path of await writeReport(report, directory)) say(`wrote ${path}`);
  return report.answers.wrong.length === 0 ? 0 : 1;
}

/** Made before anything is measured: ten minutes later is too late to hear that it cannot be. */
async function reportDirectory(
  { report, "no-report": none }: { readonly report?: string; readonly "no-report": boolean },
  { cwd, reportDirectory: usual }: BenchContext,
): Promise<string | undefined> {
  if (report !== undefined && none) throw new UsageError("--report and --no-report exclude each other");
  const wanted = none ? undefined : (report ?? usual);
  if (wanted === undefined) return undefined;
  const directory = resolve(cwd, wanted);
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`the report cannot go to ${directory}: ${why}; name another place by --report DIR`);
  });
  return directory;
}

function read(args: readonly string[]) {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !isLayer(name));
  if (unknown.length > 0)
    throw new UsageError(`there is no layer ${unknown.join(", ")}; there are ${LAYER_NAMES.join(", ")}`);
  if (values.quick && values.long) throw new UsageError("--quick and --long exclude each other");
  const mode: Mode = values.quick ? "quick" : values.long ? "long" : "normal";
  const tuples = values.tuples === undefined ? undefined : Number(values.tuples.replaceAll("_", ""));
  if (tuples !== undefined && !(Number.isSafeInteger(tuples) && tuples >= 1_000))
    throw new UsageError(`--tuples is a whole number from 1000 on, not ${values.tuples}`);
  const layers = positionals.length === 0 ? LAYER_NAMES : positionals.filter(isLayer);
  if (values.profile !== undefined && !layers.includes("rpc")) throw new UsageError("--profile needs the layer rpc");
  const slowSolver = Number(values["slow-solver"]);
  if (!(slowSolver >= 0 && slowSolver <= 10))
    throw new UsageError(`--slow-solver is a share from 0 to 10, not ${values["slow-solver"]}`);
  const peers = peersOf(values, mode);
  if (peers === undefined && positionals.includes("peers"))
    throw new UsageError("the layer peers needs somebody to compare with: --peer spicedb=HOST:PORT,TOKEN");
  if (peers !== undefined && !layers.includes("peers")) throw new UsageError("--peer needs the layer peers");
  return { values, layers, mode, tuples, slowSolver, peers };
}

function peersOf(values: PeerValues, mode: Mode): PeerOrder | undefined {
  try {
    return readPeerOrder(values, mode);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: withProfileFile(args), options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const PROFILE_FILE = "server.cpuprofile";

/** `--profile` may stand alone. */
function withProfileFile(args: readonly string[]): string[] {
  const isFile = (next: string | undefined) => next !== undefined && !next.startsWith("-") && !isLayer(next);
  return args.map((arg, at) => (arg === "--profile" && !isFile(args[at + 1]) ? `--profile=${PROFILE_FILE}` : arg));
}

function isLayer(name: string): name is LayerName {
  return LAYER_NAMES.some((layer) => layer === name);
}
