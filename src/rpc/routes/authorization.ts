import type { MessageInitShape } from "@bufbuild/protobuf";
import { requireHeld } from "../../auth/admission.ts";
import { RelataError } from "../../errors.ts";
import {
  AuthorizationService,
  type BatchCheckItem,
  type CheckRequest,
  type CheckResponse,
  CheckResponseSchema,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import type { Outcome } from "../../model/decision.ts";
import type { CheckAnswer, CheckQuestion, EvaluationWork } from "../../service/check.ts";
import { MINIMIZE_LATENCY } from "../../service/consistency-token.ts";
import type { Verbs } from "../../service/verbs.ts";
import { GRPC_CODES } from "../error-map.ts";
import { readConsistency, readObject, readSubject, readTuples } from "../wire.ts";
import { requireRelationName } from "../wire-fields.ts";
import { WIRE_DECISIONS, writeOutcome } from "../wire-outcome.ts";
import { writeTreeNode } from "../wire-tree.ts";
import { readStruct } from "../wire-values.ts";
import { tenantCall } from "./calls.ts";
import { expandRoute } from "./expand.ts";
import { lookupResourcesRoute, lookupSubjectsRoute } from "./lookups.ts";
import { type Route, routesOf } from "./route.ts";

type AuthorizationVerbs = Pick<Verbs, "check" | "batchCheck" | "lookupResources" | "lookupSubjects" | "expand">;

export function authorizationRoutes(verbs: AuthorizationVerbs): readonly Route[] {
  return routesOf(AuthorizationService, tenantCall, {
    check: (call, request) => {
      if (request.withExplanation) requireHeld(call.principal, "tuples:read", "with_explanation", call.tenant.slug);
      const answer = verbs.check(call, {
        ...readQuestion(request, ""),
        contextualTuples: readTuples(request.contextualTuples, "contextual_tuples"),
        consistency: readConsistency(request.consistency) ?? MINIMIZE_LATENCY,
        explain: request.withExplanation,
      });
      if (answer instanceof Promise) return answer.then((later) => writeAnswer(later, request.withDebug));
      return writeAnswer(answer, request.withDebug);
    },
    batchCheck: async (call, request) => {
      call.charge(request.items.length - 1);
      const { results, consistencyToken, work } = await verbs.batchCheck(call, {
        items: request.items.map((item, index) => readItem(item, `items[${index}].`)),
        contextualTuples: readTuples(request.contextualTuples, "contextual_tuples"),
        consistency: readConsistency(request.consistency) ?? MINIMIZE_LATENCY,
      });
      return { results: results.map(writeResult), consistencyToken, ...writeDebug(request.withDebug, work) };
    },
    lookupResources: lookupResourcesRoute(verbs),
    lookupSubjects: lookupSubjectsRoute(verbs),
    expand: expandRoute(verbs),
  });
}

function writeAnswer(answer: CheckAnswer, withDebug: boolean): MessageInitShape<typeof CheckResponseSchema> {
  const { decision, expiresAtMs, explanation, consistencyToken, work } = answer;
  // A whole message is not made once more: 0.1 µs.
  if (decision.kind !== "conditional" && expiresAtMs === undefined && explanation === undefined && !withDebug)
    return {
      $typeName: CheckResponseSchema.typeName,
      decision: WIRE_DECISIONS[decision.kind],
      missingContext: [],
      consistencyToken,
    } satisfies CheckResponse;
  return {
    ...writeOutcome(answer),
    consistencyToken,
    ...writeDebug(withDebug, work),
    ...(explanation === undefined
      ? {}
      : { explanation: { nodes: explanation.nodes.map(writeTreeNode), truncated: explanation.truncated } }),
  };
}

function readQuestion(request: CheckRequest | BatchCheckItem, prefix: string): CheckQuestion {
  return {
    object: readObject(request.object, `${prefix}object`),
    permission: requireRelationName(request.permission, `${prefix}permission`, "INVALID_REQUEST"),
    subject: readSubject(request.subject, `${prefix}subject`, false),
    context: readStruct(request.context, `${prefix}context`) ?? {},
  };
}

/** What is wrong with an item is that item's answer; the others are asked all the same. */
function readItem(item: BatchCheckItem, prefix: string): CheckQuestion | RelataError {
  try {
    return readQuestion(item, prefix);
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
}

function writeResult(result: Outcome | RelataError) {
  if (!(result instanceof RelataError)) return { result: { case: "answer" as const, value: writeOutcome(result) } };
  const { kind, reason, message } = result;
  return { result: { case: "error" as const, value: { code: GRPC_CODES[kind], reason, message } } };
}

function writeDebug(wanted: boolean, { rounds, rows, nodes }: EvaluationWork) {
  return wanted ? { debug: { rounds, rows, nodes } } : {};
}
