import type { Judged } from "./judge.ts";

const HEAD = ["FIGURE", "A", "B", "UNIT", "CHANGE", "ROUNDS ±", "JUDGED FROM"];

/** A line for each figure, below a head. @param head instead of the usual one, of as many columns */
export function judgedTable(figures: readonly Judged[], head: readonly string[] = HEAD): readonly string[] {
  return columns([head, ...figures.map(cells)]);
}

function cells({ id, a, b, unit, change, deviation, threshold, better }: Judged): readonly string[] {
  return [
    id,
    significant(a),
    significant(b),
    unit,
    Number.isFinite(change) ? percent(change, true) : "-",
    deviation === undefined ? "-" : percent(deviation, false),
    threshold === undefined ? "-" : judgedFrom(threshold, better),
  ];
}

/** Where more is better, worse by a quarter is less by a fifth. */
export function judgedFrom(threshold: number, better: Judged["better"]): string {
  return better === "less" ? percent(threshold, true) : percent(-threshold / (1 + threshold), true);
}

/** Three digits that mean something, however small. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

export function percent(part: number, signed: boolean): string {
  const text = `${(100 * part).toFixed(Math.abs(part) < 0.0995 ? 1 : 0)} %`;
  return signed && part >= 0 ? `+${text}` : text;
}

/** Numbers are flush right. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column === 0 || column === 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join("  ")}`.trimEnd());
}
