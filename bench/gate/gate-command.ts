import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDatabase } from "../database/open-database.ts";
import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import { UsageError } from "../usage-error.ts";
import { type Baseline, readBaseline, writeBaseline } from "./baseline.ts";
import { databaseWork } from "./database-work.ts";
import { echoRatio } from "./echo-ratio.ts";
import { engineWork } from "./engine-work.ts";
import { type GateRun, judgeGate, ratiosBelow } from "./judge-gate.ts";

export interface GateContext {
  readonly databaseUrl: string | undefined;
  readonly print: (line: string) => void;
}

const BASELINE = join(import.meta.dirname, "..", "baseline.json");
/** A ratio that is too low is measured again: what has become slower is so at every attempt. */
const ATTEMPTS = 3;
const OPTIONS = {
  write: { type: "boolean", default: false },
  baseline: { type: "string", default: BASELINE },
  verbose: { type: "boolean", default: false },
} as const;

/** @returns the exit code: 1 when something is worse than in bench/baseline.json @throws UsageError */
export async function runGate(args: readonly string[], { databaseUrl, print }: GateContext): Promise<0 | 1> {
  const { write, baseline: file, verbose } = parse(args);
  const begin = performance.now();
  const before = write ? undefined : await readBaseline(file);
  const say = verbose ? print : () => undefined;
  await using database = await openDatabase(databaseUrl);
  // Both count, and neither minds the other.
  const [engine, service] = await Promise.all([engineWork(), databaseWork(database)]);
  const ratio = await ratioOf(before, () => echoRatio(database, say));
  const now: GateRun = { node: process.version, figures: [...engine, ...service, ratio] };
  const took = `${((performance.now() - begin) / 1000).toFixed(0)} s`;
  if (before === undefined) {
    const values = now.figures.map(({ id, samples }) => [id, rounded(median(samples))]);
    await writeBaseline(file, { node: now.node, figures: Object.fromEntries(values) });
    print(`${now.figures.length} figures written to ${file} in ${took}: commit it with what has changed it`);
    return 0;
  }
  const { passed, text } = judgeGate(before, now);
  print(`${text} (${took})`);
  return passed ? 0 : 1;
}

async function ratioOf(before: Baseline | undefined, measure: () => Promise<Figure>): Promise<Figure> {
  let found = await measure();
  if (before === undefined) return found;
  for (let attempt = 1; attempt < ATTEMPTS && ratiosBelow(before, [found]).length > 0; attempt += 1)
    found = await measure();
  return found;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** To four digits behind the point: more say nothing, and would be another line with each writing. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
