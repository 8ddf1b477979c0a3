import { planSchema } from "../engine/plan.ts";
import { type Solver, startCheck } from "../engine/solver.ts";
import { validateQuestion } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Decision } from "../model/decision.ts";
import { formatObject, formatSubject } from "../model/object.ts";
import type { Schema } from "../model/schema.ts";
import type { TenantCall } from "./call.ts";
import type { CheckQuestion, EvaluationWork } from "./check.ts";
import { authenticateConsistency, type ConsistencyRequest, issueToken } from "./consistency-token.ts";
import type { VerbDeps } from "./deps.ts";
import { drive } from "./drive.ts";
import { type ItemSolver, isolateItem } from "./item-solver.ts";
import { requireAtMost, type ServiceLimits } from "./limits.ts";

/** An item is a question, or what the edge found wrong with it. */
export interface BatchCheckRequest {
  readonly items: readonly (CheckQuestion | RelataError)[];
  readonly consistency: ConsistencyRequest;
}

export interface BatchCheckAnswer {
  /** As many as items, in their order. */
  readonly results: readonly (Decision | RelataError)[];
  readonly consistencyToken: string;
  /** Of the whole batch. */
  readonly work: EvaluationWork;
}

export type BatchCheck = (call: TenantCall, request: BatchCheckRequest) => Promise<BatchCheckAnswer>;

/** All items at one revision, their needs merged into one query a round; an item asked twice is solved once. */
export function createBatchCheck(deps: VerbDeps): BatchCheck {
  const { limits, sealer, store } = deps;
  return async (call, request) => {
    requireAtMost("items", request.items.length, limits.maxBatchItems);
    const consistency = authenticateConsistency(sealer, call.tenant.id, request.consistency);
    const head = await deps.chooseRevision(call.tenant, consistency, call.nowMs);
    const schema = await deps.compiledSchema(call.tenant, head);
    const started = startItems(schema, request.items, limits);
    const solvers = new Set<ItemSolver>();
    for (const item of started) if (!(item instanceof RelataError)) solvers.add(item);
    const source = store.tuples.source(call.tenant, head.revision, call.signal);
    const work = await drive([...solvers], source, batchLimits(limits, solvers.size), call.signal);
    return {
      results: started.map((item) => (item instanceof RelataError ? item : item.outcome())),
      consistencyToken: issueToken(sealer, call.tenant.id, head),
      work,
    };
  };
}

/** A batch may cost more than one Check, but not as much as all its items alone might. */
const MAX_BATCH_FACTOR = 10;

function batchLimits(limits: ServiceLimits, items: number): Pick<ServiceLimits, "maxNodes" | "maxRows"> {
  const factor = Math.min(Math.max(items, 1), MAX_BATCH_FACTOR);
  return { maxNodes: limits.maxNodes * factor, maxRows: limits.maxRows * factor };
}

function startItems(
  schema: Schema,
  items: BatchCheckRequest["items"],
  limits: ServiceLimits,
): readonly (ItemSolver | RelataError)[] {
  const plan = planSchema(schema);
  const byQuestion = new Map<string, ItemSolver | RelataError>();
  return items.map((item) => {
    if (item instanceof RelataError) return item;
    const key = `${formatObject(item.object)}#${item.permission}@${formatSubject(item.subject)}`;
    const known = byQuestion.get(key);
    if (known !== undefined) return known;
    const question = { object: item.object, member: item.permission, subject: item.subject };
    const started = startItem(() => {
      validateQuestion(schema, question);
      return startCheck(plan, question, limits);
    });
    byQuestion.set(key, started);
    return started;
  });
}

function startItem(start: () => Solver): ItemSolver | RelataError {
  try {
    return isolateItem(start());
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
}
