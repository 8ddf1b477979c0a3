import { formatFigure } from "../format.ts";
import type { CostPoint, Curve } from "../plots.ts";
import { logAxis } from "./axis.ts";
import { halvesFigure, xyFigure } from "./figure.ts";
import { type Markup, markup } from "./markup.ts";
import { compact, positive } from "./numbers.ts";
import { panelsOf, type Series, slotsOf } from "./series.ts";
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

/** With two lines each, more than these are a thicket. */
const MOST = 5;

/** A curve by the name that tells it from the others of its family. */
interface Named extends Curve {
  readonly name: string;
}

/** Curves that are held against one another. */
interface Family {
  readonly by: Curve["by"];
  /** What all of them are of. */
  readonly what: string;
  readonly curves: readonly Named[];
}

/** Some curves of a family, drawn with the axes of the whole of it. */
interface Panel {
  readonly curves: readonly Named[];
  readonly family: Family;
  readonly slots: readonly number[];
}

/** How costs grow: time, and beside it the work that was counted. */
export function curvePlots(curves: readonly Curve[]): readonly Markup[] {
  const sized = curves.map((curve) => ({ curve, sizes: new Set(curve.points.filter(drawn).map(({ x }) => x)).size }));
  const drawable = sized.filter(({ sizes }) => sizes > 1).map(({ curve }) => curve);
  const single = sized.filter(({ sizes }) => sizes === 1).map(({ curve }) => curve);
  const names = [...new Set(drawable.map(({ workload }) => workload))];
  const figures = familiesOf(drawable).flatMap((family) => {
    const all = [...new Set([...names, ...family.curves.map(({ name }) => name)])];
    const own = family.curves.every(({ name }) => names.includes(name)) ? names : all.slice(names.length);
    const panel = (part: readonly Named[]): Panel => ({
      curves: part,
      family,
      slots: slotsOf(
        part.map(({ name }) => name),
        own,
      ),
    });
    const times = panelsOf(family.curves, ({ name }) => name, MOST).map((part) => timePlot(panel(part)));
    return [...times, ...panelsOf(family.curves, ({ name }) => name).flatMap((part) => countedPlots(panel(part)))];
  });
  if (figures.length === 0 || single.length === 0) return figures;
  const note = `Measured at one size only, so there is no growth to draw; the figures are in the tables: ${namesOf(single)}.`;
  return [...figures, markup`<p class="absent">${note}</p>`];
}

/** Such as `Check in memory by tuples (code, saas)`. */
function namesOf(curves: readonly Curve[]): string {
  const groups = [...Map.groupBy(curves, ({ what, by }) => `${what} by ${by}`)];
  return groups.map(([name, group]) => `${name} (${group.map(({ workload }) => workload).join(", ")})`).join("; ");
}

function drawn({ x, medianUs }: CostPoint): boolean {
  return positive(x) && positive(medianUs);
}

/** The same thing of several workloads, or several things of one workload that was made to be measured so. */
function familiesOf(curves: readonly Curve[]): readonly Family[] {
  const same = [...Map.groupBy(curves, ({ by, what }) => `${by}\0${what}`).values()];
  const shared = same.filter(({ length }) => length > 1).map((group) => familyOf(group, ({ workload }) => workload));
  const lone = Map.groupBy(
    same.filter(({ length }) => length === 1).flat(),
    ({ by, workload }) => `${by}\0${workload}`,
  );
  return [...shared, ...[...lone.values()].map((group) => familyOf(group, ({ what }) => what))];
}

function familyOf(group: readonly Curve[], nameOf: (curve: Curve) => string): Family {
  const { by, what } = group[0] ?? NO_CURVE;
  const one = group.every((curve) => curve.what === what);
  return {
    by,
    what: one ? what : "Cost",
    curves: group.map((curve) => ({ ...curve, name: nameOf(curve) })),
  };
}

