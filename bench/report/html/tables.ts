import { askedOf, holds } from "../bound.ts";
import { formatFigure } from "../format.ts";
import { groupFigures, placeOf } from "../grouped-figures.ts";
import type { Figure, Report, ReportRow } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { type Markup, markup } from "./markup.ts";

/** Every figure with its repetitions, a table for each layer and workload. */
export function figureTables(figures: readonly Figure[]): readonly Markup[] {
  return groupFigures(figures).map(
    ({ layer, workload, figures: members }) => markup`<div class="table"><table class="figures grid">
<caption>${workload === "" ? layer : `${layer}: ${workload}`}</caption>
<thead><tr><th scope="col">figure</th><th scope="col" class="number">median</th><th scope="col">unit</th><th scope="col" class="number">min – max</th><th scope="col" class="number">middle half</th><th scope="col" class="number">n</th><th scope="col">kind</th></tr></thead>
<tbody>${members.map(figureRow)}</tbody></table></div>`,
  );
}

function figureRow(figure: Figure): Markup {
  const { n, median, min, max, lowerQuartile, upperQuartile } = spreadOf(figure.samples);
  const range = (from: number, to: number) => (n > 1 ? `${formatFigure(from)} – ${formatFigure(to)}` : "");
  const place = placeOf(figure, 2);
  const better = figure.better === "more" ? "more is better" : "less is better";
  return markup`<tr id="${figure.id}"><th scope="row">${figure.what}${
    place === "" ? undefined : markup` <span class="place">${place}</span>`
  }</th><td class="number">${n === 0 ? "no sample" : formatFigure(median)}</td><td>${figure.unit}</td><td class="number">${range(min, max)}</td><td class="number">${range(lowerQuartile, upperQuartile)}</td><td class="number">${n}</td><td title="${better}">${figure.kind} <span class="better" aria-label="${better}">${figure.better === "more" ? "↑" : "↓"}</span></td></tr>`;
}

/** Every line that the run printed, with what is asked of it. */
export function rowTable(rows: readonly ReportRow[]): Markup {
  return markup`<div class="table"><table class="figures">
<caption>as printed</caption>
<thead><tr><th scope="col">figure</th><th scope="col">layer</th><th scope="col" class="number">value</th><th scope="col">unit</th><th scope="col">asked</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      markup`<tr${row.bound === undefined ? undefined : holds(row) ? markup` class="held"` : markup` class="missed"`}><th scope="row">${row.what}</th><td>${row.layer}</td><td class="number">${formatFigure(row.value)}</td><td>${row.unit}</td><td>${askedCell(row)}</td></tr>`,
  )}</tbody></table></div>`;
}

function askedCell(row: ReportRow): Markup | undefined {
  const asked = askedOf(row);
  if (asked === undefined) return undefined;
  return holds(row)
    ? markup`${asked} <span class="verdict good">✓ held</span>`
    : markup`${asked} <span class="verdict bad">✗ missed</span>`;
}

/** Names and their values. */
export function factTable(caption: string, facts: readonly (readonly [name: string, value: string])[]): Markup {
  return markup`<div class="table"><table class="facts"><caption>${caption}</caption><tbody>${facts.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  )}</tbody></table></div>`;
}

/** How many answers were compared, by workload. */
export function answerTable({ byWorkload = {} }: Report["answers"]): Markup | undefined {
  const counts = Object.entries(byWorkload);
  if (counts.length === 0) return undefined;
  return factTable(
    "answers compared, by workload",
    counts.map(([name, count]) => [name, count.toLocaleString("en-US")]),
  );
}
