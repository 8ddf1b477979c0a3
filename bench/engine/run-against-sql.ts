import { join } from "node:path";
import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../load/child.ts";
import { median } from "../load/median.ts";
import type { SqlAnswer, SqlOrder, SqlRound, SqlWork } from "./sql-process.ts";

export interface AgainstSql {
  readonly tuples: number;
  /** Medians over the rounds, by the clock on the wall: Postgres works elsewhere. */
  readonly residentPerSecond: number;
  readonly sequentialPerSecond: number;
  readonly inFlightPerSecond: number;
  readonly sequentialMedianUs: number;
  /** Over Postgres with 16 questions in flight, which is what it does best: median over the rounds. */
  readonly ratio: number;
  readonly sequentialRatio: number;
  readonly counted: SqlWork;
  /** By rounds. */
  readonly ratios: readonly number[];
  readonly compared: number;
}

/** The engine over memory against the engine over Postgres without a cache, on the same questions. */
export async function runAgainstSql(options: LayerOptions & { readonly world: BenchWorld }): Promise<AgainstSql> {
  const { world, rounds, slowSolver = 0, print } = options;
  // A round is three of them.
  const roundMs = options.roundMs / 2;
  await using stack = new AsyncDisposableStack();
  const { tenant, work } = await world.tenant();
  const { app: connection } = await world.database();
  const child = startChild<SqlOrder, SqlAnswer>(join(import.meta.dirname, "sql-process.ts"));
  stack.defer(() => child.close());
  // Not doctored: a wrong answer ends this part at once, and the graphs have told it by then.
  const questions = work.questions(options.questions);
  await child.ask({ what: "start", connection, tenant, tuples: work.tuples, slowSolver, questions });
  // Connections with their statements prepared, code that is compiled.
  await child.ask({ what: "round", durationMs: roundMs });
  const found: SqlRound[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    const { round } = await child.ask({ what: "round", durationMs: roundMs });
    if (round === undefined) throw new Error("a round without figures");
    found.push(round);
  }
  const { counted } = await child.ask({ what: "count" });
  if (counted === undefined) throw new Error("Checks over Postgres whose work was not counted");
  const of = (pick: (round: SqlRound) => number) => median(found.map(pick));
  const result = {
    counted,
    ratios: found.map(({ resident, inFlight }) => resident.perSecond / inFlight.perSecond),
    tuples: work.tuples,
    residentPerSecond: of(({ resident }) => resident.perSecond),
    sequentialPerSecond: of(({ sequential }) => sequential.perSecond),
    inFlightPerSecond: of(({ inFlight }) => inFlight.perSecond),
    sequentialMedianUs: of(({ sequential }) => sequential.medianUs),
    ratio: of(({ resident, inFlight }) => resident.perSecond / inFlight.perSecond),
    sequentialRatio: of(({ resident, sequential }) => resident.perSecond / sequential.perSecond),
    compared: found.reduce(
      (sum, { resident, sequential, inFlight }) => sum + resident.calls + sequential.calls + inFlight.calls,
      0,
    ),
  };
  print(
    `engine: over Postgres ${result.inFlightPerSecond.toFixed(0)} Checks/s, over memory ${result.residentPerSecond.toFixed(0)}`,
  );
  return result;
}
