import { type Plan, planSchema } from "../engine/plan.ts";
import { validateTuple } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Consistency, TokenPosition } from "../model/consistency.ts";
import type { TupleGraph } from "../model/graph.ts";
import type { TupleSource } from "../model/need.ts";
import type { Holding } from "../model/residency.ts";
import type { Head, Revision } from "../model/revision.ts";
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

/** All stored tuples of a tenant at a revision. */
export interface Resident {
  readonly graph: TupleGraph;
  readonly revision: Revision;
}

/** One revision of a tenant, ready to be asked. */
export interface Evaluation {
  readonly head: Head;
  /** Of `head`, for cursors. */
  readonly position: TokenPosition;
  readonly schema: Schema;
  readonly plan: Plan;
  /** Stored tuples under contextual ones. Opened when it is first asked for: a Check that `resident` decides needs none. */
  readonly source: TupleSource;
  /** The same as `source`, if all of it is in memory and readable at `head` by now: valid until the caller awaits something. */
  readonly resident: Resident | undefined;
  readonly consistencyToken: string;
}

type RevisionDeps = Pick<VerbDeps, "sealer" | "chooseRevision" | "residency">;
type EvaluationDeps = RevisionDeps & Pick<VerbDeps, "limits" | "compiledSchema" | "store">;

/**
 * @throws TOO_MANY_ITEMS, INVALID_REQUEST, what `validateTuple` finds wrong with a contextual tuple, and the errors of
 * consistency tokens and revisions
 */
export async function beginEvaluation(
  deps: EvaluationDeps,
  call: TenantCall,
  request: EvaluationRequest,
): Promise<Evaluation> {
  const begun = beginEvaluationNow(deps, call, request);
  if (begun !== undefined) return begun;
  const head = await chooseHead(deps, call, request);
  return evaluationAt(deps, call, request, head, await deps.compiledSchema(call.tenant, head));
}

/**
 * The same in one go; undefined when something must be asked or waited for first. A Check of a tenant in memory gets here
 * without a single promise. @throws as `beginEvaluation`
 */
export function beginEvaluationNow(
  deps: EvaluationDeps,
  call: TenantCall,
  request: EvaluationRequest,
): Evaluation | undefined {
  requireFitting(request, deps.limits);
  const { tenant, nowMs } = call;
  const consistency = consistencyOf(deps, call, request);
  const head = deps.chooseRevision.now(tenant, deps.residency?.of(tenant), { consistency, nowMs });
  const schema = head && deps.compiledSchema.now(head);
  return head && schema && evaluationAt(deps, call, request, head, schema);
}

function evaluationAt(
  deps: EvaluationDeps,
  call: TenantCall,
  { contextualTuples }: EvaluationRequest,
  head: Head,
  schema: Schema,
): Evaluation {
  if (contextualTuples.length > 0) requireValid(schema, contextualTuples);
  return new EvaluationAt(deps, call, contextualTuples, head, schema);
}

function requireValid(schema: Schema, contextualTuples: readonly Tuple[]): void {
  for (const [index, tuple] of contextualTuples.entries())
    atField(`contextual_tuples[${index}]`, () => validateTuple(schema, tuple));
}

/** A class, since an object literal with getters takes 0.7 µs to make and this next to nothing. */
class EvaluationAt implements Evaluation {
  readonly head: Head;
  readonly schema: Schema;
  readonly plan: Plan;
  readonly consistencyToken: string;
  readonly #deps: EvaluationDeps;
  readonly #call: TenantCall;
  readonly #contextualTuples: readonly Tuple[];
  readonly #holding: Holding | undefined;
  #source: TupleSource | undefined = undefined;

  constructor(deps: EvaluationDeps, call: TenantCall, contextualTuples: readonly Tuple[], head: Head, schema: Schema) {
    this.head = head;
    this.schema = schema;
    this.plan = planSchema(schema);
    this.consistencyToken = issueToken(deps.sealer, call.tenant.id, head);
    this.#deps = deps;
    this.#call = call;
    this.#contextualTuples = contextualTuples;
    this.#holding = deps.residency?.of(call.tenant);
  }

  get position(): TokenPosition {
    const { revision, schemaVersion } = this.head;
    return { tenantId: this.#call.tenant.id, revision, schemaVersion };
  }

  get source(): TupleSource {
    const { tenant, signal } = this.#call;
    const { revision } = this.head;
    this.#source ??= overlayTuples(
      this.#holding?.source(revision, signal) ?? this.#deps.store.tuples.source(tenant, revision, signal),
      this.#contextualTuples,
    );
    return this.#source;
  }

  get resident(): Resident | undefined {
    const { revision } = this.head;
    const graph = this.#contextualTuples.length === 0 ? this.#holding?.graphAt(revision) : undefined;
    return graph && { graph, revision };
  }
}

/** Where a question is answered: where its cursor says, or else as fresh as it asks. */
export async function chooseHead(
  deps: RevisionDeps,
  call: TenantCall,
  request: Pick<EvaluationRequest, "at" | "consistency">,
): Promise<Head> {
  const { tenant, nowMs, signal } = call;
  const consistency = consistencyOf(deps, call, request);
  return deps.chooseRevision.choose(tenant, deps.residency?.of(tenant), { consistency, nowMs, signal });
}

function consistencyOf(
  { sealer }: RevisionDeps,
  { tenant }: TenantCall,
  { at, consistency }: Pick<EvaluationRequest, "at" | "consistency">,
): Consistency {
  if (at === undefined) return authenticateConsistency(sealer, tenant.id, consistency ?? MINIMIZE_LATENCY);
  if (consistency !== undefined)
    throw new RelataError("INVALID_REQUEST", "consistency and cursor exclude each other: a cursor fixes the revision", {
      metadata: { field: "consistency" },
    });
  return { kind: "at_exact_snapshot", at };
}

function requireFitting({ context, contextualTuples }: EvaluationRequest, limits: ServiceLimits): void {
  requireJsonSize("context", context, limits.maxContextBytes);
  requireAtMost("contextual_tuples", contextualTuples.length, limits.maxContextualTuples);
  if (contextualTuples.length === 0) return;
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
