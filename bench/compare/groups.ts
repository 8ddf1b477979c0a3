import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import { logs } from "./spread.ts";

/** One figure of both runs. */
export interface Pair {
  readonly a: Figure;
  readonly b: Figure;
}

/**
 * The same thing measured over several workloads and sizes, such as `engine/…/check_vs_read`. What changes a solver changes all of
 * them, and the noise of whole processes is in each by itself: where memory lies, how code was compiled.
 */
export interface Group {
  /** The first part of the ids and the last. */
  readonly name: string;
  readonly pairs: readonly Pair[];
  /** Of the figures, in logarithms: above 0 is worse. */
  readonly shift: number;
  /** How far a figure lies from that, as a standard deviation; undefined where there are too few to tell. */
  readonly spread?: number;
}

/** Fewer tell nothing of how much they scatter. */
const LEAST_FIGURES = 5;
/** A median distance from the median, as a standard deviation of a normal distribution. */
const DEVIATIONS = 1.4826;

export function groupsOf(pairs: readonly Pair[]): readonly Group[] {
  const byName = Map.groupBy(pairs, ({ b }) => `${groupName(b.id)} ${b.kind} ${b.unit} ${b.better}`);
  return [...byName.values()].map((group): Group => {
    const shifts = group.map(worseBy);
    const shift = median(shifts);
    const spread = DEVIATIONS * median(shifts.map((one) => Math.abs(one - shift)));
    const name = groupName(group[0]?.b.id ?? "");
    return { name, pairs: group, shift, ...(group.length >= LEAST_FIGURES && { spread }) };
  });
}

/** By how much B is worse than A, as a logarithm. */
export function worseBy({ a, b }: Pair): number {
  const [from = 0, to = 0] = logs([median(a.samples), median(b.samples)]);
  return b.better === "less" ? to - from : from - to;
}

function groupName(id: string): string {
  const parts = id.split("/");
  return parts.length < 3 ? id : `${parts[0]}/…/${parts.at(-1)}`;
}
