import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { amountsOf, LAYER_NAMES, type LayerName, type Mode } from "./layer-options.ts";
import { renderReport } from "./report/table.ts";
import { runLayers, toJson } from "./run-layers.ts";

/** Where a bench is run. */
export interface BenchContext {
  readonly cwd: string;
  /** Of a server to use instead of the bundled one; see `LayersRun`. */
  readonly databaseUrl: string | undefined;
  readonly print: (line: string) => void;
}

export const USAGE = `[engine] [storage] [rpc] [--quick | --long] [--tuples N] [--json FILE]`;

const OPTIONS = {
  quick: { type: "boolean", default: false },
  long: { type: "boolean", default: false },
  tuples: { type: "string" },
  json: { type: "string" },
  doctored: { type: "boolean", default: false },
} as const;

/** @returns the exit code: 1 when an answer was wrong @throws UsageError */
export async function runBench(args: readonly string[], { cwd, databaseUrl, print }: BenchContext): Promise<0 | 1> {
  const { values, layers, mode, tuples } = read(args);
  const { doctored, json } = values;
  const say = json === "-" ? () => undefined : print;
  const report = await runLayers({ ...amountsOf(mode, tuples), layers, mode, doctored, databaseUrl, print: say });
  if (json === "-") print(toJson(report));
  else if (json !== undefined) await writeFile(resolve(cwd, json), `${toJson(report)}\n`);
  say(`\n${renderReport(report)}`);
  return report.answers.wrong.length === 0 ? 0 : 1;
}

/** What was typed makes no bench. */
export class UsageError extends Error {
  override readonly name = "UsageError";
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
  return { values, layers, mode, tuples };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isLayer(name: string): name is LayerName {
  return LAYER_NAMES.some((layer) => layer === name);
}
