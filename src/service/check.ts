import type { Explanation } from "../engine/explain.ts";
import { validateQuestion } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { decide, decideAt } from "./decide.ts";
import type { VerbDeps } from "./deps.ts";
import { beginEvaluation } from "./evaluation.ts";
import { locateFailure } from "./locate-failure.ts";

/** May `subject` do `permission` to `object`? */
export interface CheckQuestion {
  readonly object: ObjectRef;
  /** A permission or a relation of the object's type. */
  readonly permission: string;
  readonly subject: SubjectRef;
  /** What caveats are evaluated with. */
  readonly context?: JsonObject;
}

export interface CheckRequest extends CheckQuestion {
  readonly consistency: ConsistencyRequest;
  /** Hold for this request alone, as if they had been written just before it. */
  readonly contextualTuples?: readonly Tuple[];
  /** Asks for `explanation` in the answer. */
  readonly explain?: boolean;
}

/** Counted work of one evaluation: store queries, tuples read, problems visited. */
export interface EvaluationWork {
  readonly rounds: number;
  readonly rows: number;
  readonly nodes: number;
}

export interface CheckAnswer extends Outcome {
  readonly explanation?: Explanation;
  readonly consistencyToken: string;
  readonly work: EvaluationWork;
}

export type Check = (call: TenantCall, request: CheckRequest) => Promise<CheckAnswer>;

export function createCheck(deps: VerbDeps): Check {
  const { limits } = deps;
  return async (call, request) => {
    const { consistency, contextualTuples = [], context = NO_CONTEXT, explain = false } = request;
    const evaluation = await beginEvaluation(deps, call, { consistency, contextualTuples, context });
    const { schema, consistencyToken } = evaluation;
    const question = { object: request.object, member: request.permission, subject: request.subject };
    validateQuestion(schema, question);
    const { nowMs, signal } = call;
    const items = [{ question, context }];
    if (!explain) {
      const { outcomes, work } = await decideAt(evaluation, items, { nowMs, signal, limits });
      return { ...decided(outcomes[0]), consistencyToken, work };
    }
    const { outcomes, solver, work } = await decide(evaluation.plan, items, evaluation.source, {
      nowMs,
      signal,
      limits,
      explain,
    });
    const [outcome] = outcomes;
    if (outcome instanceof RelataError) throw locateFailure(outcome, () => solver.explanation(0));
    return { ...decided(outcome), explanation: solver.explanation(0), consistencyToken, work };
  };
}

function decided(outcome: Outcome | RelataError | undefined): Outcome {
  if (outcome === undefined) throw new Error("a question without an outcome");
  if (outcome instanceof RelataError) throw outcome;
  return outcome;
}

export const NO_CONTEXT: JsonObject = {};
