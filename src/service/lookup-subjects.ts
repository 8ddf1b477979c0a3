import type { SubjectKind } from "../engine/reachability.ts";
import { SkeletonWalk } from "../engine/skeleton.ts";
import type { Skeleton } from "../engine/skeleton-answers.ts";
import { type Hit, SkeletonCheck } from "../engine/skeleton-check.ts";
import { createTraitJudge } from "../engine/traits.ts";
import { validateObjectMember, validateQuestion, validateSubjectKind } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import type { Found, SubjectScan } from "../model/need.ts";
import { type ObjectRef, WILDCARD_ID } from "../model/object.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import { atField } from "./at-field.ts";
import type { TenantCall } from "./call.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { createCursorWriter, openCursor } from "./cursor.ts";
import type { VerbDeps } from "./deps.ts";
import { drive } from "./drive.ts";
import { beginEvaluation, type Evaluation } from "./evaluation.ts";
import { requireAtMost, type ServiceLimits } from "./limits.ts";
import type { LookupPage } from "./lookup-page.ts";
import { decideCandidates } from "./lookup-subjects-candidates.ts";
import { countOf, pagesOf, type Searching } from "./lookup-subjects-pages.ts";
import { type MergeGroup, type MergeSource, mergeScans } from "./ordered-merge.ts";
import { createPace } from "./pace.ts";
import { requireContextualReach, requireReach } from "./reach.ts";

export interface LookupSubjectsRequest {
  readonly object: ObjectRef;
  /** A permission or a relation of the object's type. */
  readonly permission: string;
  readonly subjectType: string;
  /** Empty for the objects of the type themselves. */
  readonly subjectRelation: string;
  readonly context: JsonObject;
  readonly contextualTuples: readonly Tuple[];
  /** Undefined when a cursor says it. */
  readonly consistency: ConsistencyRequest | undefined;
  /** 0 for all. */
  readonly limit: number;
  /** Empty for the beginning. */
  readonly cursor: string;
  /** Set: only these subjects are looked at, and `*` is no result. */
  readonly candidateIds: readonly string[] | undefined;
  readonly countOnly: boolean;
}

/**
 * Which subjects of a kind have a permission: sorted by id, each once, all at one revision. `*` comes before all ids, with
 * the decision of everybody nobody names; then everybody named follows with their own, denied ones too. Without `*` only
 * those who are not denied.
 */
export type LookupSubjects = (call: TenantCall, request: LookupSubjectsRequest) => AsyncIterable<LookupPage>;

export function createLookupSubjects(deps: VerbDeps): LookupSubjects {
  const { limits, sealer } = deps;
  return async function* lookupSubjects(call, request) {
    const { consistency, contextualTuples, context, limit, countOnly, cursor, ...what } = request;
    requireReach(call, "check", request.object.type, request.permission);
    requireContextualReach(call, contextualTuples);
    const candidateIds = what.candidateIds && [...new Set(what.candidateIds)].sort();
    const asked = { ...what, candidateIds, context, contextualTuples, countOnly };
    const opened = cursor === "" ? undefined : openCursor(sealer, "subjects-cursor", call.tenant.id, asked, cursor);
    const evaluation = await beginEvaluation(deps, call, {
      consistency,
      ...(opened && { at: opened.at }),
      contextualTuples,
      context,
    });
    const search = { evaluation, call, limits, request, after: opened?.place };
    validateObjectMember(evaluation.schema, request.object, request.permission);
    validateSubjectKind(evaluation.schema, kindOf(request));
    const found = request.candidateIds === undefined ? searchAll(search) : searchAmong(search, request.candidateIds);
    const { consistencyToken, position } = evaluation;
    if (countOnly) {
      yield { count: await countOf(found, limit), consistencyToken };
      return;
    }
    const cursorAfter = createCursorWriter(sealer, "subjects-cursor", position, asked);
    yield* pagesOf(found, { limit, cursorAfter, consistencyToken });
  };
}

