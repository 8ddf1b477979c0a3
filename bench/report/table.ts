import { askedOf, holds } from "./bound.ts";
import { formatFigure } from "./format.ts";
import { answersLine, loadLine } from "./head-lines.ts";
import type { Report, ReportRow } from "./report.ts";

/** A report as people read it: what ran where, a line per figure, and last whether every answer was right. */
export function renderReport(report: Report): string {
  const { machine, answers } = report;
  const rows = report.rows.map((row) => [row.layer, row.what, formatFigure(row.value), row.unit, boundOf(row)]);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1024 ** 3)} GiB, ${machine.os}`,
    `Node ${machine.node}${machine.postgres === undefined ? "" : `, PostgreSQL ${machine.postgres}`}, ` +
      loadLine(machine),
    "",
    ...columns([["LAYER", "FIGURE", "VALUE", "UNIT", "ASKED"], ...rows]),
    "",
    ...answers.wrong.slice(0, MAX_SHOWN_WRONG).map((one) => `wrong: ${one}`),
    answersLine(report),
  ].join("\n");
}

const MAX_SHOWN_WRONG = 10;

function boundOf(row: ReportRow): string {
  const asked = askedOf(row);
  if (asked === undefined) return "";
  return holds(row) ? asked : `${asked}: missed`;
}

/** The third column is numbers, and is flush right. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
