import { validateMember, validateObjectMember, validateSubject } from "../engine/validate.ts";
import { isObjectId, type SubjectRef } from "../model/object.ts";
import type { Member, Schema } from "../model/schema.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import { atField } from "./at-field.ts";
import type { TenantCall } from "./call.ts";
import { NO_CONTEXT } from "./check.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { createCursorWriter, invalidCursor, openCursor } from "./cursor.ts";
import type { VerbDeps } from "./deps.ts";
import { beginEvaluation } from "./evaluation.ts";
import { requireAtMost } from "./limits.ts";
import type { LookupCount, LookupPage, LookupResult } from "./lookup-page.ts";
import { type Candidate, findCandidates } from "./lookup-resources-candidates.ts";
import { checkCandidates } from "./lookup-resources-check.ts";
import { requireContextualReach, requireReach } from "./reach.ts";

/** Of which objects of `objectType` does Check say that `subject` may (perhaps) do `permission` to them? */
export interface LookupResourcesRequest {
  readonly objectType: string;
  /** A permission or a relation of the type. */
  readonly permission: string;
  /** Never a wildcard. */
  readonly subject: SubjectRef;
  /** What caveats are evaluated with. */
  readonly context?: JsonObject;
  /** Hold for this request alone, as if they had been written just before it. */
  readonly contextualTuples?: readonly Tuple[];
  /** Undefined when a cursor says it. */
  readonly consistency: ConsistencyRequest | undefined;
  /** 0 for all. */
  readonly limit: number;
  /** Empty for the beginning. */
  readonly cursor: string;
  /** Set: only these are looked at. */
  readonly candidateIds: readonly string[] | undefined;
  /** One page with the number of results, counted up to `limit`. */
  readonly countOnly: boolean;
}

export type LookupResources = (call: TenantCall, request: LookupResourcesRequest) => AsyncIterable<LookupPage>;

/**
 * Objects in the order of their ids, each once, all at one revision; a cursor continues at that revision. Nothing is read
 * that nobody asks for: a caller that stops asking stops the work.
 */
export function createLookupResources(deps: VerbDeps): LookupResources {
  const { limits, sealer } = deps;
  return async function* lookupResources(call, request) {
    const { consistency, contextualTuples = [], context = NO_CONTEXT, subject } = request;
    requireAtMost("candidate_ids", request.candidateIds?.length ?? 0, limits.maxCandidates);
    requireReach(call, "check", request.objectType, request.permission);
    requireContextualReach(call, contextualTuples);
    const question = questionOf(request);
    const opened = openPlace(deps, call, question, request.cursor);
    const evaluation = await beginEvaluation(deps, call, {
      consistency,
      contextualTuples,
      context,
      ...(opened && { at: opened.at }),
    });
    const { nowMs, signal } = call;
    const target = requireTarget(evaluation.schema, request);
    const after = opened?.place ?? "";
    const { maxLookupRows } = limits;
    const search = { target, subject, context, nowMs, after, maxLookupRows, signal };
    const { candidates, holds } = candidatesNamed(question.candidateIds, after) ?? findCandidates(evaluation, search);
    const limit = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    const { consistencyToken, position } = evaluation;
    if (request.countOnly) {
      const all = checkCandidates(evaluation, candidates, { ...search, limits, holds, wanted: limit + 1 });
      yield { count: await countUpTo(limit, all), consistencyToken };
      return;
    }
    const writeCursor = createCursorWriter(sealer, "resources-cursor", position, question);
    const cursorAfter = ({ id }: LookupResult) => writeCursor(id);
    for await (const results of checkCandidates(evaluation, candidates, { ...search, limits, holds, wanted: limit }))
      yield { results, cursorAfter, consistencyToken };
  };
}

/** What must be the same when a cursor comes back: everything but the limit. */
function questionOf({ context = NO_CONTEXT, contextualTuples = [], candidateIds, ...request }: LookupResourcesRequest) {
  const { objectType, permission, subject, countOnly } = request;
  return {
    ...{ objectType, permission, subject, context, contextualTuples, countOnly },
    candidateIds: candidateIds && [...new Set(candidateIds)].sort(),
  };
}

function openPlace({ sealer }: VerbDeps, { tenant }: TenantCall, question: object, cursor: string) {
  if (cursor === "") return undefined;
  const opened = openCursor(sealer, "resources-cursor", tenant.id, question, cursor);
  if (!isObjectId(opened.place)) throw invalidCursor("sealed, but no object's id");
  return opened;
}

function requireTarget(schema: Schema, request: LookupResourcesRequest): Member {
  const { objectType: type, permission, subject, candidateIds = [] } = request;
  const target = validateMember(schema, type, permission);
  validateSubject(schema, subject);
  for (const [index, id] of candidateIds.entries())
    atField(`candidate_ids[${index}]`, () => validateObjectMember(schema, { type, id }, permission));
  return target;
}

function candidatesNamed(ids: readonly string[] | undefined, after: string) {
  if (ids === undefined) return undefined;
  const candidates = ids.filter((id) => id > after).map((id): Candidate => ({ id, certain: false }));
  return { candidates, holds: undefined };
}

/** @param chunks one more result than `limit`, where there are as many */
async function countUpTo(limit: number, chunks: AsyncIterable<readonly LookupResult[]>): Promise<LookupCount> {
  const count = { allowed: 0, conditional: 0, excluded: 0, wildcard: undefined };
  for await (const results of chunks) {
    for (const { decision } of results) {
      if (count.allowed + count.conditional === limit) return { ...count, capped: true };
      if (decision.kind === "allowed") count.allowed += 1;
      else count.conditional += 1;
    }
  }
  return { ...count, capped: false };
}
