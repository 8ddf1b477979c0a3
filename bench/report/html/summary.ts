import { askedOf, holds } from "../bound.ts";
import { formatFigure } from "../format.ts";
import { answersLine, busyLine, commitLine, sabotageLine } from "../head-lines.ts";
import { countWrong } from "../join-answers.ts";
import type { Report, ReportRow } from "../report.ts";
import { type Markup, markup } from "./markup.ts";

const SHOWN_WRONG = 20;

/** The first thing that is seen: what ran, whether every answer was right, and what is asked of it. */
export function summary(report: Report): Markup {
  const { mode, startedAt, answers, rows, machine } = report;
  const busy = busyLine(report);
  const sabotage = sabotageLine(report);
  const asked = rows.filter(({ bound }) => bound !== undefined);
  const right = answers.wrong.length === 0;
  return markup`<header><h1>relata bench <span class="mode">${mode} run</span></h1>
<p class="when">${startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")} · ${machine.cpu}, ${machine.cores} cores · ${commitLine(report)}</p>
<p class="answers ${right ? "good" : "bad"}"><strong>${right ? "✓" : "✗"} ${answersLine(report)}</strong></p>${
    right
      ? undefined
      : markup`<ul class="wrong">${answers.wrong.slice(0, SHOWN_WRONG).map((one) => markup`<li>${one}</li>`)}${
          answers.wrong.length > SHOWN_WRONG
            ? markup`<li>and ${countWrong(answers) - SHOWN_WRONG} more, ${answers.wrongLeftOut === undefined ? "" : "the first "}in the JSON below</li>`
            : undefined
        }</ul>`
  }${sabotage === undefined ? undefined : markup`<p class="busy">${sabotage}</p>`}${busy === undefined ? undefined : markup`<p class="busy">${busy}</p>`}${
    asked.length === 0 ? undefined : markup`<div class="cards">${asked.map(card)}</div>`
  }</header>`;
}

function card(row: ReportRow): Markup {
  const held = holds(row);
  return markup`<div class="card ${held ? "held" : "missed"}"><span class="layer">${row.layer}</span><span class="value">${formatFigure(row.value)}<span class="unit">${row.unit}</span></span><span class="what">${row.what}</span><span class="asked">${held ? "✓" : "✗ missed:"} ${askedOf(row)}</span></div>`;
}
