import { formatFigure } from "../format.ts";
import type { MemoryPoint } from "../plots.ts";
import { linearAxis, logAxis } from "./axis.ts";
import { halvesFigure } from "./figure.ts";
import type { Markup } from "./markup.ts";
import { compact, mebibytes, positive } from "./numbers.ts";
import { panelsOf, type Series, slotsOf } from "./series.ts";

type Sizes = readonly [workload: string, points: readonly MemoryPoint[]];

/** What a tuple takes in memory. */
export function memoryPlots(memory: readonly MemoryPoint[]): readonly Markup[] {
  const drawable = memory.filter(({ tuples, graphBytes }) => positive(tuples) && positive(graphBytes));
  const all: readonly Sizes[] = [...Map.groupBy(drawable, ({ workload }) => workload)];
  return panelsOf(all, ([name]) => name).map((panel) => memoryPlot(panel, all));
}

/** @param every of all panels, whose axes are the same */
function memoryPlot(panel: readonly Sizes[], every: readonly Sizes[]): Markup {
  const workloads = every.map(([name]) => name);
  const slots = slotsOf(
    panel.map(([name]) => name),
    workloads,
  );
  const plot = (field: "graphBytes" | "rssBytes", whose: string) => {
    const drawn = (sizes: readonly Sizes[]): readonly Series[] =>
      sizes.map(([name, points], index) => ({
        name,
        slot: slots[index] ?? 0,
        points: perTuple(name, points, field, whose),
      }));
    const all = drawn(every).flatMap(({ points }) => points);
    const ys = all.map(({ y }) => y);
    const xs = all.map(({ x }) => x);
    // A small graph in a process of fifty megabytes would press everything else to the ground.
    const wide = Math.max(...ys) > 6 * Math.min(...ys);
    return {
      title: `Bytes per tuple of ${whose} against tuples: ${panel.map(([name]) => name).join("; ")}`,
      x: logAxis("tuples in the graph", xs, compact, xs),
      y: wide ? logAxis("bytes per tuple", ys, compact) : linearAxis("bytes per tuple", ys, compact),
      series: drawn(panel),
    };
  };
  return halvesFigure(
    {
      caption: [
        ...panel.flatMap(([workload, found]) => largestOf(workload, found)),
        "The graph: what it takes itself, as it counts. The process: by how much the process grew or how large it is; a small graph shares a process with much else, so this comes down to the other as tuples become many.",
      ],
    },
    [
      { head: "The graph, per tuple", plot: plot("graphBytes", "the graph") },
      { head: "The process, per tuple", plot: plot("rssBytes", "the process") },
    ].filter(({ plot: { series } }) => series.some(({ points }) => points.length > 0)),
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
