import { type Canvas, NARROW, WIDE } from "./canvas.ts";
import { type Markup, markup } from "./markup.ts";
import { drawRows, type RowPlot } from "./row-plot.ts";
import { type Series, swatch } from "./series.ts";
import { drawXy, type XyPlot } from "./xy-plot.ts";

export interface FigureText {
  /** What is seen, in a line. */
  readonly head: string;
  /** What is seen and how to read it, sentence by sentence. */
  readonly caption: readonly string[];
}

/** Lines, across the page. */
export function xyFigure(text: FigureText, plot: XyPlot): Markup {
  return figure("full", text, [drawXy(plot, WIDE), drawXy(plot, NARROW), legend(plot.series)], warnings(plot.series));
}

/** Lines on half the page's width, for what stands beside something. */
export function halfFigure(text: FigureText, plot: XyPlot): Markup {
  return figure("half", text, [drawXy(plot, NARROW), legend(plot.series)], warnings(plot.series));
}

export function rowFigure(text: FigureText, plot: RowPlot): Markup {
  const draw = (canvas: Canvas) => drawRows(plot, canvas);
  return figure("full rows", text, [draw(WIDE), draw(NARROW)], []);
}

/** What stands side by side. */
export function pair(figures: readonly Markup[]): Markup {
  return markup`<div class="pair">${figures}</div>`;
}

function figure(
  kind: string,
  { head, caption }: FigureText,
  drawn: readonly Markup[],
  warned: readonly string[],
): Markup {
  return markup`<figure class="${kind}"><h3>${head}</h3><div class="drawing">${drawn}</div><figcaption>${caption.map(
    (sentence) => markup`<p>${sentence}</p>`,
  )}${
    warned.length === 0
      ? undefined
      : markup`<div class="warned"><p><span class="ringed" aria-hidden="true"></span>Ringed points tell of the load generator, not of the server: it was what held the load back.</p><ul>${warned.map(
          (warning) => markup`<li>${warning}</li>`,
        )}</ul></div>`
  }</figcaption></figure>`;
}

/** Where the lines bear no names of their own. */
function legend(series: readonly Series[]): Markup {
  const named = series.filter(({ tail }) => tail !== true);
  const dashed = named.length === series.length;
  return markup`<ul class="legend">${named.map((one) => markup`<li>${swatch(one, dashed)}<span>${one.name}</span></li>`)}</ul>`;
}

function warnings(series: readonly Series[]): readonly string[] {
  return [...new Set(series.flatMap(({ points }) => points.flatMap(({ warning }) => warning ?? [])))];
}
