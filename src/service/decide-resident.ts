import { type EvaluationLimits, isOutOfBudget } from "../engine/limits.ts";
import type { Plan } from "../engine/plan.ts";
import { type CheckItem, type Solver, startChecks } from "../engine/solver.ts";
import { walkCheck } from "../engine/walk.ts";
import type { RelataError } from "../errors.ts";
import { readGraph } from "../graph/read-graph.ts";
import { ALLOWED, DENIED, type Outcome } from "../model/decision.ts";
import { type DriveCost, driveNow } from "./drive.ts";
import type { Resident } from "./evaluation.ts";
import { settleExpiry } from "./settle-expiry.ts";

export interface DecidedAtOnce {
  /** By item; undefined where finding out would keep the thread for too long. */
  readonly outcomes: readonly (Outcome | RelataError | undefined)[];
  readonly work: Pick<DriveCost, "rows" | "nodes">;
}

export interface ResidentOptions {
  readonly nowMs: number;
  /** For all items together. */
  readonly limits: EvaluationLimits;
}

/**
 * Problems visited and tuples looked at in one go, by all items of a request: 0.1 to 0.3 µs each, so that nobody waits for
 * more than some 5 ms.
 */
const MAX_WALKED = 20_000;
/** The same for the solver, whose nodes and rows take microseconds. */
const MAX_SOLVED = 2_000;
/** Rows of lists that a round of the solver's needs may pass over: an arrow looks for folders among a million users, too. */
const MAX_LOOKED_AT = 10_000;

/**
 * Decides validated items, as far as that can be done at once.
 * @param resident still valid: nothing was awaited since it was asked for
 */
export function decideResident(
  plan: Plan,
  items: readonly CheckItem[],
  { graph, revision }: Resident,
  { nowMs, limits }: ResidentOptions,
): DecidedAtOnce {
  const outcomes: (Outcome | RelataError | undefined)[] = [];
  const open: number[] = [];
  const most = Math.min(limits.maxNodes, MAX_WALKED);
  let nodes = 0;
  let rows = 0;
  for (const [index, { question }] of items.entries()) {
    const left = { nowMs, maxNodes: most - nodes - rows, continues: index > 0 };
    const walked = walkCheck(plan, graph, revision, question, left);
    nodes += walked.nodes;
    rows += walked.rows;
    outcomes.push(walked.value === "undecided" ? undefined : CERTAINLY[walked.value]);
    if (walked.value === "undecided") open.push(index);
  }
  // What is too much for the walker is all the more for the solver.
  if (open.length === 0 || nodes + rows >= most) return { outcomes, work: { nodes, rows } };
  const rest = open.map((index) => items[index] as CheckItem);
  const solved = solveResident(plan, rest, { graph, revision }, { nowMs, limits });
  for (const [at, index] of open.entries()) outcomes[index] = solved.outcomes[at];
  return { outcomes, work: { nodes: nodes + solved.work.nodes, rows: rows + solved.work.rows } };
}

const CERTAINLY: Readonly<Record<"allowed" | "denied", Outcome>> = {
  allowed: { decision: ALLOWED },
  denied: { decision: DENIED },
};

/** What needs caveats and ends, with the same solver as ever. */
function solveResident(
  plan: Plan,
  items: readonly CheckItem[],
  { graph, revision }: Resident,
  { nowMs, limits }: ResidentOptions,
): DecidedAtOnce {
  const maxNodes = Math.min(limits.maxNodes, MAX_SOLVED);
  const maxRows = Math.min(limits.maxRows, MAX_SOLVED);
  const work = { nodes: 0, rows: 0 };
  const run = (asked: readonly CheckItem[]): Solver => {
    const left = { maxNodes: maxNodes - work.nodes, maxRows: maxRows - work.rows };
    const solver = startChecks(plan, asked, { nowMs, limits: left });
    const cost = driveNow(solver, (needs, most) => readGraph(graph, revision, needs, most, MAX_LOOKED_AT), left);
    work.nodes += cost.nodes;
    work.rows += cost.rows;
    return solver;
  };
  const first = run(items).outcomes();
  // What ran out of this budget may well be within the request's.
  if (first.some(isOutOfBudget)) return { outcomes: first.map(() => undefined), work };
  const settling = settleExpiry(items, first);
  let settled = settling.next();
  while (!settled.done) {
    const again = run(settled.value).outcomes();
    if (again.some(isOutOfBudget)) return { outcomes: first.map(() => undefined), work };
    settled = settling.next(again);
  }
  return { outcomes: settled.value, work };
}
