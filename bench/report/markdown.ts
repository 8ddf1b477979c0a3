import { askedOf, holds } from "./bound.ts";
import { formatFigure } from "./format.ts";
import { groupFigures, placeOf } from "./grouped-figures.ts";
import { answersLine, busyLine, commitLine, machineLine, sabotageLine } from "./head-lines.ts";
import type { Against } from "./plots.ts";
import type { Figure, Report } from "./report.ts";
import { spreadOf } from "./spread.ts";

/** A report for a comment or a page of documentation: what ran where, the answers, ratios first. */
export function renderMarkdown(report: Report): string {
  const { rows, plots, answers } = report;
  const busy = busyLine(report);
  const sabotage = sabotageLine(report);
  return [
    `# Bench, ${report.mode}, ${report.startedAt}`,
    inline(machineLine(report)),
    inline(commitLine(report)),
    ...(sabotage === undefined ? [] : [`**${sabotage}**`]),
    ...(busy === undefined ? [] : [`**${busy}**`]),
    `**${answersLine(report)}**`,
    list([
      ...answers.wrong.map((one) => `wrong: ${one}`),
      ...(answers.wrongLeftOut === undefined ? [] : [`and ${answers.wrongLeftOut} more`]),
    ]),
    section("What is asked", askedTable(rows)),
    section("Against limits", againstTable(plots.against.filter(({ kind }) => kind === "limit"))),
    section("Against peers", againstTable(plots.against.filter(({ kind }) => kind === "peer"))),
    section("Figures", figuresTables(report.figures)),
    section(
      "Every row",
      table(
        ["layer", "figure", "value:", "unit", "asked"],
        rows.map((row) => [row.layer, row.what, formatFigure(row.value), row.unit, askedOf(row) ?? ""]),
      ),
    ),
    section("Answers compared", answersTable(answers.byWorkload ?? {})),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function askedTable(rows: Report["rows"]): string {
  const asked = rows.filter(({ bound }) => bound !== undefined);
  return table(
    ["layer", "figure", "value:", "unit", "asked", ""],
    asked.map((row) => [
      row.layer,
      row.what,
      formatFigure(row.value),
      row.unit,
      askedOf(row) ?? "",
      holds(row) ? "held" : "**missed**",
    ]),
  );
}

/** Ours ÷ theirs: above 1 is better than they. */
function againstTable(against: readonly Against[]): string {
  return table(
    ["what", "against", "ours ÷ theirs:", "min – max", "rounds:"],
    against.map(({ what, against: other, samples }) => {
      const { n, median, min, max } = spreadOf(samples);
      return [what, other, formatFigure(median), `${formatFigure(min)} – ${formatFigure(max)}`, String(n)];
    }),
  );
}

function figuresTables(figures: readonly Figure[]): string {
  return groupFigures(figures)
    .map(({ layer, workload, figures: members }) =>
      [
        `### ${inline(layer)}${workload === "" ? "" : `: ${inline(workload)}`}`,
        table(["figure", "median:", "unit", "min – max", "n:", "kind"], members.map(figureCells)),
      ].join("\n\n"),
    )
    .join("\n\n");
}

function figureCells(figure: Figure): readonly string[] {
  const { n, median, min, max } = spreadOf(figure.samples);
  const range = n > 1 ? `${formatFigure(min)} – ${formatFigure(max)}` : "";
  const place = placeOf(figure, 2);
  const what = place === "" ? figure.what : `${figure.what} (${place})`;
  return [what, formatFigure(median), figure.unit, range, String(n), figure.kind];
}

function answersTable(byWorkload: Readonly<Record<string, number>>): string {
  return table(
    ["workload", "answers:"],
    Object.entries(byWorkload).map(([name, count]) => [name, count.toLocaleString("en-US")]),
  );
}

function section(title: string, body: string): string {
  return body === "" ? "" : `## ${title}\n\n${body}`;
}

/** A head that ends in a colon is of a column of numbers. Without rows: nothing. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const rule = head.map((name) => (name.endsWith(":") ? "--:" : "---"));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const cells = rows.map((row) => line(row.map((cell) => (cell === "**missed**" ? cell : inline(cell)))));
  return [line(head.map((name) => name.replace(/:$/, ""))), line(rule), ...cells].join("\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${inline(item)}`).join("\n");
}

/** Text that means itself: no markup, no new cell, no new line. */
function inline(text: string): string {
  return text.replace(/[\\`*_[\]<>|#&]/g, (sign) => `\\${sign}`).replaceAll(/\s*\n\s*/g, " ");
}
