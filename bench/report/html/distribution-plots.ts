import { formatFigure } from "../format.ts";
import type { Distribution } from "../plots.ts";
import { logAxis, percentileAxis } from "./axis.ts";
import { xyFigure } from "./figure.ts";
import type { Markup } from "./markup.ts";
import { compact, positive } from "./numbers.ts";
import { panelsOf, type Series } from "./series.ts";

/** Where a line gets a marker. */
const MARKED = [0.5, 0.9, 0.99, 0.999, 0.9999];

/** How long calls took, to the slowest of each load. */
export function distributionPlots(distributions: readonly Distribution[]): readonly Markup[] {
  const drawable = distributions.filter(({ quantiles }) => quantiles.some(({ ms }) => positive(ms)));
  return panelsOf(drawable, ({ workload, lane }) => workload ?? lane).map((panel, index) =>
    distributionPlot(panel, drawable, index === 0 ? HOW_TO_READ : []),
  );
}

const HOW_TO_READ = [
  "Each nine takes as much room as the one before it, so the slowest calls are as easy to see as the usual ones. " +
    "A line that stays flat to the right is a service that keeps its promise to nearly everyone; a step up is what one call in so many meets.",
  "The right end of a line is the slowest call of that load: no line goes further than its calls can tell.",
];

/** @param every of all panels, whose axes are the same */
function distributionPlot(
  panel: readonly Distribution[],
  every: readonly Distribution[],
  howToRead: readonly string[],
): Markup {
  const calls = Math.max(...every.map((one) => one.calls));
  const x = percentileAxis("share of the calls that took no longer", calls);
  const all = every.flatMap(({ quantiles }) => quantiles.map(({ ms }) => ms)).filter(positive);
  const series = panel.map((one, slot) => seriesOf(one, slot, x.atOf));
  return xyFigure(
    {
      head: headOf(panel),
      caption: [...factsOf(panel), ...howToRead],
    },
    {
      title: `Latency in milliseconds by percentile: ${panel.map(({ lane }) => lane).join("; ")}`,
      // Points come with their places, since each load has as many nines as it has calls.
      x: {
        ...x,
        at: (place) => place,
        ticks: x.ticks.map((set) => set.map((tick) => ({ ...tick, value: x.atOf(tick.value, calls) }))),
      },
      y: logAxis("latency, ms", all, compact),
      series,
    },
  );
}

function seriesOf(one: Distribution, slot: number, place: (share: number, calls: number) => number): Series {
  const { calls, quantiles } = one;
  const points = quantiles.filter(({ ms }) => positive(ms));
  const marked = new Set(MARKED.map((share) => nearest(points, share)));
  return {
    name: nameOf(one),
    slot,
    points: points.map((point, index) => ({
      x: place(point.share, calls),
      y: point.ms,
      note: `${nameOf(one)}: ${Number((point.share * 100).toFixed(4))} % within ${formatFigure(point.ms)} ms`,
      bare: !marked.has(point) && index !== points.length - 1,
    })),
  };
}

/** Of several loads of one lane, each by its rate. */
function nameOf({ lane, ratePerSecond }: Distribution): string {
  return ratePerSecond === undefined || lane.includes("/s") ? lane : `${lane}, ${compact(ratePerSecond)}/s`;
}

function nearest(points: Distribution["quantiles"], share: number): Distribution["quantiles"][number] | undefined {
  const distance = (one: { readonly share: number }) => Math.abs(Math.log((1 - one.share + 1e-7) / (1 - share + 1e-7)));
  const best = points.toSorted((a, b) => distance(a) - distance(b))[0];
  return best !== undefined && distance(best) < 0.2 ? best : undefined;
}

function headOf(panel: readonly Distribution[]): string {
  const names = [...new Set(panel.map(({ workload }) => workload ?? ""))];
  return names.includes("") || names.length > 4 ? "How long calls take" : `How long calls take: ${names.join(", ")}`;
}

function factsOf(panel: readonly Distribution[]): readonly string[] {
  return panel
    .map((one) => {
      const { lane, calls, quantiles, ratePerSecond } = one;
      const [p50, p99, p999] = [0.5, 0.99, 0.999].map(
        (wanted) => quantiles.find(({ share }) => share >= wanted - 1e-9)?.ms,
      );
      const said = [
        ["median", p50],
        ["p99", p99],
        ["p99.9", p999],
      ].flatMap(([name, ms]) => (typeof ms === "number" ? [`${name} ${formatFigure(ms)} ms`] : []));
      const loop = ratePerSecond === undefined ? "closed loop" : `${compact(ratePerSecond)} calls due a second`;
      return `${lane} (${compact(calls)} calls, ${loop}): ${said.join(", ")}.`;
    })
    .slice(0, 7);
}
