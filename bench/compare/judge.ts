// When is a figure of one run worse than that of another? Runs have three to nine rounds, reports hundreds of figures. A rank test
// cannot tell at all with three rounds against three: the most extreme order has a chance of 1 in 20. So medians have to lie
// apart by more than a least effect, and by more than what chance does, of which there are two parts. Rounds tell the first: the
// standard error by both runs' deviations, never taken to be smaller than the one that half of the figures have, since three rounds may
// lie close together by chance. The second is that of whole processes, which no round shows: two processes of the same code
// differ by 2 to 8 % for all their lives. It is seen in how differently the figures of a group have moved, which is noise whatever has
// happened to all of them. And what has happened to all of them is judged by their median, in which that noise is small.
import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import { type Group, type Pair, worseBy } from "./groups.ts";
import { errorOfDifference, logs, medianError, pooledDeviation } from "./spread.ts";

/** `shown`: not judged. */
export type Verdict = "worse" | "better" | "unchanged" | "shown";

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

export interface JudgedGroup {
  readonly name: string;
  readonly better: Figure["better"];
  readonly figures: number;
  /** As of a figure; the median of them. */
  readonly change: number;
  readonly threshold: number;
  readonly verdict: Verdict;
}

/** By what part a figure has to get worse, at least. */
const LEAST_RATIO = 0.15;
const LEAST_TIME = 0.25;
const LEAST_COUNT = 0.02;
const LEAST_BYTES = 0.05;
/** What lies below means nothing whatever its part: a row in twenty Checks, two bytes. */
const COUNT_FLOOR = 0.05;
const BYTES_FLOOR = 2;
/** So many standard errors. */
const ERRORS = 5;
/** Of a group's median: there are few groups, so fewer do. */
const SHIFT_ERRORS = 4;
/** So many deviations of a group's figures from their median: of 36 pairs of real runs of the same code, with 5 two found such a figure. */
const SPREADS = 8;

export interface Noise {
  /** Of a round of any figure of the kind in both reports; see `typicalDeviation`. */
  readonly deviation: number | undefined;
  /** Of processes: that half of the groups have less of. A group of five may agree by chance, a smaller one tells nothing. */
  readonly spread: number;
}

/** Every figure of a group. */
export function judgeGroup(group: Group, noise: Noise): readonly Judged[] {
  return group.pairs.map((pair) => judge(pair, { ...noise, spread: Math.max(group.spread ?? 0, noise.spread) }));
}

/** @returns undefined where there are too few figures to tell */
export function judgeShift({ name, pairs, shift, spread }: Group, noise: Noise): JudgedGroup | undefined {
  const [first] = pairs;
  if (first === undefined || spread === undefined) return undefined;
  const error = medianError(Math.max(spread, noise.spread), pairs.length);
  const threshold = Math.max(leastOf(first.b.kind), SHIFT_ERRORS * error);
  const { better } = first.b;
  const change = Math.expm1(better === "less" ? shift : -shift);
  return {
    name,
    better,
    figures: pairs.length,
    change,
    threshold: Math.expm1(threshold),
    verdict: verdictOf(shift, threshold),
  };
}

function judge(pair: Pair, noise: Noise): Judged {
  const { a, b } = pair;
  const own = pooledDeviation(logs(a.samples), logs(b.samples));
  if (b.kind === "count") return { ...shownOf(pair, own), ...countVerdict(pair, own ?? 0) };
  if (own === undefined && noise.deviation === undefined) return shownOf(pair, own);
  const deviation = Math.max(own ?? 0, noise.deviation ?? 0);
  const byRounds = ERRORS * errorOfDifference(deviation, a.samples.length, b.samples.length);
  const threshold = Math.max(leastOf(b.kind), byRounds, SPREADS * noise.spread);
  return { ...shownOf(pair, own), threshold: Math.expm1(threshold), verdict: verdictOf(worseBy(pair), threshold) };
}

/** A figure that nothing is said about. */
export function shownOf({ a, b }: Pair, deviation = pooledDeviation(logs(a.samples), logs(b.samples))): Judged {
  const [from, to] = [median(a.samples), median(b.samples)];
  const { id, what, unit, kind, better } = b;
  const change = to === from ? 0 : to / from - 1;
  const shown = { id, what, unit, kind, better, a: from, b: to, change, verdict: "shown" } as const;
  return deviation === undefined ? shown : { ...shown, deviation };
}

/** What repeats by itself has no noise to be lost in, except where several rounds tell that it has some. */
function countVerdict({ a, b }: Pair, deviation: number): Pick<Judged, "threshold" | "verdict"> {
  const bytes = /^bytes?\b/i.test(b.unit);
  const [from, to] = [median(a.samples), median(b.samples)];
  const part = bytes ? LEAST_BYTES : LEAST_COUNT;
  const noise = ERRORS * errorOfDifference(deviation, a.samples.length, b.samples.length);
  const floor = bytes ? BYTES_FLOOR : COUNT_FLOOR;
  const threshold = Math.max(Math.abs(from) * Math.max(part, noise), floor);
  const worse = b.better === "less" ? to - from : from - to;
  return { threshold: from === 0 ? floor : threshold / Math.abs(from), verdict: verdictOf(worse, threshold) };
}

function leastOf(kind: Figure["kind"]): number {
  return Math.log1p(kind === "time" ? LEAST_TIME : LEAST_RATIO);
}

function verdictOf(worse: number, threshold: number): Verdict {
  if (worse > threshold) return "worse";
  return worse < -threshold ? "better" : "unchanged";
}

/** The deviation of a round that half of the figures have less of; undefined where all have one round. */
export function typicalDeviation(pairs: readonly Pair[]): number | undefined {
  const deviations = pairs.flatMap(({ a, b }) => pooledDeviation(logs(a.samples), logs(b.samples)) ?? []);
  return deviations.length === 0 ? undefined : median(deviations);
}
