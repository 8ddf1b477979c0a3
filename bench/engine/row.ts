import type { LayerReport } from "../report/report.ts";

/** A line of the table, of the engine layer. */
export type Row = LayerReport["rows"][number];

export function row(what: string, value: number, unit: string, bound?: Row["bound"]): Row {
  return { what, value, unit, ...(bound !== undefined && { bound }) };
}
