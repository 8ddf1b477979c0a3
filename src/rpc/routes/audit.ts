import {
  AuditService,
  type AuditServiceQueryRequest,
  type QueryDecisionsRequest,
  type VerifyRequest,
} from "../../gen/relata/v1/audit_service_pb.ts";
import type { AuditVerbs } from "../../service/audit/verbs.ts";
import type { EdgeCall } from "../edge-call.ts";
import { badField } from "../wire-fields.ts";
import { readTimestamp } from "../wire-values.ts";
import { readHead, writeDecision, writeEvent, writeHead, writeReport, writeSealed } from "./audit-wire.ts";
import { platformCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

export function auditRoutes(verbs: AuditVerbs): readonly Route[] {
  return routesOf(AuditService, eitherCall, {
    query: async (call, request) => {
      const { events, nextPageToken } = await verbs.query(call, readQuery(request));
      return { events: events.map(writeEvent), nextPageToken };
    },
    queryDecisions: async (call, request) => {
      const { decisions, nextPageToken } = await verbs.queryDecisions(call, readDecisionsQuery(request));
      return { decisions: decisions.map(writeDecision), nextPageToken };
    },
    verify: async (call, request) => writeReport(await verbs.verify(call, readVerify(request))),
    async *export(call, { fromSeq, toSeq }) {
      const part = { fromSeq: readSeq(fromSeq, "from_seq"), toSeq: readSeq(toSeq, "to_seq") };
      for await (const events of verbs.export(call, part)) yield { events: events.map(writeSealed) };
    },
    head: async (call) => {
      const { head, publicKey } = await verbs.head(call);
      return { head: writeHead(head), publicKey: new Uint8Array(publicKey) };
    },
  });
}

/** In its tenant or on the platform: admission has decided which. */
function eitherCall(call: EdgeCall) {
  return platformCall(call) as ReturnType<typeof platformCall> & Pick<EdgeCall, "tenant">;
}

function readQuery(request: AuditServiceQueryRequest) {
  const { events, actor, requestId, mentions, oldestFirst, pageSize, pageToken } = request;
  return { events, actor, requestId, mentions, oldestFirst, pageSize, pageToken, ...readTimes(request) };
}

function readDecisionsQuery(request: QueryDecisionsRequest) {
  const { actor, decision: outcome, object, subject, pageSize, pageToken } = request;
  return { actor, outcome, object, subject, pageSize, pageToken, ...readTimes(request) };
}

function readTimes({ from, until }: Pick<AuditServiceQueryRequest, "from" | "until">) {
  return {
    ...(from !== undefined && { fromMs: readTimestamp(from, "from", "INVALID_REQUEST") }),
    ...(until !== undefined && { untilMs: readTimestamp(until, "until", "INVALID_REQUEST") }),
  };
}

function readVerify({ fromSeq, toSeq, heads }: VerifyRequest) {
  return {
    fromSeq: readSeq(fromSeq, "from_seq"),
    toSeq: readSeq(toSeq, "to_seq"),
    heads: heads.map((head, index) => readHead(head, `heads[${index}]`)),
  };
}

function readSeq(seq: bigint, field: string): number {
  if (seq <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(seq);
  throw badField("INVALID_REQUEST", field, "is larger than any event's number");
}
