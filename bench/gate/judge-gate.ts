import { compareFigures } from "../compare/compare-reports.ts";
import type { Judged } from "../compare/judge.ts";
import { judgedTable } from "../compare/judged-table.ts";
import { median } from "../load/median.ts";
import type { Figure } from "../report/report.ts";
import type { Baseline } from "./baseline.ts";

export interface GateRun {
  readonly node: string;
  readonly figures: readonly Figure[];
}

export interface GateVerdict {
  readonly passed: boolean;
  readonly text: string;
}

/** Of the baseline's: CPU time is shared with whatever else the machine does, 0.83 was 0.54 at a load of 20. */
const LEAST_OF_RATIO = 0.6;
const HEAD = ["FIGURE", "BASELINE", "NOW", "UNIT", "CHANGE", "ROUNDS ±", "ALLOWED"];
const RENEW =
  "If that is meant, renew the baseline with `npm run bench -- gate --write` and commit it with what has changed it.";

export function judgeGate(baseline: Baseline, now: GateRun): GateVerdict {
  const sameNode = baseline.node === now.node;
  const counts = now.figures.filter(({ kind, unit }) => kind === "count" && (sameNode || unit !== "bytes"));
  const { figures } = compareFigures(
    counts.flatMap((figure) => before(baseline, figure) ?? []),
    counts,
    false,
  );
  const measured = new Set(now.figures.map(({ id }) => id));
  const onlyInA = Object.keys(baseline.figures).filter((id) => !measured.has(id));
  const onlyInB = [...measured].filter((id) => baseline.figures[id] === undefined);
  const ratios = ratiosBelow(baseline, now.figures);
  const worse = [...figures.filter(({ verdict }) => verdict === "worse"), ...ratios];
  const better = figures.filter(({ verdict }) => verdict === "better");
  const passed = worse.length === 0 && onlyInA.length === 0 && onlyInB.length === 0;
  const lines = [
    ...(sameNode ? [] : [`Allocations are not judged: the baseline is of Node ${baseline.node}, this is ${now.node}.`]),
    ...(worse.length === 0
      ? []
      : [`${worse.length} figures are worse than bench/baseline.json:`, ...judgedTable(worse, HEAD)]),
    ...(better.length === 0 ? [] : [`${better.length} figures are better:`, ...judgedTable(better, HEAD)]),
    ...named("are in the baseline and were not measured", onlyInA),
    ...named("were measured and are not in the baseline", onlyInB),
    ...(passed && better.length === 0 ? [] : [RENEW]),
    `bench gate: ${figures.length} counted figures, ${worse.length} worse, ${better.length} better: ${passed ? "passed" : "FAILED"}`,
  ];
  return { passed, text: lines.join("\n") };
}

/** The figure with the baseline's value. */
function before({ figures }: Baseline, figure: Figure): Figure | undefined {
  const value = figures[figure.id];
  return value === undefined ? undefined : { ...figure, samples: [value] };
}

export function ratiosBelow({ figures }: Baseline, now: readonly Figure[]): readonly Judged[] {
  return now.flatMap((figure) => {
    const a = figures[figure.id];
    if (a === undefined || figure.kind !== "ratio") return [];
    const b = median(figure.samples);
    if (b >= a * LEAST_OF_RATIO) return [];
    const { id, what, unit, kind, better } = figure;
    const threshold = 1 / LEAST_OF_RATIO - 1;
    return [{ id, what, unit, kind, better, a, b, change: b / a - 1, threshold, verdict: "worse" as const }];
  });
}

function named(what: string, ids: readonly string[]): readonly string[] {
  return ids.length === 0 ? [] : [`${ids.length} figures ${what}: ${ids.join(", ")}`];
}