function timePlot(panel: Panel): Markup {
  const { by, what } = panel.family;
  const names = panel.curves.map(({ name }) => name);
  const all = [...linesOf(panel.family.curves, [], medianOf), ...linesOf(panel.family.curves, [], p99Of)];
  const series = [
    ...linesOf(panel.curves, panel.slots, medianOf),
    ...linesOf(panel.curves, panel.slots, p99Of).map((one) => ({ ...one, tail: true })),
  ];
  return xyFigure(
    {
      head: `${what} against ${by}${names.length < panel.family.curves.length ? `: ${names.join(", ")}` : ""}`,
      caption: [
        ...panel.curves.flatMap(growthOf),
        `Both axes are logarithmic: a flat line costs the same whatever the ${by}, a line as steep as the dotted one grows in proportion, a steeper one grows faster.`,
      ],
    },
    {
      ...axesOf(by, "time per question, µs", all),
      guide: guideOf(series),
      series,
      title: `${what}: microseconds against ${BY[by]}, median and p99: ${names.join("; ")}`,
      key: [
        { line: "solid", label: "median" },
        { line: "tail", label: "p99" },
        { line: "guide", label: "in proportion" },
      ],
    },
  );
}

function countedPlots(panel: Panel): readonly Markup[] {
  const { by, what } = panel.family;
  const halves = COUNTED.flatMap(([field, head, unit]) => {
    const of = {
      at: (point: CostPoint) => point[field] ?? Number.NaN,
      say: (value: number) => `${formatFigure(value)} ${unit}`,
    };
    const series = linesOf(panel.curves, panel.slots, of).filter(({ points }) => points.length > 0);
    if (series.length === 0) return [];
    const axes = axesOf(by, unit, linesOf(panel.family.curves, [], of));
    return [{ head, plot: { ...axes, series, title: `${what}: ${unit} against ${BY[by]}` } }];
  });
  if (halves.length === 0) return [];
  return [
    halvesFigure(
      {
        caption: [
          `What one question takes on average, counted: ${what} against ${by}. Counts are the same on every machine and at every load, so a change here is a change of the program.`,
        ],
      },
      halves,
    ),
  ];
}

const NO_CURVE = { by: "tuples", what: "" } as const;

interface Cost {
  at(point: CostPoint): number;
  say(value: number): string;
}

const medianOf: Cost = { at: ({ medianUs }) => medianUs, say: (value) => `median ${formatFigure(value)} µs` };
const p99Of: Cost = { at: ({ p99Us = Number.NaN }) => p99Us, say: (value) => `p99 ${formatFigure(value)} µs` };

function axesOf(by: Curve["by"], yTitle: string, series: readonly Series[]): Pick<XyPlot, "x" | "y"> {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  return {
    x: logAxis(BY[by], xs, compact, xs),
    y: logAxis(
      yTitle,
      points.map(({ y }) => y),
      compact,
    ),
  };
}

/** From the lowest point of all, as steep as what grows in proportion. */
function guideOf(series: readonly Series[]): readonly (readonly [number, number])[] {
  const points = series.flatMap((one) => one.points);
  const [first, last] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))];
  const low = Math.min(...points.map(({ y }) => y));
  return [
    [first, low],
    [last, (low * last) / first],
  ];
}

/** @param slots of each curve; left empty where nothing is drawn but an axis is measured */
function linesOf(curves: readonly Named[], slots: readonly number[], { at, say }: Cost): readonly Series[] {
  return curves.map(({ name, by, points }, index) => ({
    name,
    slot: slots[index] ?? 0,
    points: points
      .filter((point) => positive(point.x) && positive(at(point)))
      .toSorted((a, b) => a.x - b.x)
      .map((point) => ({
        x: point.x,
        y: at(point),
        note: `${name}, ${compact(point.x)} ${BY[by]}: ${say(at(point))}`,
      })),
  }));
}

function growthOf({ name, points }: Named): readonly string[] {
  const sorted = points.filter(drawn).toSorted((a, b) => a.x - b.x);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || first.x === last.x) return [];
  return [
    `${name}: ${formatFigure(first.medianUs)} µs at ${compact(first.x)}, ${formatFigure(last.medianUs)} µs at ${compact(last.x)}: ${compact(last.medianUs / first.medianUs)} times for ${compact(last.x / first.x)} times as much.`,
  ];
}
