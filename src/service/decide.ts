import type { EvaluationLimits } from "../engine/limits.ts";
import type { Plan } from "../engine/plan.ts";
import type { CheckItem, Solver } from "../engine/solver.ts";
import { startChecks } from "../engine/solver.ts";
import type { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import type { TupleSource } from "../model/need.ts";
import { decideResident } from "./decide-resident.ts";
import type { DriveCost } from "./drive.ts";
import { drive } from "./drive.ts";
import type { Evaluation } from "./evaluation.ts";
import { rememberReads } from "./remembering-source.ts";
import { settleExpiry } from "./settle-expiry.ts";

export interface DecideOptions {
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** For all items, and for finding out when their decisions change. */
  readonly limits: EvaluationLimits;
  readonly explain?: boolean;
}

export interface Decided {
  /** By item; `expiresAtMs` is exact, see settle-expiry.ts. */
  readonly outcomes: readonly (Outcome | RelataError)[];
  /** Of the run at the request's instant, for explanations. */
  readonly solver: Solver;
  readonly work: DriveCost;
}

/** Decides validated items over one revision's tuples. */
export async function decide(
  plan: Plan,
  items: readonly CheckItem[],
  source: Pick<TupleSource, "read">,
  { nowMs, signal, limits, explain = false }: DecideOptions,
): Promise<Decided> {
  const remembering = rememberReads(source);
  let { maxNodes, maxRows } = limits;
  let rows = 0;
  let nodes = 0;
  const run = async (asked: readonly CheckItem[], explains: boolean): Promise<Solver> => {
    const solver = startChecks(plan, asked, { nowMs, limits: { maxNodes, maxRows }, explain: explains });
    const cost = await drive(solver, remembering, { maxRows }, signal);
    rows += cost.rows;
    nodes += cost.nodes;
    maxRows -= cost.rows;
    maxNodes -= cost.nodes;
    return solver;
  };
  const solver = await run(items, explain);
  const settling = settleExpiry(items, solver.outcomes());
  let settled = settling.next();
  while (!settled.done) {
    remembering.recall();
    settled = settling.next((await run(settled.value, false)).outcomes());
  }
  return { outcomes: settled.value, solver, work: { rounds: remembering.trips, rows, nodes } };
}

/** Decides validated items: at once what can be, where the tenant is in memory, and the rest from its source. */
export async function decideAt(
  evaluation: Pick<Evaluation, "plan" | "source" | "resident">,
  items: readonly CheckItem[],
  options: Omit<DecideOptions, "explain">,
): Promise<Omit<Decided, "solver">> {
  // The source is only opened when it is needed.
  const { plan, resident } = evaluation;
  if (resident === undefined) return decide(plan, items, evaluation.source, options);
  const { outcomes, work } = decideResident(plan, items, resident, options);
  const left = items.filter((_, index) => outcomes[index] === undefined);
  if (left.length === 0) return { outcomes: outcomes as Decided["outcomes"], work: { rounds: 0, ...work } };
  const rest = await decide(plan, left, evaluation.source, options);
  const others = rest.outcomes.values();
  return {
    outcomes: outcomes.map((outcome) => outcome ?? (others.next().value as Outcome | RelataError)),
    work: {
      rounds: rest.work.rounds,
      rows: work.rows + rest.work.rows,
      nodes: work.nodes + rest.work.nodes,
    },
  };
}
