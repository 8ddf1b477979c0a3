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
  /** Whether ringed points are explained one by one, or were in the plot above. */
  readonly rings?: "listed" | "above";
}

/** Lines, across the page. */
export function xyFigure(text: FigureText, plot: XyPlot): Markup {
  return markup`<figure class="full"><h3>${text.head}</h3><div class="drawing">${drawXy(plot, WIDE)}${drawXy(plot, NARROW)}${legend(plot.series)}</div>${captionOf(text, plot.series)}</figure>`;
}

/** Smaller plots side by side, such as what the server used beside what it did. */
export function halvesFigure(
  text: Omit<FigureText, "head">,
  halves: readonly { readonly head: string; readonly plot: XyPlot }[],
): Markup {
  return markup`<figure class="full"><div class="drawing halves">${halves.map(
    ({ head, plot }) => markup`<div class="half"><h3>${head}</h3>${drawXy(plot, NARROW)}${legend(plot.series)}</div>`,
  )}</div>${captionOf(
    text,
    halves.flatMap(({ plot }) => plot.series),
  )}</figure>`;
}

export function rowFigure(text: FigureText, plot: RowPlot): Markup {
  const draw = (canvas: Canvas) => drawRows(plot, canvas);
  return markup`<figure class="full"><h3>${text.head}</h3><div class="drawing">${draw(WIDE)}${draw(NARROW)}</div>${captionOf(text, [])}</figure>`;
}

function captionOf({ caption, rings = "listed" }: Omit<FigureText, "head">, series: readonly Series[]): Markup {
  return markup`<figcaption>${caption.map((sentence) => markup`<p>${sentence}</p>`)}${ringsOf(series, rings)}</figcaption>`;
}

function ringsOf(series: readonly Series[], said: "listed" | "above"): Markup | undefined {
  const warnings = new Set(series.flatMap(({ points }) => points.flatMap(({ warning }) => warning ?? [])));
  if (warnings.size === 0) return undefined;
  const why = said === "above" ? ": why is said above." : ": it held the load back or added to the latency.";
  const list =
    said === "above" ? undefined : markup`<ul>${[...warnings].map((warning) => markup`<li>${warning}</li>`)}</ul>`;
  return markup`<div class="warned"><p><span class="ringed" aria-hidden="true"></span>Ringed points tell of the load generator, not of the server${why}</p>${list}</div>`;
}

/** Where the lines bear no names of their own. */
function legend(series: readonly Series[]): Markup {
  const named = series.filter(({ tail }) => tail !== true);
  const dashed = named.length === series.length;
  return markup`<ul class="legend">${named.map((one) => markup`<li>${swatch(one, dashed)}<span>${one.name}</span></li>`)}</ul>`;
}
