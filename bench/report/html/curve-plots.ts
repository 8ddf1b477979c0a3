import { formatFigure } from "../format.ts";
import type { CostPoint, Curve } from "../plots.ts";
import { logAxis } from "./axis.ts";
import { halfFigure, pair, xyFigure } from "./figure.ts";
import type { Markup } from "./markup.ts";
import { compact, positive } from "./numbers.ts";
import { panelsOf, type Series } from "./series.ts";
import type { XyPlot } from "./xy-plot.ts";

const BY: Readonly<Record<Curve["by"], string>> = {
  tuples: "tuples in the graph",
  depth: "steps deep",
  width: "members or branches wide",
  results: "results",
};

/** What is counted, which is the same on every machine. */
const COUNTED = [
  ["nodes", "Nodes visited", "nodes per question"],
  ["rows", "Tuples read", "tuples per question"],
  ["rounds", "Round trips", "rounds per question"],
  ["allocatedBytes", "Memory allocated", "bytes per question"],
] as const;

/** How costs grow: time, and beside it the work that was counted. */
export function curvePlots(curves: readonly Curve[]): readonly Markup[] {
  const drawable = curves.filter(({ points }) => points.some(({ x, medianUs }) => positive(x) && positive(medianUs)));
  const groups = Map.groupBy(drawable, ({ by, what }) => `${by}\0${what}`);
  return [...groups.values()].flatMap((group) =>
    panelsOf(group, ({ workload }) => workload).flatMap((panel) => [timePlot(panel), ...countedPlots(panel)]),
  );
}

function timePlot(panel: readonly Curve[]): Markup {
  const { by, what } = panel[0] ?? { by: "tuples", what: "" };
  const median = lines(
    panel,
    ({ medianUs }) => medianUs,
    (value) => `median ${formatFigure(value)} µs`,
  );
  const p99 = lines(
    panel,
    ({ p99Us }) => p99Us,
    (value) => `p99 ${formatFigure(value)} µs`,
  );
  const series = [...median, ...p99.map((one) => ({ ...one, tail: true }))];
  return xyFigure(
    {
      head: `${what} against ${by}`,
      caption: [
        ...panel.slice(0, 4).flatMap(growthOf),
        `Both axes are logarithmic: a flat line costs the same whatever the ${by}, a line as steep as the dotted one grows in proportion, a steeper one grows faster.`,
      ],
    },
    {
      ...drawing(panel, series, "time per question, µs", true),
      title: `${what}: microseconds against ${BY[by]}, median and p99: ${panel.map(({ workload }) => workload).join("; ")}`,
      key: [
        { line: "solid", label: "median" },
        { line: "tail", label: "p99" },
        { line: "guide", label: "in proportion" },
      ],
    },
  );
}

function countedPlots(panel: readonly Curve[]): readonly Markup[] {
  const { by, what } = panel[0] ?? { by: "tuples", what: "" };
  const figures = COUNTED.flatMap(([field, head, unit]) => {
    const series = lines(
      panel,
      (point) => point[field] ?? Number.NaN,
      (value) => `${formatFigure(value)} ${unit}`,
    ).filter(({ points }) => points.length > 0);
    if (series.length === 0) return [];
    const text = {
      head,
      caption: [
        `Counted for ${what} on average, so the same on every machine: a change here is a change of the program.`,
      ],
    };
    return [halfFigure(text, { ...drawing(panel, series, unit, false), title: `${what}: ${unit} against ${BY[by]}` })];
  });
  return figures.length === 0 ? [] : [pair(figures)];
}

function drawing(
  panel: readonly Curve[],
  series: readonly Series[],
  yTitle: string,
  guided: boolean,
): Omit<XyPlot, "title"> {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [first, last, low] = [Math.min(...xs), Math.max(...xs), Math.min(...ys)];
  return {
    x: logAxis(BY[panel[0]?.by ?? "tuples"], xs, compact, xs),
    y: logAxis(yTitle, ys, compact),
    series,
    ...(guided &&
      last > first && {
        guide: [
          [first, low],
          [last, (low * last) / first],
        ] as const,
      }),
  };
}

function lines(
  panel: readonly Curve[],
  of: (point: CostPoint) => number,
  say: (value: number) => string,
): readonly Series[] {
  return panel.map(({ workload, by, points }, slot) => ({
    name: workload,
    slot,
    points: points
      .filter((point) => positive(point.x) && positive(of(point)))
      .toSorted((a, b) => a.x - b.x)
      .map((point) => ({
        x: point.x,
        y: of(point),
        note: `${workload}, ${compact(point.x)} ${BY[by]}: ${say(of(point))}`,
      })),
  }));
}

function growthOf({ workload, by, points }: Curve): readonly string[] {
  const sorted = points.filter(({ x, medianUs }) => positive(x) && positive(medianUs)).toSorted((a, b) => a.x - b.x);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || first.x === last.x) return [];
  return [
    `${workload}: ${formatFigure(last.x / first.x)} times the ${by} cost ${formatFigure(last.medianUs / first.medianUs)} times the median, ${formatFigure(first.medianUs)} to ${formatFigure(last.medianUs)} µs.`,
  ];
}
