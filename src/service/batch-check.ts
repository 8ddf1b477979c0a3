import type { Plan } from "../engine/plan.ts";
import type { CheckItem } from "../engine/solver.ts";
import { validateQuestion } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import type { Tuple } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import type { CheckQuestion, EvaluationWork } from "./check.ts";
import { NO_CONTEXT } from "./check.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { decideAt } from "./decide.ts";
import type { VerbDeps } from "./deps.ts";
import { beginEvaluation } from "./evaluation.ts";
import { batchLimits, requireAtMost, requireJsonSize, type ServiceLimits } from "./limits.ts";
import { logDecision } from "./log-decision.ts";
import { requireContextualReach, requireReach } from "./reach.ts";

/** An item is a question, or what the edge found wrong with it. */
export interface BatchCheckRequest {
  readonly items: readonly (CheckQuestion | RelataError)[];
  readonly consistency: ConsistencyRequest;
  /** Hold for all items. */
  readonly contextualTuples?: readonly Tuple[];
}

export interface BatchCheckAnswer {
  /** As many as items, in their order. */
  readonly results: readonly (Outcome | RelataError)[];
  readonly consistencyToken: string;
  /** Of the whole batch. */
  readonly work: EvaluationWork;
}

export type BatchCheck = (call: TenantCall, request: BatchCheckRequest) => Promise<BatchCheckAnswer>;

/** All items at one revision in one run of the solver; what is wrong with an item is its own result. */
export function createBatchCheck(deps: VerbDeps): BatchCheck {
  const { limits } = deps;
  return async (call, request) => {
    requireAtMost("items", request.items.length, limits.maxBatchItems);
    const { consistency, contextualTuples = [] } = request;
    requireContextualReach(call, contextualTuples);
    const evaluation = await beginEvaluation(deps, call, { consistency, contextualTuples });
    const { plan, consistencyToken } = evaluation;
    const items = request.items.map((item, index) => readItem(call, plan, item, `items[${index}].context`, limits));
    const valid = items.filter((item): item is CheckItem => !(item instanceof RelataError));
    const budget = batchLimits(limits, valid.length);
    const { nowMs, signal } = call;
    const { outcomes, work } = await decideAt(evaluation, valid, { nowMs, signal, limits: budget });
    const decided = outcomes.values();
    const results = items.map((item) => (item instanceof RelataError ? item : (decided.next().value ?? undecided())));
    for (const [index, result] of results.entries()) {
      const question = request.items[index];
      if (question === undefined || question instanceof RelataError || result instanceof RelataError) continue;
      logDecision(deps, call, "BatchCheck", question, {
        kind: result.decision.kind,
        revision: evaluation.head.revision,
      });
    }
    return { results, consistencyToken, work };
  };
}

function undecided(): never {
  throw new Error("an item without an outcome");
}

/** Validated before anything else: what the solver takes for equal items are equal only among valid ones. */
function readItem(
  call: TenantCall,
  plan: Plan,
  item: CheckQuestion | RelataError,
  contextField: string,
  limits: ServiceLimits,
): CheckItem | RelataError {
  if (item instanceof RelataError) return item;
  const { object, permission: member, subject, context = NO_CONTEXT } = item;
  const question = { object, member, subject };
  try {
    requireReach(call, "check", object.type, member);
    requireJsonSize(contextField, context, limits.maxContextBytes);
    validateQuestion(plan.schema, question);
    return { question, context };
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
}
