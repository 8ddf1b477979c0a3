import type { Solver } from "../engine/solver.ts";
import { RelataError } from "../errors.ts";
import type { Decision } from "../model/decision.ts";

/** A solver of a batch. What it fails of is its own outcome and leaves the others running. */
export interface ItemSolver extends Solver {
  /** Once it has no more needs. */
  outcome(): Decision | RelataError;
}

export function isolateItem(solver: Solver): ItemSolver {
  let failure: RelataError | undefined;
  return {
    get work() {
      return solver.work;
    },
    needs: () => (failure === undefined ? solver.needs() : []),
    decision: () => solver.decision(),
    outcome: () => failure ?? solver.decision(),
    feed(answers) {
      try {
        solver.feed(answers);
      } catch (error) {
        if (!(error instanceof RelataError)) throw error;
        failure = error;
      }
    },
  };
}
