import { RelataError } from "../../errors.ts";
import {
  AuthorizationService,
  type BatchCheckItem,
  type CheckRequest,
  Decision as WireDecision,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import type { Decision } from "../../model/decision.ts";
import type { CheckQuestion, EvaluationWork } from "../../service/check.ts";
import { MINIMIZE_LATENCY } from "../../service/consistency-token.ts";
import type { Verbs } from "../../service/verbs.ts";
import { GRPC_CODES } from "../error-map.ts";
import { readConsistency, readObject, readSubject } from "../wire.ts";
import { requireRelationName } from "../wire-fields.ts";
import { tenantCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

const WIRE_DECISIONS = {
  allowed: WireDecision.ALLOWED,
  denied: WireDecision.DENIED,
  conditional: WireDecision.CONDITIONAL,
} as const satisfies Record<Decision["kind"], WireDecision>;

export function authorizationRoutes(verbs: Pick<Verbs, "check" | "batchCheck">): readonly Route[] {
  return routesOf(AuthorizationService, tenantCall, {
    check: async (call, request) => {
      const question = readQuestion(request, "");
      const consistency = readConsistency(request.consistency) ?? MINIMIZE_LATENCY;
      const { decision, consistencyToken, work } = await verbs.check(call, { ...question, consistency });
      return { ...writeDecision(decision), consistencyToken, ...writeDebug(request.withDebug, work) };
    },
    batchCheck: async (call, request) => {
      const items = request.items.map((item, index) => readItem(item, `items[${index}].`));
      const consistency = readConsistency(request.consistency) ?? MINIMIZE_LATENCY;
      const { results, consistencyToken, work } = await verbs.batchCheck(call, { items, consistency });
      return { results: results.map(writeResult), consistencyToken, ...writeDebug(request.withDebug, work) };
    },
    lookupResources: notServed,
    lookupSubjects: notServed,
    expand: notServed,
  });
}

function notServed(): never {
  throw new RelataError("UNKNOWN_METHOD", "this server does not serve this method yet");
}

function readQuestion(request: CheckRequest | BatchCheckItem, prefix: string): CheckQuestion {
  return {
    object: readObject(request.object, `${prefix}object`),
    permission: requireRelationName(request.permission, `${prefix}permission`, "INVALID_REQUEST"),
    subject: readSubject(request.subject, `${prefix}subject`, false),
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

function writeResult(result: Decision | RelataError) {
  if (!(result instanceof RelataError)) return { result: { case: "answer" as const, value: writeDecision(result) } };
  const { kind, reason, message } = result;
  return { result: { case: "error" as const, value: { code: GRPC_CODES[kind], reason, message } } };
}

function writeDecision(decision: Decision) {
  return {
    decision: WIRE_DECISIONS[decision.kind],
    missingContext: decision.kind === "conditional" ? [...decision.missing] : [],
  };
}

function writeDebug(wanted: boolean, { rounds, rows, nodes }: EvaluationWork) {
  return wanted ? { debug: { rounds, rows, nodes } } : {};
}
