import { formatFigure } from "../format.ts";
import { placeOf } from "../grouped-figures.ts";
import type { Figure } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { type Axis, linearAxis } from "./axis.ts";
import { rowFigure } from "./figure.ts";
import { type Markup, markup, px } from "./markup.ts";
import { percent, positive } from "./numbers.ts";
import type { PlotRow } from "./row-plot.ts";

/** As many as a printed page has room for. */
const MOST_ROWS = 16;
/** Beyond this, rounds stand at the edge. */
const WIDEST_PERCENT = 50;
/** How far two runs may lie apart and still agree. */
const AGREED_PERCENT = 15;

/** How far the rounds of each ratio lie apart. */
export function spreadPlots(figures: readonly Figure[]): readonly Markup[] {
  const drawable = figures
    .filter(({ kind, samples }) => kind === "ratio" && spreadOf(samples).n > 1 && positive(spreadOf(samples).median))
    .map((figure) => ({ figure, width: widthOf(figure) }))
    .toSorted((a, b) => b.width - a.width)
    .map(({ figure }) => figure);
  const axis = axisOf(drawable);
  return Array.from({ length: Math.ceil(drawable.length / MOST_ROWS) }, (_, part) => {
    const rows = drawable.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS);
    return rowFigure(
      {
        head: part === 0 ? "How far rounds lie apart" : "How far rounds lie apart, continued",
        caption: [
          `Each dot is what one round said, against the median of all; the box holds the middle half. Widest first, so the figures to trust least are at the top${part === 0 ? "" : " of the first of these plots"}.`,
          `The shaded part is ±${AGREED_PERCENT} %: two runs whose medians lie within it of one another agree. A dot at the very edge lies beyond it.`,
        ],
      },
      {
        title: `Deviation of rounds from their median: ${rows.map((row) => `${row.id} ${formatFigure(widthOf(row))} %`).join("; ")}`,
        axis,
        band: { from: -AGREED_PERCENT, to: AGREED_PERCENT },
        lines: [{ at: 0, label: "median" }],
        rows: rows.map(rowOf),
      },
    );
  });
}

function rowOf(figure: Figure): PlotRow {
  const { n, median, min, max, lowerQuartile, upperQuartile } = spreadOf(figure.samples);
  const off = (value: number) => (value / median - 1) * 100;
  const place = placeOf(figure, 0);
  return {
    label: place === "" ? figure.what : `${figure.what}, ${place}`,
    value: `${formatFigure(median)} (${signed(off(min))} … ${signed(off(max))} %)`,
    note: `${figure.id}: median ${formatFigure(median)}, ${formatFigure(min)} to ${formatFigure(max)} in ${n} rounds`,
    draw: (at, y) => {
      const [left, right] = [at(off(lowerQuartile)), at(off(upperQuartile))];
      const dots = figure.samples
        .filter((sample) => Number.isFinite(sample))
        .map((sample) => markup`<circle class="round" cx="${px(at(off(sample)))}" cy="${px(y)}" r="3"/>`);
      return markup`<rect class="box" x="${px(left)}" y="${px(y - 7)}" width="${px(Math.max(right - left, 1))}" height="14"/><path class="whisker" d="M${px(at(off(min)))} ${px(y)}H${px(at(off(max)))}M${px(at(0))} ${px(y - 8)}v16"/>${dots}`;
    },
  };
}

/** Of a percentage, without its sign. */
function signed(value: number): string {
  return percent(Math.round(value)).replace(" %", "");
}

function widthOf({ samples }: Figure): number {
  const { median, min, max } = spreadOf(samples);
  return ((max - min) / median) * 100;
}

function axisOf(figures: readonly Figure[]): Axis {
  const far = Math.max(
    AGREED_PERCENT,
    ...figures.map(({ samples }) => {
      const { median, min, max } = spreadOf(samples);
      return Math.max(max / median - 1, 1 - min / median) * 100;
    }),
  );
  const edge = Math.min(Math.ceil((far * 1.05) / 5) * 5, WIDEST_PERCENT);
  return linearAxis("a round against the median of all rounds", [-edge, edge], percent, false);
}
