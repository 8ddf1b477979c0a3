import type { EvaluationLimits } from "../engine/limits.ts";
import type { Plan } from "../engine/plan.ts";
import type { CheckItem, Solver } from "../engine/solver.ts";
import { startChecks } from "../engine/solver.ts";
import type { RelataError } from "../errors.ts";
import { throwIfAborted } from "../model/abort.ts";
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

/** Decides validated items: from memory what can be, where the tenant is there, and the rest from its source. */
export async function decideAt(
  evaluation: Pick<Evaluation, "plan" | "source" | "resident">,
  items: readonly CheckItem[],
  options: Omit<DecideOptions, "explain">,
): Promise<Omit<Decided, "solver">> {
  // The source is only opened when it is needed.
  const { plan } = evaluation;
  const outcomes: (Outcome | RelataError | undefined)[] = items.map(() => undefined);
  const work = { rounds: 0, rows: 0, nodes: 0 };
  let left = items.map((_, index) => index);
  for (let { resident } = evaluation; resident !== undefined && left.length > 0; { resident } = evaluation) {
    const tried = left;
    const now = decideResident(plan, itemsAt(items, tried), resident, options);
    for (const [at, index] of tried.entries()) outcomes[index] = now.outcomes[at];
    work.rows += now.work.rows;
    work.nodes += now.work.nodes;
    // Those that the turn did not get to come first: what it could not decide would only cost as much again.
    const reached = now.outcomes.findLastIndex((outcome) => outcome !== undefined) + 1;
    left = [...tried.slice(reached), ...tried.slice(0, reached).filter((index) => outcomes[index] === undefined)];
    if (left.length === 0 || (tried.length - left.length) * WORTH_ANOTHER_TURN < tried.length) break;
    await nextTurn();
    throwIfAborted(options.signal);
  }
  if (left.length > 0) {
    const rest = await decide(plan, itemsAt(items, left), evaluation.source, options);
    for (const [at, index] of left.entries()) outcomes[index] = rest.outcomes[at];
    work.rounds = rest.work.rounds;
    work.rows += rest.work.rows;
    work.nodes += rest.work.nodes;
  }
  return { outcomes: outcomes as Decided["outcomes"], work };
}

/**
 * While each turn decides such a part of what is left, the next one goes on: the solver takes ten times as long for what is
 * only long, and keeps the thread meanwhile. At worst that is some hundred turns of a few milliseconds.
 */
const WORTH_ANOTHER_TURN = 64;

function itemsAt(items: readonly CheckItem[], places: readonly number[]): readonly CheckItem[] {
  return places.map((index) => items[index] as CheckItem);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
