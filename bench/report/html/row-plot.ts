import type { Axis } from "./axis.ts";
import { ticksAlong } from "./axis-labels.ts";
import { type Canvas, svg } from "./canvas.ts";
import { FIRST_LINE } from "./key-row.ts";
import { type Markup, markup, px } from "./markup.ts";
import { cutText, textWidth, wrapText } from "./text-width.ts";

/** Things of one kind below one another, along one axis. */
export interface RowPlot {
  /** For whoever does not see it. */
  readonly title: string;
  readonly axis: Axis;
  readonly rows: readonly PlotRow[];
  /** Upright lines with what they mean, such as 1: as much as the limit. */
  readonly lines: readonly { readonly at: number; readonly label: string }[];
  /** A part of the axis that is shaded. */
  readonly band?: { readonly from: number; readonly to: number };
}

export interface PlotRow {
  readonly label: string;
  /** Above the first row of its kind. */
  readonly heading?: string;
  readonly value: string;
  readonly note: string;
  /** @param at where on the canvas a value is @param y the middle of the row */
  draw(at: (value: number) => number, y: number): Markup;
}

interface Layout {
  readonly left: number;
  readonly right: number;
  readonly labelWidth: number;
  readonly above: boolean;
  readonly lineHeight: number;
}

export function drawRows(plot: RowPlot, canvas: Canvas): Markup {
  const { fontSize, width, name } = canvas;
  const above = name === "narrow";
  const valueWidth = Math.max(...plot.rows.map(({ value }) => textWidth(value, fontSize)));
  const layout: Layout = {
    left: above ? 14 : 292,
    right: above ? width - 14 : width - valueWidth - 24,
    labelWidth: above ? width - valueWidth - 16 : 270,
    above,
    lineHeight: fontSize * 1.2,
  };
  const at = (value: number) =>
    layout.left + Math.min(Math.max(plot.axis.at(value), 0), 1) * (layout.right - layout.left);
  const top = plot.lines.length === 0 ? 4 : fontSize * 2;
  let y = top;
  const rows = plot.rows.map((row) => {
    const drawn = drawRow(row, y, at, layout, canvas);
    y += drawn.height;
    return drawn.markup;
  });
  const height = y + fontSize * 3.3;
  return svg(canvas, height, plot.title, "bars", [
    drawBackground(plot, at, top, y, layout, canvas),
    ...rows,
    markup`<text class="title x" x="${px((layout.left + layout.right) / 2)}" y="${px(height - fontSize * 0.55)}" text-anchor="middle">${plot.axis.title}</text>`,
  ]);
}

function drawRow(
  row: PlotRow,
  from: number,
  at: (value: number) => number,
  { left, right, labelWidth, above, lineHeight }: Layout,
  { fontSize, width }: Canvas,
): { readonly markup: Markup; readonly height: number } {
  const headed = row.heading === undefined ? 0 : lineHeight + 12;
  const lines = wrapText(row.label, fontSize, labelWidth, 3);
  const top = from + headed;
  const textHeight = lines.length * lineHeight;
  const height = above ? textHeight + 26 : Math.max(textHeight + 8, 28);
  const y = above ? top + textHeight + 11 : top + height / 2;
  const firstLine = above ? top + fontSize : y - textHeight / 2 + fontSize * 0.93;
  const heading =
    row.heading === undefined
      ? undefined
      : markup`<text class="heading" x="1" y="${px(from + headed - 7)}">${cutText(row.heading, fontSize * 1.1, width - 4)}</text>`;
  return {
    markup: markup`<g class="row"><title>${row.note}</title>${heading}<text class="label">${lines.map(
      (line, index) => markup`<tspan x="1" y="${px(firstLine + index * lineHeight)}">${line}</tspan>`,
    )}</text><text class="value" x="${px(width - 1)}" y="${px(above ? firstLine : y + fontSize * 0.35)}" text-anchor="end">${row.value}</text>${
      above ? undefined : markup`<path class="lane" d="M${px(left)} ${px(y)}H${px(right)}"/>`
    }${row.draw(at, y)}</g>`,
    height: height + headed,
  };
}

function drawBackground(
  { axis, lines, band }: RowPlot,
  at: (value: number) => number,
  top: number,
  bottom: number,
  { left, right }: Layout,
  canvas: Canvas,
): Markup {
  const { fontSize, width } = canvas;
  const ticks = ticksAlong(axis, left, right, canvas);
  const marks = lines.map(({ at: value, label }) => {
    const x = at(value);
    const half = textWidth(label, fontSize) / 2;
    const middle = Math.min(Math.max(x, half + 1), width - half - 1);
    return markup`<path class="mark" d="M${px(x)} ${px(fontSize * 1.6)}V${px(bottom)}"/><text class="mark" x="${px(middle)}" y="${px(fontSize * FIRST_LINE)}" text-anchor="middle">${label}</text>`;
  });
  return markup`<g class="axes">${
    band === undefined
      ? undefined
      : markup`<path class="band" d="M${px(at(band.from))} ${px(top)}H${px(at(band.to))}V${px(bottom)}H${px(at(band.from))}Z"/>`
  }${ticks.map(
    ({ place, middle, label }) =>
      markup`<path class="grid" d="M${px(place)} ${px(top)}V${px(bottom)}"/><text class="tick x" x="${px(middle)}" y="${px(bottom + fontSize * 1.45)}" text-anchor="middle">${label}</text>`,
  )}<path class="axis" d="M${px(left)} ${px(bottom)}H${px(right)}"/>${marks}</g>`;
}
