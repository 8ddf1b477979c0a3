// When is a figure of one run worse than that of another? Runs have three to nine rounds, reports hundreds of figures. A rank test
// cannot tell at all with three rounds against three: the most extreme order has a chance of 1 in 20. So the medians have to lie
// apart by more than a least effect, and by more than ERRORS standard errors, of the figure's own rounds in both runs. Three rounds
// may lie close together by chance: hence a deviation is never taken to be smaller than the one that half of the figures of the two reports have.

import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import { errorOfDifference, logs, pooledDeviation } from "./spread.ts";

export interface Judged {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly kind: Figure["kind"];
  readonly better: Figure["better"];
  /** Medians. */
  readonly a: number;
  readonly b: number;
  /** By what part B is above A: 0.1 is 10 % more, whether that is better or worse. */
  readonly change: number;
  /** Of one round, as a part of the figure, within its run; left out where there is one round only. */
  readonly deviation?: number;
  /** By what part the figure has to get worse to be called so; left out where it is not judged. */
  readonly threshold?: number;
  readonly verdict: Verdict;
}

/** `shown`: not judged. */
export type Verdict = "worse" | "better" | "unchanged" | "shown";

/** By what part a figure has to get worse, at least. */
const LEAST_RATIO = 0.15;
const LEAST_TIME = 0.25;
const LEAST_COUNT = 0.02;
const LEAST_BYTES = 0.05;
/** What lies below means nothing whatever its part: a row in twenty Checks, two bytes. */
const COUNT_FLOOR = 0.05;
const BYTES_FLOOR = 2;
const ERRORS = 5;

export interface JudgeOptions {
  /** Of a round of any figure of the kind, in both reports; see `typicalDeviation`. */
  readonly typical: number | undefined;
  /** Whether figures by a clock are judged. */
  readonly times: boolean;
}

export function judge(a: Figure, b: Figure, { typical, times }: JudgeOptions): Judged {
  const [from, to] = [median(a.samples), median(b.samples)];
  const { id, what, unit, kind, better } = b;
  const change = to === from ? 0 : to / from - 1;
  const own = pooledDeviation(logs(a.samples), logs(b.samples));
  const shown = { id, what, unit, kind, better, a: from, b: to, change, ...(own !== undefined && { deviation: own }) };
  if (a.samples.length === 0 || b.samples.length === 0 || (kind === "time" && !times))
    return { ...shown, verdict: "shown" };
  if (kind === "count") return { ...shown, ...countVerdict(a, b, own ?? 0) };
  if (own === undefined && typical === undefined) return { ...shown, verdict: "shown" };
  const deviation = Math.max(own ?? 0, typical ?? 0);
  const noise = ERRORS * errorOfDifference(deviation, a.samples.length, b.samples.length);
  const threshold = Math.max(Math.log1p(kind === "time" ? LEAST_TIME : LEAST_RATIO), noise);
  const [logFrom = 0, logTo = 0] = logs([from, to]);
  const worse = better === "less" ? logTo - logFrom : logFrom - logTo;
  return { ...shown, threshold: Math.expm1(threshold), verdict: verdictOf(worse, threshold) };
}

/** What repeats by itself has no noise to be lost in, except where several rounds tell that it has some. */
function countVerdict(a: Figure, b: Figure, deviation: number): Pick<Judged, "threshold" | "verdict"> {
  const bytes = /^bytes?\b/i.test(b.unit);
  const [from, to] = [median(a.samples), median(b.samples)];
  const part = bytes ? LEAST_BYTES : LEAST_COUNT;
  const noise = ERRORS * errorOfDifference(deviation, a.samples.length, b.samples.length);
  const floor = bytes ? BYTES_FLOOR : COUNT_FLOOR;
  const threshold = Math.max(Math.abs(from) * Math.max(part, noise), floor);
  const worse = b.better === "less" ? to - from : from - to;
  return { threshold: from === 0 ? floor : threshold / Math.abs(from), verdict: verdictOf(worse, threshold) };
}

function verdictOf(worse: number, threshold: number): Verdict {
  if (worse > threshold) return "worse";
  return worse < -threshold ? "better" : "unchanged";
}

/** The deviation of a round that half of the ratios have less of; undefined where all have one round. */
export function typicalDeviation(
  pairs: readonly (readonly [Figure, Figure])[],
  kind: Figure["kind"],
): number | undefined {
  const deviations = pairs
    .filter(([a]) => a.kind === kind)
    .flatMap(([a, b]) => pooledDeviation(logs(a.samples), logs(b.samples)) ?? []);
  return deviations.length === 0 ? undefined : median(deviations);
}
