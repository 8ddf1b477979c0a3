import { planSchema } from "../engine/plan.ts";
import { startCheck } from "../engine/solver.ts";
import { validateQuestion } from "../engine/validate.ts";
import type { Decision } from "../model/decision.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import type { TenantCall } from "./call.ts";
import { authenticateConsistency, type ConsistencyRequest, issueToken } from "./consistency-token.ts";
import type { VerbDeps } from "./deps.ts";
import { drive } from "./drive.ts";

/** May `subject` do `permission` to `object`? */
export interface CheckQuestion {
  readonly object: ObjectRef;
  /** A permission or a relation of the object's type. */
  readonly permission: string;
  readonly subject: SubjectRef;
}

export interface CheckRequest extends CheckQuestion {
  readonly consistency: ConsistencyRequest;
}

/** Counted work of one evaluation: store queries, tuples read, problems visited. */
export interface EvaluationWork {
  readonly rounds: number;
  readonly rows: number;
  readonly nodes: number;
}

export interface CheckAnswer {
  readonly decision: Decision;
  readonly consistencyToken: string;
  readonly work: EvaluationWork;
}

export type Check = (call: TenantCall, request: CheckRequest) => Promise<CheckAnswer>;

export function createCheck(deps: VerbDeps): Check {
  const { limits, sealer, store } = deps;
  return async (call, request) => {
    const consistency = authenticateConsistency(sealer, call.tenant.id, request.consistency);
    const head = await deps.chooseRevision(call.tenant, consistency, call.nowMs);
    const schema = await deps.compiledSchema(call.tenant, head);
    const question = { object: request.object, member: request.permission, subject: request.subject };
    validateQuestion(schema, question);
    const solver = startCheck(planSchema(schema), question, limits);
    const source = store.tuples.source(call.tenant, head.revision, call.signal);
    const work = await drive([solver], source, limits, call.signal);
    return { decision: solver.decision(), consistencyToken: issueToken(sealer, call.tenant.id, head), work };
  };
}
