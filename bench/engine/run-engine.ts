import type { LayerOptions } from "../layer-options.ts";
import type { LayerReport } from "../report/report.ts";
import { runSizes, type SizeFigures, type SizesResult } from "./run-sizes.ts";

type Row = LayerReport["rows"][number];

const SIZE_NAMES: Readonly<Record<number, string>> = { 100000: "100k", 1000000: "1m", 10000000: "10m" };
/** What one core has to decide in a second. */
const LEAST_CHECKS = 100_000;
const MOST_BYTES = 100;
const MOST_P99 = 20;
const MOST_MEDIAN_GROWTH: Readonly<Record<string, number>> = { "1m": 3, "10m": 5 };

/** Checks without transport, identity and database: from a question to its decision over a graph in memory. */
export async function runEngineLayer(options: LayerOptions): Promise<LayerReport> {
  const { sizes, questions, rounds, roundMs, calls, doctored, print } = options;
  const found = await runSizes({ sizes, questions, rounds, roundMs, calls, doctored, print });
  const largest = found.sizes.at(-1);
  if (largest === undefined) throw new Error("no size was measured");
  const main = found.sizes.find(({ tuples }) => tuples === 1_000_000) ?? largest;
  const p99VsMedian = found.p99VsMedian[main.tuples] ?? Number.NaN;
  return {
    name: "engine",
    details: found,
    ratios: { ...growthRatios(found), p99_vs_median: p99VsMedian },
    headlines: {
      bytes_per_tuple: Math.max(largest.bytesPerTuple.graph, largest.bytesPerTuple.rss),
      engine_checks_per_second: main.checksPerCpuSecond,
    },
    rows: [
      ...found.sizes.flatMap((size) => rowsOf(size, size === main, size === largest)),
      ...growthRows(found),
      row(`p99 ÷ median, ${sizeName(main.tuples)} tuples`, p99VsMedian, "", { most: MOST_P99 }),
    ],
    answers: found.answers,
  };
}

function rowsOf(size: SizeFigures, isMain: boolean, isLargest: boolean): readonly Row[] {
  const at = `, ${sizeName(size.tuples)} tuples`;
  const bytes = Math.max(size.bytesPerTuple.graph, size.bytesPerTuple.rss);
  return [
    row(`Checks${at}`, size.checksPerCpuSecond, "/s of CPU time", isMain ? { least: LEAST_CHECKS } : undefined),
    row(`Check, median${at}`, size.medianUs, "µs"),
    row(`Check, p99${at}`, size.p99Us, "µs"),
    row(`memory${at}`, bytes, "bytes/tuple", isLargest ? { most: MOST_BYTES } : undefined),
  ];
}

function growthRatios({ medianVsSmallest, sizes }: SizesResult): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  const [smallest, ...larger] = sizes;
  for (const { tuples } of larger)
    ratios[`median_${sizeName(tuples)}_vs_${sizeName(smallest?.tuples ?? 0)}`] = medianVsSmallest[tuples] ?? Number.NaN;
  return ratios;
}

function growthRows(found: SizesResult): readonly Row[] {
  const smallest = sizeName(found.sizes[0]?.tuples ?? 0);
  return found.sizes.slice(1).map(({ tuples }) => {
    const most = MOST_MEDIAN_GROWTH[sizeName(tuples)];
    const what = `median, ${sizeName(tuples)} ÷ ${smallest} tuples`;
    return row(what, found.medianVsSmallest[tuples] ?? Number.NaN, "", most === undefined ? undefined : { most });
  });
}

function row(what: string, value: number, unit: string, bound?: Row["bound"]): Row {
  return { what, value, unit, ...(bound !== undefined && { bound }) };
}

function sizeName(tuples: number): string {
  return SIZE_NAMES[tuples] ?? String(tuples);
}
