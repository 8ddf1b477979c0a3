import { median } from "../load/median.ts";
import type { Comparison } from "./compare-reports.ts";
import type { Judged, JudgedGroup, Verdict } from "./judge.ts";
import { judgedFrom, judgedTable, percent } from "./judged-table.ts";
import type { ComparedReport } from "./read-report.ts";

/** Of what is not judged, or only one of the two has. */
const MOST_LINES = 10;
/** A figure in which less cannot be seen tells little. */
const NOISY_FROM = 0.3;

/** @param all shows what is unchanged, and all that is not judged */
export function renderComparison(
  { figures, groups, onlyInA, onlyInB, told, wrongAnswers }: Comparison,
  [a, b]: readonly [ComparedReport, ComparedReport],
  all: boolean,
): string {
  const of = (verdict: Verdict) => figures.filter((one) => one.verdict === verdict).toSorted(byChange);
  const [worse, better, unchanged, shown] = [of("worse"), of("better"), of("unchanged"), of("shown")];
  return [
    runLine("A", a),
    runLine("B", b),
    ...told.map((line) => `note: ${line}`),
    ...groupSection("worse", groups),
    ...groupSection("better", groups),
    ...section("worse", worse),
    ...section("better", better),
    ...(all ? section("unchanged", unchanged) : []),
    ...section("not judged", all ? shown : shown.slice(0, MOST_LINES), shown.length),
    ...names("only in A", onlyInA, all),
    ...names("only in B", onlyInB, all),
    "",
    ...(wrongAnswers > 0 ? [`${wrongAnswers} answers of B are WRONG`] : []),
    `${groups.length} groups of figures: ${groups.filter(({ verdict }) => verdict === "worse").length} worse`,
    `${figures.length} figures: ${worse.length} worse, ${better.length} better, ${unchanged.length} unchanged${noisyPart(unchanged)}, ` +
      `${shown.length} not judged${driftPart(shown)}`,
  ].join("\n");
}

function byChange(a: Judged, b: Judged): number {
  return Math.abs(b.change) - Math.abs(a.change);
}

function runLine(name: string, { startedAt, mode, commit, machine }: ComparedReport): string {
  const of =
    commit === undefined
      ? "no commit"
      : `${commit.hash.slice(0, 10)}${commit.dirty ? " and changes" : ""} ${commit.subject}`;
  return `${name}: ${of}, ${mode}, ${startedAt}, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)}`;
}

function section(title: string, figures: readonly Judged[], total = figures.length): readonly string[] {
  if (total === 0) return [];
  const heading = `${title}: ${total}${figures.length < total ? `, of which the ${figures.length} most changed (--all shows every one)` : ""}`;
  return ["", heading, ...judgedTable(figures)];
}

/** What a change to a part that all workloads share does to all of their figures. */
function groupSection(verdict: Verdict, groups: readonly JudgedGroup[]): readonly string[] {
  const found = groups.filter((group) => group.verdict === verdict);
  return found.map(({ name, figures, change, threshold, better }) => {
    const by = `${percent(change, true)} in the median of ${figures} figures`;
    return `${verdict} as a whole: ${name}, ${by} (judged from ${judgedFrom(threshold, better)})`;
  });
}

function names(title: string, ids: readonly string[], all: boolean): readonly string[] {
  if (ids.length === 0) return [];
  const some = all ? ids : ids.slice(0, MOST_LINES);
  const more = ids.length - some.length;
  return ["", `${title}: ${ids.length}`, ...some.map((id) => `  ${id}`), ...(more > 0 ? [`  and ${more} more`] : [])];
}

function noisyPart(unchanged: readonly Judged[]): string {
  const noisy = unchanged.filter(({ threshold = 0 }) => threshold > NOISY_FROM).length;
  return noisy === 0
    ? ""
    : ` (in ${noisy} of them the rounds differ so much that less than ${percent(NOISY_FROM, false)} could not be seen)`;
}

function driftPart(shown: readonly Judged[]): string {
  const changes = shown.map(({ change }) => change).filter(Number.isFinite);
  return changes.length === 0 ? "" : ` (median change ${percent(median(changes), true)})`;
}
