import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  LookupCountSchema,
  LookupResourcesRequest,
  LookupResourcesResponseSchema,
  LookupSubjectsRequest,
  LookupSubjectsResponseSchema,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import type { TenantCall } from "../../service/call.ts";
import type { LookupCount, LookupPage } from "../../service/lookup-page.ts";
import type { Verbs } from "../../service/verbs.ts";
import { readConsistency, readObject, readSubject, readTuples } from "../wire.ts";
import { requireObjectId, requireRelationName, requireTypeName } from "../wire-fields.ts";
import { WIRE_DECISIONS, writeOutcome } from "../wire-outcome.ts";
import { readStruct } from "../wire-values.ts";

export function lookupResourcesRoute(verbs: Pick<Verbs, "lookupResources">) {
  return async function* lookupResources(
    call: TenantCall,
    request: LookupResourcesRequest,
  ): AsyncGenerator<MessageInitShape<typeof LookupResourcesResponseSchema>> {
    const answers = verbs.lookupResources(call, {
      objectType: requireTypeName(request.objectType, "object_type", "INVALID_REQUEST"),
      permission: requireRelationName(request.permission, "permission", "INVALID_REQUEST"),
      subject: readSubject(request.subject, "subject", false),
      ...readRest(request),
    });
    for await (const { id, ...rest } of messagesOf(answers)) yield { objectId: id, ...rest };
  };
}

export function lookupSubjectsRoute(verbs: Pick<Verbs, "lookupSubjects">) {
  return async function* lookupSubjects(
    call: TenantCall,
    request: LookupSubjectsRequest,
  ): AsyncGenerator<MessageInitShape<typeof LookupSubjectsResponseSchema>> {
    const { subjectRelation } = request;
    const answers = verbs.lookupSubjects(call, {
      object: readObject(request.object, "object"),
      permission: requireRelationName(request.permission, "permission", "INVALID_REQUEST"),
      subjectType: requireTypeName(request.subjectType, "subject_type", "INVALID_REQUEST"),
      subjectRelation:
        subjectRelation === "" ? "" : requireRelationName(subjectRelation, "subject_relation", "INVALID_REQUEST"),
      ...readRest(request),
    });
    for await (const { id, ...rest } of messagesOf(answers)) yield { subjectId: id, ...rest };
  };
}

/** What both lookups take besides what they look for. */
function readRest(request: LookupResourcesRequest | LookupSubjectsRequest) {
  const { candidateIds, cursor, limit, countOnly } = request;
  return {
    context: readStruct(request.context, "context") ?? {},
    contextualTuples: readTuples(request.contextualTuples, "contextual_tuples"),
    consistency: readConsistency(request.consistency),
    candidateIds:
      candidateIds.length === 0
        ? undefined
        : candidateIds.map((id, index) => requireObjectId(id, `candidate_ids[${index}]`, "INVALID_REQUEST")),
    cursor,
    limit,
    countOnly,
  };
}

async function* messagesOf(answers: AsyncIterable<LookupPage>) {
  for await (const answer of answers) {
    const { consistencyToken } = answer;
    if ("count" in answer) {
      yield { id: "", count: writeCount(answer.count), consistencyToken };
      continue;
    }
    for (const result of answer.results)
      yield { id: result.id, ...writeOutcome(result), cursor: answer.cursorAfter(result), consistencyToken };
  }
}

function writeCount(count: LookupCount): MessageInitShape<typeof LookupCountSchema> {
  const { allowed, conditional, excluded, wildcard, capped } = count;
  return {
    allowed: BigInt(allowed),
    conditional: BigInt(conditional),
    excluded: BigInt(excluded),
    ...(wildcard === undefined ? {} : { wildcard: WIRE_DECISIONS[wildcard.kind] }),
    capped,
  };
}
