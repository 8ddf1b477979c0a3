/**
 * Work that one evaluation may do, counted in steps: an element visited, a node of a comprehension's body run once, 64
 * characters handled. A static bound on the text alone cannot be tight, since the work depends on the values.
 */
export interface Budget {
  /** @throws BudgetExceeded */
  spend(steps: number): void;
}

export const MAX_STEPS = 100_000;

export class BudgetExceeded extends Error {}

export function createBudget(steps = MAX_STEPS): Budget {
  let left = steps;
  return {
    spend(amount) {
      left -= amount;
      if (left < 0) throw new BudgetExceeded();
    },
  };
}
