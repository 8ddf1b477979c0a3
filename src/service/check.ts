import type { Explanation } from "../engine/explain.ts";
import type { CheckItem } from "../engine/solver.ts";
import { validateQuestion } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { decide, decideAt } from "./decide.ts";
import { decideResident } from "./decide-resident.ts";
import type { VerbDeps } from "./deps.ts";
import { beginEvaluation, beginEvaluationNow, type Evaluation, type EvaluationRequest } from "./evaluation.ts";
import { locateFailure } from "./locate-failure.ts";
import { logDecision } from "./log-decision.ts";
import { requireContextualReach, requireReach } from "./reach.ts";

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
  /** Asks for `explanation` in the answer, which shows stored tuples of any type: `tuples:read` must reach them all. */
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

/** At once, where the tenant is in memory and the question is not a long one. Errors always come as a rejection. */
export type Check = (call: TenantCall, request: CheckRequest) => CheckAnswer | Promise<CheckAnswer>;

export function createCheck(deps: VerbDeps): Check {
  return (call, request) => {
    try {
      requireReach(call, "check", request.object.type, request.permission);
      requireContextualReach(call, request.contextualTuples);
      if (request.explain === true) requireReach(call, "tuples:read");
      const evaluation = beginEvaluationNow(deps, call, withDefaults(request));
      if (evaluation === undefined) return checkLater(deps, call, request);
      const resident = request.explain === true ? undefined : evaluation.resident;
      if (resident === undefined) return checkAt(deps, call, request, evaluation);
      const items = [itemOf(evaluation, request)];
      const { outcomes, work } = decideResident(evaluation.plan, items, resident, {
        nowMs: call.nowMs,
        limits: deps.limits,
      });
      const [outcome] = outcomes;
      if (outcome === undefined) return checkAt(deps, call, request, evaluation, { isLong: true });
      return answerOf(deps, call, request, decided(outcome), evaluation, { rounds: 0, ...work });
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

async function checkLater(deps: VerbDeps, call: TenantCall, request: CheckRequest): Promise<CheckAnswer> {
  return checkAt(deps, call, request, await beginEvaluation(deps, call, withDefaults(request)));
}

async function checkAt(
  deps: VerbDeps,
  call: TenantCall,
  request: CheckRequest,
  evaluation: Evaluation,
  { isLong = false } = {},
): Promise<CheckAnswer> {
  const { limits } = deps;
  const items = [itemOf(evaluation, request)];
  const { nowMs, signal } = call;
  const explain = request.explain === true;
  if (!explain) {
    const options = { nowMs, signal, limits };
    // What was too much at once is not tried again.
    const { outcomes, work } = isLong
      ? await decide(evaluation.plan, items, evaluation.source, options)
      : await decideAt(evaluation, items, options);
    return answerOf(deps, call, request, decided(outcomes[0]), evaluation, work);
  }
  const { plan, source } = evaluation;
  const { outcomes, solver, work } = await decide(plan, items, source, { nowMs, signal, limits, explain });
  const [outcome] = outcomes;
  if (outcome instanceof RelataError) throw locateFailure(outcome, () => solver.explanation(0));
  return { ...answerOf(deps, call, request, decided(outcome), evaluation, work), explanation: solver.explanation(0) };
}

function withDefaults({ consistency, contextualTuples = [], context = NO_CONTEXT }: CheckRequest): EvaluationRequest {
  return { consistency, contextualTuples, context };
}

/** @throws what is wrong with the question */
function itemOf(
  { schema }: Evaluation,
  { object, permission, subject, context = NO_CONTEXT }: CheckRequest,
): CheckItem {
  const question = { object, member: permission, subject };
  validateQuestion(schema, question);
  return { question, context };
}

function answerOf(
  deps: VerbDeps,
  call: TenantCall,
  request: CheckRequest,
  outcome: Outcome,
  { consistencyToken, head }: Evaluation,
  work: EvaluationWork,
): CheckAnswer {
  logDecision(deps, call, "Check", request, { kind: outcome.decision.kind, revision: head.revision });
  return { ...outcome, consistencyToken, work };
}

function decided(outcome: Outcome | RelataError | undefined): Outcome {
  if (outcome === undefined) throw new Error("a question without an outcome");
  if (outcome instanceof RelataError) throw outcome;
  return outcome;
}

export const NO_CONTEXT: JsonObject = {};
