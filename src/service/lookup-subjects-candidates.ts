import { isOutOfBudget } from "../engine/limits.ts";
import type { CheckItem } from "../engine/solver.ts";
import { startChecks } from "../engine/solver.ts";
import { RelataError } from "../errors.ts";
import { drive } from "./drive.ts";
import type { Evaluation } from "./evaluation.ts";
import { batchLimits, type ServiceLimits } from "./limits.ts";
import type { Searching } from "./lookup-subjects-pages.ts";

/** Candidates that are decided in one run of the solver: it reads for all of them at once. */
const CANDIDATES_PER_RUN = 100;

export interface CandidateOptions {
  readonly evaluation: Pick<Evaluation, "plan" | "source">;
  /** Sorted, each once. */
  readonly ids: readonly string[];
  readonly itemOf: (id: string) => CheckItem;
  readonly nowMs: number;
  readonly limits: Pick<ServiceLimits, "maxNodes" | "maxRows">;
  readonly signal: AbortSignal;
}

/**
 * Decides the candidates a lookup is narrowed to, each by a Check of its own. Undefined stands for those that are denied.
 * What a run's budget was too small for is asked again in smaller ones: the lookup fails of its budget only where Check would.
 * @throws the error of the first candidate that has one, when its turn comes
 */
export async function* decideCandidates(options: CandidateOptions): Searching {
  const { evaluation, ids, itemOf, nowMs, signal } = options;
  let atOnce = CANDIDATES_PER_RUN;
  for (let open = ids; open.length > 0; ) {
    const part = open.slice(0, atOnce);
    const limits = batchLimits(options.limits, part.length);
    const solver = startChecks(evaluation.plan, part.map(itemOf), { nowMs, limits });
    await drive(solver, evaluation.source, limits, signal);
    const outcomes = solver.outcomes();
    if (part.length > 1 && outcomes.some(isOutOfBudget)) {
      atOnce = Math.ceil(part.length / 2);
      continue;
    }
    open = open.slice(part.length);
    for (const [index, id] of part.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error("the solver left an item without an outcome");
      if (outcome instanceof RelataError) throw outcome;
      yield outcome.decision.kind === "denied" ? undefined : { id, ...outcome };
    }
  }
}