interface Search {
  readonly evaluation: Evaluation;
  readonly call: TenantCall;
  readonly limits: ServiceLimits;
  readonly request: LookupSubjectsRequest;
  /** The id to continue after. */
  readonly after: string | undefined;
}

function kindOf({ subjectType, subjectRelation }: LookupSubjectsRequest): SubjectKind {
  return { type: subjectType, relation: subjectRelation };
}

function searchAmong({ evaluation, call, limits, request, after }: Search, candidateIds: readonly string[]): Searching {
  requireAtMost("candidate_ids", candidateIds.length, limits.maxCandidates);
  const { object, permission: member, context } = request;
  const questionOf = (id: string) => ({ object, member, subject: { ...kindOf(request), id } });
  for (const [index, id] of candidateIds.entries())
    atField(`candidate_ids[${index}]`, () => validateQuestion(evaluation.schema, questionOf(id)));
  return decideCandidates({
    evaluation,
    ids: [...new Set(candidateIds)].filter((id) => after === undefined || id > after).sort(),
    itemOf: (id) => ({ question: questionOf(id), context }),
    nowMs: call.nowMs,
    limits,
    signal: call.signal,
  });
}

/** First all that lies between the permission and its possible subjects; then these in order, each decided as it comes. */
async function* searchAll(search: Search): Searching {
  const { evaluation, call, limits, request, after } = search;
  const { plan, source, schema } = evaluation;
  const judge = createTraitJudge(schema, request.context, call.nowMs);
  const question = { object: request.object, member: request.permission, subject: kindOf(request) };
  const walk = new SkeletonWalk(plan, question, { judge, limits });
  await drive(walk, source, limits, call.signal);
  const skeleton = walk.skeleton();
  const checks = new SkeletonCheck(plan, skeleton, question, { judge, limits });
  const everybodyElse = outcomeOf(checks.nobody());
  const isWildcard = everybodyElse.decision.kind !== "denied";
  if (isWildcard && after === undefined) yield { id: WILDCARD_ID, ...everybodyElse };
  const pace = createPace(call.signal);
  for await (const group of namedSubjects(skeleton, search)) {
    const { id } = group;
    if (id === WILDCARD_ID) continue;
    const before = checks.work.nodes;
    const outcome = checks.check(id, hitsOf(skeleton, group));
    await pace(1 + checks.work.nodes - before);
    const isResult = outcome !== undefined && (isWildcard || outcomeOf(outcome).decision.kind !== "denied");
    yield isResult ? { id, ...outcomeOf(outcome) } : undefined;
  }
}

function outcomeOf(outcome: Outcome | RelataError): Outcome {
  if (outcome instanceof RelataError) throw outcome;
  return outcome;
}

/** The subjects that tuples of the leaves name, and those on the way, in order of id. */
function namedSubjects(
  { leaves, selves }: Skeleton,
  { evaluation: { source }, request, after }: Search,
): AsyncIterable<MergeGroup<Found>> {
  const { subjectType, subjectRelation } = request;
  const key = (subjectId: string) => ({ subjectType, subjectId, subjectRelation });
  const ids = [...selves.keys()].filter((id) => after === undefined || id > after).sort();
  // `*` is before all ids, whatever its byte is.
  const start = after === undefined || after === WILDCARD_ID ? {} : { after: key(after) };
  const sources: MergeSource<Found, SubjectScan>[] = leaves.map(({ objectType, objectId, relation }) => ({
    kind: "scan",
    scan: { objectType, objectId, relation, subjectType, subjectRelation, ...start },
  }));
  return mergeScans<Found, SubjectScan>([...sources, { kind: "rows", rows: ids.map(key) }], {
    fetch: (scans, limit) => source.scanSubjects(scans, limit),
    idOf: ({ subjectId }) => subjectId,
    continueAfter: (scan, row) => ({ ...scan, after: key(row.subjectId) }),
  });
}

/** The last source is that of the selves, which are no tuples. */
function hitsOf({ leaves }: Skeleton, { hits }: MergeGroup<Found>): readonly Hit[] {
  return hits.flatMap(({ source, row }) => (source < leaves.length ? { leaf: source, found: row } : []));
}
