import type { EvaluationLimits } from "../engine/limits.ts";
import { budgetExhausted, isOutOfBudget } from "../engine/limits.ts";
import type { Solver } from "../engine/solver.ts";
import { RelataError } from "../errors.ts";
import { throwIfAborted } from "../model/abort.ts";
import type { Found, Need, TupleSource } from "../model/need.ts";

/** What a request cost. */
export interface DriveCost {
  /** Round trips to the source. */
  readonly rounds: number;
  /** Tuples read. */
  readonly rows: number;
  /** Problems and operators visited. */
  readonly nodes: number;
}

/**
 * Runs a solver to its end against a source, in one round trip for each round of needs. A budget that runs out ends the
 * solver, not the run: what has settled by then keeps its outcome.
 * @throws the source's other errors, the signal's reason, CANCELLED
 */
export async function drive(
  solver: Pick<Solver, "needs" | "feed" | "fail" | "work">,
  source: Pick<TupleSource, "read">,
  { maxRows }: Pick<EvaluationLimits, "maxRows">,
  signal?: AbortSignal,
): Promise<DriveCost> {
  let rounds = 0;
  let rows = 0;
  let turnAt = 0;
  for (;;) {
    throwIfAborted(signal);
    const needs = solver.needs();
    if (needs.length === 0) return { rounds, rows, nodes: solver.work.nodes };
    rounds += 1;
    const answers = await readWithin(source, needs, maxRows, rows);
    if (answers instanceof RelataError) {
      solver.fail(answers);
      continue;
    }
    if (answers.length !== needs.length) throw new Error("the source left a need without an answer");
    for (const answer of answers) rows += answer.length;
    solver.feed(answers);
    const work = rounds * WORK_PER_ROUND + rows + solver.work.nodes;
    if (work < turnAt + WORK_PER_TURN) continue;
    turnAt = work;
    await nextTurn();
  }
}

/**
 * As `drive`, at once, over tuples that are in memory.
 * @param read answers every need, in order @throws what `read` throws besides BUDGET_EXHAUSTED
 */
export function driveNow(
  solver: Pick<Solver, "needs" | "feed" | "fail" | "work">,
  read: (needs: readonly Need[], maxRows: number) => readonly (readonly Found[])[],
  { maxRows }: Pick<EvaluationLimits, "maxRows">,
): Pick<DriveCost, "rows" | "nodes"> {
  let rows = 0;
  for (;;) {
    const needs = solver.needs();
    if (needs.length === 0) return { rows, nodes: solver.work.nodes };
    try {
      const answers = read(needs, maxRows - rows);
      for (const answer of answers) rows += answer.length;
      solver.feed(answers);
    } catch (error) {
      if (!isOutOfBudget(error)) throw error;
      solver.fail(budgetExhausted("rows", maxRows));
    }
  }
}

/** @param rows read so far @returns BUDGET_EXHAUSTED instead of more than `maxRows` in all */
async function readWithin(
  source: Pick<TupleSource, "read">,
  needs: readonly Need[],
  maxRows: number,
  rows: number,
): Promise<readonly (readonly Found[])[] | RelataError> {
  try {
    const answers = await source.read(needs, maxRows - rows);
    const total = answers.reduce((sum, answer) => sum + answer.length, rows);
    return total > maxRows ? budgetExhausted("rows", maxRows) : answers;
  } catch (error) {
    if (isOutOfBudget(error)) return budgetExhausted("rows", maxRows);
    throw error;
  }
}

/**
 * A source in memory answers without leaving the microtask queue: let timers and sockets have their turn. In nodes and rows
 * of some microseconds each, together some 10 ms; a round is a loop of its own, and costs as much as many of them.
 */
const WORK_PER_TURN = 6400;
const WORK_PER_ROUND = 100;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
