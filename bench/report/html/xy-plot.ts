import type { Axis } from "./axis.ts";
import { ticksAlong, ticksUp } from "./axis-labels.ts";
import { type Canvas, svg } from "./canvas.ts";
import { spreadLabels } from "./end-labels.ts";
import { type KeyEntry, keyRow } from "./key-row.ts";
import { type Markup, markup, px } from "./markup.ts";
import { marker, type PlotPoint, type Series } from "./series.ts";
import { textWidth, wrapText } from "./text-width.ts";

export interface XyPlot {
  /** For whoever does not see it. */
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** What the kinds of line mean; left out where there is one kind. */
  readonly key?: readonly KeyEntry[];
  /** A thin line to hold the others against, from one end to the other; the key says what it is. */
  readonly guide?: readonly (readonly [x: number, y: number])[];
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LABEL_WIDTH = 168;

/** Lines over two axes; on a wide canvas each with its name at its end. */
export function drawXy(plot: XyPlot, canvas: Canvas): Markup {
  const key = keyRow(plot.y.title, plot.key ?? [], canvas);
  const labelled = canvas.name === "wide";
  const area: Area = {
    left: leftMargin(plot.y, canvas),
    right: canvas.width - (labelled ? LABEL_WIDTH + 22 : 10),
    top: key.height + 10,
    bottom: canvas.height - canvas.fontSize * 3.4,
  };
  const at = ([x, y]: readonly [number, number]): readonly [number, number] => [
    area.left + plot.x.at(x) * (area.right - area.left),
    area.bottom + plot.y.at(y) * (area.top - area.bottom),
  ];
  // Where dashes do not tell medians from tails, they tell the lines from one another.
  const kind = plot.series.some(({ tail }) => tail === true) ? "paired" : "dashed";
  return svg(canvas, canvas.height, plot.title, kind, [
    drawAxes(plot, area, canvas),
    key.markup,
    ...(plot.guide === undefined ? [] : [drawGuide(plot.guide.map(at), area)]),
    ...plot.series.map((series) => drawSeries(series, (point) => at([point.x, point.y]))),
    ...(labelled ? drawEndLabels(plot, area, canvas, at) : []),
  ]);
}

function leftMargin({ ticks }: Axis, { fontSize }: Canvas): number {
  const widest = Math.max(...ticks.flat().map(({ label }) => textWidth(label, fontSize)), 0);
  return Math.max(widest + 12, fontSize * 2.5);
}

function drawAxes({ x, y }: XyPlot, { left, right, top, bottom }: Area, canvas: Canvas): Markup {
  const below = bottom + canvas.fontSize * 1.6;
  const along = ticksAlong(x, left, right, canvas);
  const up = ticksUp(y, bottom, top, canvas);
  return markup`<g class="axes">${up.map(
    ({ place, label }) =>
      markup`<path class="grid" d="M${px(left)} ${px(place)}H${px(right)}"/><text class="tick y" x="${px(left - 7)}" y="${px(place)}" dy=".35em" text-anchor="end">${label}</text>`,
  )}${along.map(
    ({ place, middle, label }) =>
      markup`<path class="grid" d="M${px(place)} ${px(top)}V${px(bottom)}"/><path class="axis" d="M${px(place)} ${px(bottom)}v4"/><text class="tick x" x="${px(middle)}" y="${px(below)}" text-anchor="middle">${label}</text>`,
  )}<path class="axis" d="M${px(left)} ${px(bottom)}H${px(right)}"/><text class="title x" x="${px((left + right) / 2)}" y="${px(canvas.height - canvas.fontSize * 0.55)}" text-anchor="middle">${x.title}</text></g>`;
}

function drawSeries({ slot, tail, points }: Series, at: (point: PlotPoint) => readonly [number, number]): Markup {
  const line = points.map((point, index) => `${index === 0 ? "M" : "L"}${at(point).map(px).join(" ")}`).join("");
  return markup`<g class="series s${slot}${tail === true ? " tail" : ""}">${
    points.length > 1 ? markup`<path class="line" d="${line}"/>` : undefined
  }${points
    .filter(({ bare }) => bare !== true)
    .map((point) => {
      const [x, y] = at(point);
      const ring =
        point.warning === undefined ? undefined : markup`<circle class="ring" cx="${px(x)}" cy="${px(y)}" r="8"/>`;
      return markup`<g><title>${point.note}</title><path class="marker" d="${marker(slot, x, y)}"/>${ring}</g>`;
    })}</g>`;
}

/** Cut at the edges of the plot. */
function drawGuide(points: readonly (readonly [number, number])[], { left, right, top, bottom }: Area): Markup {
  const [[x1, y1] = [left, bottom], [x2, y2] = [right, top]] = points;
  const slope = (y2 - y1) / (x2 - x1);
  const clip = (x: number, y: number): readonly [number, number] => {
    const inY = Math.min(Math.max(y, top), bottom);
    return inY === y || slope === 0 ? [x, inY] : [x1 + (inY - y1) / slope, inY];
  };
  const [ax, ay] = clip(x1, y1);
  const [bx, by] = clip(x2, y2);
  return markup`<path class="guide" d="M${px(ax)} ${px(ay)}L${px(bx)} ${px(by)}"/>`;
}

function drawEndLabels(
  { series }: XyPlot,
  { right, top, bottom }: Area,
  { fontSize, height }: Canvas,
  at: (point: readonly [number, number]) => readonly [number, number],
): readonly Markup[] {
  const labelled = series.filter(({ tail, points }) => tail !== true && points.length > 0);
  const lineHeight = fontSize * 1.15;
  const maxLines = Math.max(1, Math.min(3, Math.floor((bottom - top) / labelled.length / lineHeight)));
  const labels = labelled.map(({ name, slot, points }) => {
    const last = points.at(-1);
    const [x, y] = last === undefined ? [right, top] : at([last.x, last.y]);
    return { slot, x, y, lines: wrapText(name, fontSize, LABEL_WIDTH, maxLines) };
  });
  const middles = spreadLabels(
    labels.map(({ y, lines }) => ({ at: y, height: lines.length * lineHeight + 5 })),
    Math.min(top, fontSize),
    Math.min(bottom + fontSize * 2, height),
  );
  const from = right + 20;
  return labels.map(({ slot, x, y, lines }, index) => {
    const middle = middles[index] ?? y;
    const first = middle - ((lines.length - 1) * lineHeight) / 2;
    return markup`<g class="end s${slot}"><path class="leader" d="M${px(x + 6)} ${px(y)}L${px(right + 8)} ${px(y)}L${px(from - 3)} ${px(middle)}"/><text>${lines.map(
      (line, row) => markup`<tspan x="${px(from)}" y="${px(first + row * lineHeight)}" dy=".35em">${line}</tspan>`,
    )}</text></g>`;
  });
}
