import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { median } from "../load/median.ts";
import type { Against } from "../report/plots.ts";
import type { LayerReport } from "../report/report.ts";
import { type Row, row } from "./row.ts";
import { runCurves, scanVsMemory } from "./run-curves.ts";
import type { SizeFigures, SizesResult } from "./run-sizes.ts";
import { answersOf, MAIN_WORKLOAD, plotsOf, runWorkloads, workloadRows } from "./run-workloads.ts";
import { checkVsCompute, checkVsRead, figuresOfSizes } from "./size-figures.ts";
import { sizeName } from "./size-name.ts";
import type { ScanRound } from "./time-scans.ts";
import { withDatabase } from "./with-database.ts";

/** What one core has to decide in a second. */
const LEAST_CHECKS = 100_000;
const MOST_BYTES = 100;
/** Below, what every process and every graph has weighs more than its tuples. */
const BYTES_COUNT_FROM = 1_000_000;
const MOST_P99 = 20;
const MOST_MEDIAN_GROWTH: Readonly<Record<string, number>> = { "1m": 3, "10m": 5 };

/**
 * Checks without transport and identity, from a question to its decision: over graphs of every workload and of several sizes,
 * against the same engine over Postgres, and while changes are applied.
 */
export async function runEngineLayer(options: LayerOptions & { readonly world: BenchWorld }): Promise<LayerReport> {
  const results = await runWorkloads(options);
  const answers = answersOf(results);
  const report = { ...reportOf(results), answers };
  return answers.wrong.length > 0 ? report : withDatabase(await withCurves(report, options), options);
}

async function withCurves(report: LayerReport, options: LayerOptions): Promise<LayerReport> {
  if (options.curves === undefined) return report;
  const { curves, figures, scans, rows, compared } = await runCurves(options.curves, options);
  const { figures: before = [], plots } = report;
  return {
    ...report,
    details: { ...(report.details as object), scans },
    rows: [...report.rows, ...rows],
    figures: [...before, ...figures],
    plots: {
      ...plots,
      curves: [...(plots?.curves ?? []), ...curves],
      against: [...(plots?.against ?? []), scanned(scans)],
    },
    answers: { ...report.answers, compared: report.answers.compared + compared },
  };
}

function scanned(scans: readonly ScanRound[]): Against {
  return { what: "walk of a list", against: "memory in one go", kind: "limit", samples: scans.map(scanVsMemory) };
}

function reportOf(results: readonly SizesResult[]): Omit<LayerReport, "answers"> {
  const found = results.find(({ workload }) => workload === MAIN_WORKLOAD) ?? results[0];
  if (found === undefined) throw new Error("no workload was measured");
  const largest = found.sizes.at(-1);
  if (largest === undefined) throw new Error("no size was measured");
  const main = found.sizes.find(({ size }) => size === 1_000_000) ?? largest;
  const p99VsMedian = found.p99VsMedian[main.size] ?? Number.NaN;
  return {
    name: "engine",
    details: { ...found, workloads: results },
    ratios: { ...growthRatios(found), p99_vs_median: p99VsMedian },
    headlines: {
      bytes_per_tuple: Math.max(largest.bytesPerTuple.graph, largest.bytesPerTuple.rss),
      engine_checks_per_second: main.checksPerCpuSecond,
    },
    rows: [
      ...found.sizes.flatMap((size) => rowsOf(size, size === main, size === largest)),
      ...growthRows(found),
      row(`p99 ÷ median, ${sizeName(main.tuples)} tuples`, p99VsMedian, "", { most: MOST_P99 }),
      ...limitRows(main),
      ...workloadRows(results),
    ],
    figures: results.flatMap(figuresOfSizes),
    plots: plotsOf(results),
  };
}

function limitRows({ size, rounds, counted }: SizeFigures): readonly Row[] {
  const at = `, ${sizeName(size)} tuples`;
  return [
    row(`three reads of memory ÷ Check${at}`, median(rounds.map(checkVsRead)), ""),
    row(`fixed work ÷ Check${at}`, median(rounds.map(checkVsCompute)), ""),
    row(`problems visited by a Check${at}`, counted.nodes, ""),
    row(`tuples looked at by a Check${at}`, counted.rows, ""),
    row(`allocated by a Check${at}`, counted.allocatedBytes, "bytes"),
  ];
}

function rowsOf(size: SizeFigures, isMain: boolean, isLargest: boolean): readonly Row[] {
  const at = `, ${sizeName(size.tuples)} tuples`;
  const bytes = Math.max(size.bytesPerTuple.graph, size.bytesPerTuple.rss);
  const counts = isLargest && size.tuples >= BYTES_COUNT_FROM;
  return [
    row(`Checks${at}`, size.checksPerCpuSecond, "/s of CPU time", isMain ? { least: LEAST_CHECKS } : undefined),
    row(`Check, median${at}`, size.medianUs, "µs"),
    row(`Check, p99${at}`, size.p99Us, "µs"),
    row(`memory${at}`, bytes, "bytes/tuple", counts ? { most: MOST_BYTES } : undefined),
  ];
}

function growthRatios({ medianVsSmallest, sizes }: SizesResult): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  const [smallest, ...larger] = sizes;
  for (const { size } of larger)
    ratios[`median_${sizeName(size)}_vs_${sizeName(smallest?.size ?? 0)}`] = medianVsSmallest[size] ?? Number.NaN;
  return ratios;
}

function growthRows(found: SizesResult): readonly Row[] {
  const smallest = sizeName(found.sizes[0]?.size ?? 0);
  return found.sizes.slice(1).map(({ size }) => {
    const most = MOST_MEDIAN_GROWTH[sizeName(size)];
    const what = `median, ${sizeName(size)} ÷ ${smallest} tuples`;
    return row(what, found.medianVsSmallest[size] ?? Number.NaN, "", most === undefined ? undefined : { most });
  });
}
