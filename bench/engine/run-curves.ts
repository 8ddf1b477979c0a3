import { join } from "node:path";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../load/child.ts";
import { median } from "../load/median.ts";
import type { CostPoint, Curve } from "../report/plots.ts";
import type { Figure, LayerReport } from "../report/report.ts";
import { CURVE_CASES, type CurveAmounts, type CurveCase } from "./curve-cases.ts";
import type { CurveAnswer, CurveOrder } from "./curve-process.ts";
import type { ScanRound } from "./time-scans.ts";

export interface CurvesResult {
  readonly curves: readonly Curve[];
  readonly figures: readonly Figure[];
  readonly scans: readonly ScanRound[];
  readonly rows: LayerReport["rows"];
  readonly compared: number;
}

const CURVES_OF = "growth";
/** A graph of 100,000 tuples is written and loaded, and asked ten times at least. */
const POINT_MS = 300_000;

/** A walk takes some milliseconds, and other programs use the memory as well. */
const MORE_ROUNDS = 4;

/** What a question costs, by how deep, how wide or how large its answer is; and how near the walk of a list is to memory. */
export async function runCurves(
  amounts: CurveAmounts,
  { rounds, print }: Pick<LayerOptions, "rounds" | "print">,
): Promise<CurvesResult> {
  await using stack = new AsyncDisposableStack();
  const child = startChild<CurveOrder, CurveAnswer>(join(import.meta.dirname, "curve-process.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning", "--min-semi-space-size=64", "--max-semi-space-size=64"],
  });
  stack.defer(() => child.close());
  const drawn: { readonly of: CurveCase; readonly points: readonly CostPoint[] }[] = [];
  let compared = 0;
  for (const one of CURVE_CASES) {
    const points: CostPoint[] = [];
    for (const n of amounts[one.by]) {
      const { name } = one;
      const { point } = await child.ask({ what: "point", name, n, pointMs: amounts.pointMs }, POINT_MS);
      if (point === undefined) throw new Error("a point without figures");
      const { calls, ...cost } = point;
      compared += calls;
      points.push(cost);
    }
    drawn.push({ of: one, points });
  }
  const { scans } = await child.ask({ what: "scan", rows: amounts.scanRows, rounds: rounds + MORE_ROUNDS }, POINT_MS);
  if (scans === undefined) throw new Error("a scan without figures");
  print(`engine: ${drawn.length} curves over depth, width and results`);
  return {
    curves: drawn.map(({ of: { what, by }, points }) => ({ workload: CURVES_OF, what, by, points })),
    figures: [...drawn.flatMap(({ of, points }) => countedFigures(of, points)), scanFigure(scans, amounts.scanRows)],
    scans,
    rows: scanRows(scans),
    compared,
  };
}

/** Of the largest point that has it, which shows growth best. */
function countedFigures({ name, what, by }: CurveCase, points: readonly CostPoint[]): readonly Figure[] {
  const count = (key: "nodes" | "rows" | "allocatedBytes", id: string, of: string, unit: string): readonly Figure[] => {
    const last = points.findLast((point) => point[key] !== undefined);
    const value = last?.[key];
    if (last === undefined || value === undefined) return [];
    const figure = { id: `engine/${CURVES_OF}/${name}_${last.x}/${id}`, what: `${of}, ${what}, ${by} ${last.x}`, unit };
    return [{ ...figure, kind: "count", better: "less", samples: [value] }];
  };
  return [
    ...count("nodes", "nodes", "problems visited", ""),
    ...count("rows", "rows", "tuples looked at", ""),
    // What microseconds allocate hangs on what the compiler has found by then: some hundred bytes more or less.
    ...(by === "results" ? count("allocatedBytes", "allocated_bytes", "allocated", "bytes") : []),
  ];
}

function scanFigure(scans: readonly ScanRound[], rows: number): Figure {
  return {
    id: `engine/${CURVES_OF}/list_${rows}/scan_vs_memory`,
    what: `walk of a list of ${rows.toLocaleString("en-US")} rows ÷ memory`,
    unit: "",
    kind: "ratio",
    better: "more",
    samples: scans.map(scanVsMemory),
  };
}

export function scanVsMemory({ walkBytesPerSecond, memoryBytesPerSecond }: ScanRound): number {
  return walkBytesPerSecond / memoryBytesPerSecond;
}

function scanRows(scans: readonly ScanRound[]): LayerReport["rows"] {
  const of = (pick: (round: ScanRound) => number) => median(scans.map(pick));
  return [
    { what: "walk of a list", value: of(({ walkBytesPerSecond }) => walkBytesPerSecond) / 1e9, unit: "GB/s" },
    { what: "memory in one go", value: of(({ memoryBytesPerSecond }) => memoryBytesPerSecond) / 1e9, unit: "GB/s" },
    { what: "walk of a list ÷ memory", value: of(scanVsMemory), unit: "" },
  ];
}
