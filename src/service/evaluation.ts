import { type Plan, planSchema } from "../engine/plan.ts";
import { validateTuple } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { TokenPosition } from "../model/consistency.ts";
import type { TupleSource } from "../model/need.ts";
import type { Head } from "../model/revision.ts";
import type { Schema } from "../model/schema.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import { formatTupleKey } from "../model/tuple-text.ts";
import { atField } from "./at-field.ts";
import type { TenantCall } from "./call.ts";
import { authenticateConsistency, type ConsistencyRequest, issueToken, MINIMIZE_LATENCY } from "./consistency-token.ts";
import { overlayTuples } from "./contextual-source.ts";
import type { VerbDeps } from "./deps.ts";
import { requireAtMost, requireJsonSize, type ServiceLimits } from "./limits.ts";

/** What the verbs that evaluate have in common. */
export interface EvaluationRequest {
  readonly consistency: ConsistencyRequest | undefined;
  /** Of a cursor: the revision it is pinned to. Excludes `consistency`. */
  readonly at?: TokenPosition;
  readonly contextualTuples: readonly Tuple[];
  readonly context?: JsonObject;
}

/** One revision of a tenant, ready to be asked. */
export interface Evaluation {
  readonly head: Head;
  /** Of `head`, for cursors. */
  readonly position: TokenPosition;
  readonly schema: Schema;
  readonly plan: Plan;
  /** Stored tuples under contextual ones. */
  readonly source: TupleSource;
  readonly consistencyToken: string;
}

type EvaluationDeps = Pick<VerbDeps, "sealer" | "limits" | "chooseRevision" | "compiledSchema" | "store">;

/**
 * @throws TOO_MANY_ITEMS, INVALID_REQUEST, what `validateTuple` finds wrong with a contextual tuple, and the errors of
 * consistency tokens and revisions
 */
export async function beginEvaluation(
  deps: EvaluationDeps,
  call: TenantCall,
  request: EvaluationRequest,
): Promise<Evaluation> {
  const { limits, sealer } = deps;
  const { tenant } = call;
  requireFitting(request, limits);
  const head = await chooseHead(deps, call, request);
  const schema = await deps.compiledSchema(tenant, head);
  for (const [index, tuple] of request.contextualTuples.entries())
    atField(`contextual_tuples[${index}]`, () => validateTuple(schema, tuple));
  return {
    head,
    position: { tenantId: tenant.id, revision: head.revision, schemaVersion: head.schemaVersion },
    schema,
    plan: planSchema(schema),
    source: overlayTuples(deps.store.tuples.source(tenant, head.revision, call.signal), request.contextualTuples),
    consistencyToken: issueToken(sealer, tenant.id, head),
  };
}

/** Where a question is answered: where its cursor says, or else as fresh as it asks. */
export async function chooseHead(
  { sealer, chooseRevision }: Pick<VerbDeps, "sealer" | "chooseRevision">,
  { tenant, nowMs }: TenantCall,
  { at, consistency }: Pick<EvaluationRequest, "at" | "consistency">,
): Promise<Head> {
  if (at === undefined)
    return chooseRevision(tenant, authenticateConsistency(sealer, tenant.id, consistency ?? MINIMIZE_LATENCY), nowMs);
  if (consistency !== undefined)
    throw new RelataError("INVALID_REQUEST", "consistency and cursor exclude each other: a cursor fixes the revision", {
      metadata: { field: "consistency" },
    });
  return chooseRevision(tenant, { kind: "at_exact_snapshot", at }, nowMs);
}

function requireFitting({ context, contextualTuples }: EvaluationRequest, limits: ServiceLimits): void {
  requireJsonSize("context", context, limits.maxContextBytes);
  requireAtMost("contextual_tuples", contextualTuples.length, limits.maxContextualTuples);
  const first = new Map<string, number>();
  for (const [index, tuple] of contextualTuples.entries()) {
    const field = `contextual_tuples[${index}]`;
    requireJsonSize(`${field}.caveat.context`, tuple.caveat?.context, limits.maxCaveatContextBytes);
    const key = formatTupleKey(tuple);
    const earlier = first.get(key);
    if (earlier !== undefined)
      throw new RelataError("INVALID_REQUEST", `${field} is the same tuple as contextual_tuples[${earlier}]: ${key}`, {
        metadata: { field, tuple: key },
      });
    first.set(key, index);
  }
}
