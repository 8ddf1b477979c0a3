import type { Report, ReportRow } from "./report.ts";

/** A report as people read it: what ran where, a line per figure, and last whether every answer was right. */
export function renderReport(report: Report): string {
  const { machine, answers } = report;
  const rows = report.rows.map((row) => [row.layer, row.what, formatFigure(row.value), row.unit, boundOf(row)]);
  const wrong = answers.wrong.length;
  return [
    `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1024 ** 3)} GiB, ${machine.os}`,
    `Node ${machine.node}${machine.postgres === undefined ? "" : `, PostgreSQL ${machine.postgres}`}, ` +
      `load ${machine.loadBefore.toFixed(1)} before and ${machine.loadAfter.toFixed(1)} behind`,
    "",
    ...columns([["LAYER", "FIGURE", "VALUE", "UNIT", "ASKED"], ...rows]),
    "",
    ...answers.wrong.slice(0, MAX_SHOWN_WRONG).map((one) => `wrong: ${one}`),
    `${answers.compared.toLocaleString("en-US")} answers compared, ${wrong === 0 ? "every one right" : `${wrong} WRONG`} ` +
      `(${report.mode}, ${report.tookSeconds.toFixed(0)} s)`,
  ].join("\n");
}

const MAX_SHOWN_WRONG = 10;

/** Three digits that mean something; thousands as wholes. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function boundOf({ value, bound }: ReportRow): string {
  if (bound === undefined) return "";
  const [text, holds] =
    "most" in bound
      ? [`at most ${formatFigure(bound.most)}`, value <= bound.most]
      : [`at least ${formatFigure(bound.least)}`, value >= bound.least];
  return holds ? text : `${text}: missed`;
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
