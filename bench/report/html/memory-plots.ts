import { formatFigure } from "../format.ts";
import type { MemoryPoint } from "../plots.ts";
import { linearAxis, logAxis } from "./axis.ts";
import { xyFigure } from "./figure.ts";
import type { Markup } from "./markup.ts";
import { compact, mebibytes, positive } from "./numbers.ts";
import { panelsOf, type Series } from "./series.ts";

/** What a tuple takes in memory. */
export function memoryPlots(memory: readonly MemoryPoint[]): readonly Markup[] {
  const drawable = memory.filter(({ tuples, graphBytes }) => positive(tuples) && positive(graphBytes));
  const workloads = [...Map.groupBy(drawable, ({ workload }) => workload)];
  return panelsOf(workloads, ([name]) => name).map(memoryPlot);
}

function memoryPlot(panel: readonly (readonly [workload: string, points: readonly MemoryPoint[]])[]): Markup {
  const series = panel.flatMap(([workload, points], slot): readonly Series[] => [
    { name: workload, slot, points: perTuple(workload, points, "graphBytes", "the graph") },
    { name: workload, slot, tail: true, points: perTuple(workload, points, "rssBytes", "the process") },
  ]);
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  const solid = series.filter(({ tail }) => tail !== true).flatMap((one) => one.points.map(({ y }) => y));
  const ys = points.map(({ y }) => y);
  // A small graph in a process of fifty megabytes would press everything else to the ground.
  const spread = Math.max(...ys) / Math.min(...solid) > 6;
  return xyFigure(
    {
      head: "Memory per tuple",
      caption: [
        ...panel.slice(0, 4).flatMap(([workload, found]) => largestOf(workload, found)),
        "Solid: what the graph itself takes. Dashed: resident memory of the whole process by its tuples; a small graph shares a process with much else, so this line comes down to the other as tuples become many.",
      ],
    },
    {
      title: `Bytes per tuple against tuples: ${panel.map(([workload]) => workload).join("; ")}`,
      x: logAxis("tuples in the graph", xs, compact, xs),
      y: spread ? logAxis("bytes per tuple", ys, compact) : linearAxis("bytes per tuple", ys, compact),
      series,
      key: [
        { line: "solid", label: "the graph" },
        { line: "tail", label: "the process" },
      ],
    },
  );
}

function perTuple(workload: string, points: readonly MemoryPoint[], field: "graphBytes" | "rssBytes", whose: string) {
  return points
    .filter((point) => positive(point[field]))
    .toSorted((a, b) => a.tuples - b.tuples)
    .map((point) => ({
      x: point.tuples,
      y: point[field] / point.tuples,
      note: `${workload}, ${compact(point.tuples)} tuples: ${whose} takes ${mebibytes(point[field])}, ${formatFigure(point[field] / point.tuples)} bytes each`,
    }));
}

function largestOf(workload: string, points: readonly MemoryPoint[]): readonly string[] {
  const largest = points.toSorted((a, b) => b.tuples - a.tuples)[0];
  if (largest === undefined) return [];
  return [
    `${workload}: ${formatFigure(largest.graphBytes / largest.tuples)} bytes each at ${compact(largest.tuples)} tuples (${mebibytes(largest.graphBytes)}).`,
  ];
}
