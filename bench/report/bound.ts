import { formatFigure } from "./format.ts";
import type { ReportRow } from "./report.ts";

/** Such as `at most 100`; undefined where nothing is asked. */
export function askedOf({ bound }: ReportRow): string | undefined {
  if (bound === undefined) return undefined;
  return "most" in bound ? `at most ${formatFigure(bound.most)}` : `at least ${formatFigure(bound.least)}`;
}

/** A figure that is no number holds nothing. */
export function holds({ value, bound }: ReportRow): boolean {
  if (bound === undefined) return true;
  return "most" in bound ? value <= bound.most : value >= bound.least;
}
