import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import type { Answers, Figure, LayerReport } from "../report/report.ts";
import { type Row, row } from "./row.ts";
import { type AgainstSql, runAgainstSql } from "./run-against-sql.ts";
import { runUnderChanges, type UnderChanges } from "./run-under-changes.ts";
import { MAIN_WORKLOAD } from "./run-workloads.ts";
import { sizeName } from "./size-name.ts";

const LEAST_OF_SQL = 50;
const LEAST_SHARE = 0.8;
const MOST_APPLY_MS = 5;

/** Adds what the engine does over Postgres and while changes are applied. */
export async function withDatabase(
  report: LayerReport,
  options: LayerOptions & { readonly world: BenchWorld },
): Promise<LayerReport> {
  const againstSql = await runAgainstSql(options);
  const underChanges = await runUnderChanges(options);
  return {
    ...report,
    details: { ...(report.details as object), againstSql, underChanges },
    ratios: {
      ...report.ratios,
      engine_vs_sql_engine: againstSql.ratio,
      apply_throughput_share: underChanges.share,
    },
    headlines: { ...report.headlines, longest_apply_ms: underChanges.longestApplyMs },
    rows: [...report.rows, ...sqlRows(againstSql), ...changesRows(underChanges)],
    figures: [...(report.figures ?? []), ...databaseFigures(againstSql, underChanges)],
    answers: answersWith(report.answers, againstSql.compared + underChanges.compared),
  };
}

/** What is asked of Postgres and under changes is of the main workload. */
function answersWith({ compared, wrong, byWorkload = {} }: Answers, more: number): Answers {
  const main = (byWorkload[MAIN_WORKLOAD] ?? 0) + more;
  return { compared: compared + more, wrong, byWorkload: { ...byWorkload, [MAIN_WORKLOAD]: main } };
}

function sqlRows({
  tuples,
  residentPerSecond,
  inFlightPerSecond,
  sequentialPerSecond,
  ratio,
  counted,
}: AgainstSql): readonly Row[] {
  const at = `, ${sizeName(tuples)} tuples`;
  return [
    row(`Checks over memory${at}`, residentPerSecond, "/s"),
    row(`Checks over Postgres, 16 in flight${at}`, inFlightPerSecond, "/s"),
    row(`Checks over Postgres, one by one${at}`, sequentialPerSecond, "/s"),
    row(`round trips of a Check over Postgres${at}`, counted.rounds, ""),
    row("memory ÷ Postgres, engine against engine", ratio, "", { least: LEAST_OF_SQL }),
  ];
}

function changesRows(found: UnderChanges): readonly Row[] {
  return [
    row("changes written", found.writtenPerSecond, "/s"),
    row("changes applied", found.appliedPerSecond, "/s"),
    row("throughput kept meanwhile", found.share, "of a core", { least: LEAST_SHARE }),
    row("taking changes in", 100 * found.applyShareOfCore, "% of a core"),
    row("longest apply in one go", found.longestApplyMs, "ms of CPU time", { most: MOST_APPLY_MS }),
    row("longest gap between Checks, with changes", found.busyGapMaxMs, "ms"),
    row("longest gap between Checks, without", found.quietGapMaxMs, "ms"),
  ];
}

function databaseFigures(sql: AgainstSql, { tuples, shares }: UnderChanges): readonly Figure[] {
  const id = `engine/${MAIN_WORKLOAD}/${sizeName(tuples)}`;
  const at = `${MAIN_WORKLOAD}, ${sizeName(tuples)} tuples`;
  const ratio = (name: string, what: string, samples: readonly number[]): Figure => {
    return { id: `${id}/${name}`, what: `${what}, ${at}`, unit: "", kind: "ratio", better: "more", samples };
  };
  const count = (name: string, what: string, value: number): Figure => {
    return { id: `${id}/${name}`, what: `${what}, ${at}`, unit: "", kind: "count", better: "less", samples: [value] };
  };
  return [
    ratio("memory_vs_sql", "Checks over memory ÷ over Postgres", sql.ratios),
    ratio("throughput_under_changes", "throughput kept under changes", shares),
    count("sql_rounds", "round trips of a Check over Postgres", sql.counted.rounds),
    count("sql_rows", "rows that a Check reads from Postgres", sql.counted.rows),
    count("sql_nodes", "problems visited by a Check over Postgres", sql.counted.nodes),
  ];
}
