import { RelataError } from "../errors.ts";

/** What one request may cost. Exceeding either is an error, never "no": under an exclusion a wrong "no" grants access. */
export interface EvaluationLimits {
  /** Problems (a relation or permission of one object) and operators visited, over all items of the request. */
  readonly maxNodes: number;
  /** Stored tuples read, over all items of the request. */
  readonly maxRows: number;
}

/** @param budget which of the two, in the words of `EvaluationLimits` */
export function budgetExhausted(budget: "nodes" | "rows", limit: number): RelataError {
  const what = budget === "nodes" ? "visit more than" : "read more than";
  const unit = budget === "nodes" ? "nodes" : "tuples";
  return new RelataError(
    "BUDGET_EXHAUSTED",
    `this request would ${what} ${limit} ${unit} and was stopped without an answer; ` +
      `ask for less at once, or raise ${budget === "nodes" ? "maxNodes" : "maxRows"}`,
    { metadata: { budget, limit: String(limit) } },
  );
}

/** For whoever asks again for less at once. */
export function isOutOfBudget(outcome: unknown): boolean {
  return outcome instanceof RelataError && outcome.reason === "BUDGET_EXHAUSTED";
}
