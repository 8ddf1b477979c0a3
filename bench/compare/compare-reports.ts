import type { Figure } from "../report/report.ts";
import { type Differences, differencesOf } from "./comparable.ts";
import { type Judged, judge, typicalDeviation } from "./judge.ts";
import type { ComparedReport } from "./read-report.ts";

export interface Comparison extends Differences {
  /** Of all figures that both runs have, as B lists them. */
  readonly figures: readonly Judged[];
  /** Ids. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** Of B. */
  readonly wrongAnswers: number;
}

/** @param times judges figures by a clock as well, which mean something on one machine that does nothing else */
export function compareReports(a: ComparedReport, b: ComparedReport, times: boolean): Comparison {
  const before = new Map(a.figures.map((figure) => [figure.id, figure]));
  const pairs = b.figures.flatMap((figure): (readonly [Figure, Figure])[] => {
    const other = before.get(figure.id);
    return other !== undefined && isSame(other, figure) ? [[other, figure]] : [];
  });
  const typical = {
    ratio: typicalDeviation(pairs, "ratio"),
    time: typicalDeviation(pairs, "time"),
    count: undefined,
  } satisfies Record<Figure["kind"], number | undefined>;
  const joined = new Set(pairs.map(([{ id }]) => id));
  return {
    ...differencesOf(a, b),
    figures: pairs.map(([from, to]) => judge(from, to, { typical: typical[to.kind], times })),
    onlyInA: a.figures.map(({ id }) => id).filter((id) => !joined.has(id)),
    onlyInB: b.figures.map(({ id }) => id).filter((id) => !joined.has(id)),
    wrongAnswers: b.answers.wrong.length,
  };
}

/** A figure that has become one of another kind or unit is another figure. */
function isSame(a: Figure, b: Figure): boolean {
  return a.kind === b.kind && a.better === b.better && a.unit === b.unit;
}
