import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import { type Differences, differencesOf } from "./comparable.ts";
import { groupsOf, type Pair } from "./groups.ts";
import { type Judged, type JudgedGroup, judgeGroup, judgeShift, shownOf, typicalDeviation } from "./judge.ts";
import type { ComparedReport } from "./read-report.ts";

/** What was found of the figures of two runs. */
export interface FiguresCompared {
  /** Of all figures that both runs have. */
  readonly figures: readonly Judged[];
  /** What is measured over several workloads or sizes, and not by counting. */
  readonly groups: readonly JudgedGroup[];
  /** Ids. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
}

export interface Comparison extends Differences, FiguresCompared {
  /** Of B. */
  readonly wrongAnswers: number;
}

/** @param times judges figures by a clock as well, which mean something on one machine that does nothing else */
export function compareReports(a: ComparedReport, b: ComparedReport, times: boolean): Comparison {
  const found = compareFigures(a.figures, b.figures, times);
  return { ...differencesOf(a, b), ...found, wrongAnswers: b.answers.wrong.length };
}

export function compareFigures(a: readonly Figure[], b: readonly Figure[], times: boolean): FiguresCompared {
  const before = new Map(a.map((figure) => [figure.id, figure]));
  const pairs = b.flatMap((figure): Pair[] => {
    const other = before.get(figure.id);
    return other !== undefined && isSame(other, figure) ? [{ a: other, b: figure }] : [];
  });
  const joined = new Set(pairs.map(({ b: { id } }) => id));
  const found = (["ratio", "count", "time"] as const).map((kind) => {
    const ofKind = pairs.filter((pair) => pair.b.kind === kind);
    const judged = kind === "time" && !times ? [] : ofKind.filter(hasSamples);
    const rest = ofKind.filter((pair) => !judged.includes(pair));
    const { figures, groups } = judgeAll(judged);
    return { figures: [...figures, ...rest.map((pair) => shownOf(pair))], groups: kind === "count" ? [] : groups };
  });
  return {
    figures: found.flatMap(({ figures }) => figures),
    groups: found.flatMap(({ groups }) => groups),
    onlyInA: a.map(({ id }) => id).filter((id) => !joined.has(id)),
    onlyInB: b.map(({ id }) => id).filter((id) => !joined.has(id)),
  };
}

/** Whether B is worse than A. */
export function isRegression({ figures, groups, wrongAnswers }: Comparison): boolean {
  return wrongAnswers > 0 || [...figures, ...groups].some(({ verdict }) => verdict === "worse");
}

/** @param pairs of one kind */
function judgeAll(pairs: readonly Pair[]): Pick<FiguresCompared, "figures" | "groups"> {
  const groups = groupsOf(pairs);
  const spreads = groups.flatMap(({ spread }) => spread ?? []);
  const noise = { deviation: typicalDeviation(pairs), spread: spreads.length === 0 ? 0 : median(spreads) };
  return {
    figures: groups.flatMap((group) => judgeGroup(group, noise)),
    groups: groups.flatMap((group) => judgeShift(group, noise) ?? []),
  };
}

function hasSamples({ a, b }: Pair): boolean {
  return a.samples.length > 0 && b.samples.length > 0;
}

/** A figure that has become one of another kind or unit is another figure. */
function isSame(a: Figure, b: Figure): boolean {
  return a.kind === b.kind && a.better === b.better && a.unit === b.unit;
}
