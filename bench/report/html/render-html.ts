import { createHash } from "node:crypto";
import { toJson } from "../json.ts";
import type { Report } from "../report.ts";
import { facts } from "./facts.ts";
import { type Markup, markup, trusted } from "./markup.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { rawJson } from "./raw-json.ts";
import { plotSections, type Section } from "./sections.ts";
import { summary } from "./summary.ts";
import { figureTables, rowTable } from "./tables.ts";

/** One file without any reference to another: the same report gives the same text. */
export function renderHtml(report: Report): string {
  const sections = [...plotSections(report), ...tableSections(report)];
  const { mode, startedAt } = report;
  const name = `relata bench, ${mode}, ${startedAt.slice(0, 10)}`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(PAGE_STYLE)}'; script-src '${hashOf(PAGE_SCRIPT)}'">
<style>${trusted(PAGE_STYLE)}</style></head>
<body>${summary(report)}
<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>${sections.map(
    ({ id, title, lead, body }) => markup`<section id="${id}"><h2>${title}</h2>${
      lead === undefined ? undefined : markup`<p class="lead">${lead}</p>`
    }${body}</section>
`,
  )}</main>
${rawJson(toJson(report), `bench-${mode}-${startedAt.slice(0, 10)}.json`)}
<script>${trusted(PAGE_SCRIPT)}</script></body></html>
`;
  return page.markup;
}

function tableSections(report: Report): readonly Section[] {
  return [
    {
      id: "figures",
      title: "Every figure",
      lead: "Ratios first: they are of two things measured in the same round, and mean the same on any machine. Counts are the same everywhere. Times are of this machine at this hour.",
      body:
        report.figures.length === 0
          ? [absent("This run has no figures with repetitions.")]
          : figureTables(report.figures),
    },
    { id: "rows", title: "The table of the run", body: [rowTable(report.rows)] },
    { id: "run", title: "Machine, settings, answers", body: [facts(report)] },
  ];
}

function absent(sentence: string): Markup {
  return markup`<p class="absent">${sentence}</p>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
