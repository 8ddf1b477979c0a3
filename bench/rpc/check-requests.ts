import { fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { CheckRequestSchema, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { LoadRequest } from "../load/target.ts";
import type { KnownQuestion } from "../workloads/workload.ts";

export const CHECK_PATH = "/relata.v1.AuthorizationService/Check";

/** As headers of a request; requests of one caller share the array. */
export function bearer(token: string): LoadRequest["headers"] {
  return [["authorization", `Bearer ${token}`]];
}

/** How fresh the answer has to be; left out it is the default, `minimize_latency`. */
type Freshness = "minimize_latency" | "fully_consistent";

/** A question of a workload over gRPC. */
export function grpcCheck(known: KnownQuestion, headers: LoadRequest["headers"], freshness?: Freshness): LoadRequest {
  const decision = known.allowed ? Decision.ALLOWED : Decision.DENIED;
  return {
    path: CHECK_PATH,
    headers,
    body: toBinary(CheckRequestSchema, fromJson(CheckRequestSchema, wireQuestion(known, freshness))),
    // The first field of the answer is its decision; what follows, the consistency token, grows with the tenant.
    answer: { kind: "prefix", bytes: Uint8Array.of(0x08, decision) },
  };
}

/** The same over Connect, as JSON. */
export function jsonCheck(known: KnownQuestion, headers: LoadRequest["headers"], freshness?: Freshness): LoadRequest {
  return {
    path: CHECK_PATH,
    headers,
    body: Buffer.from(JSON.stringify(wireQuestion(known, freshness))),
    answer: { kind: "field", name: "decision", value: known.allowed ? "DECISION_ALLOWED" : "DECISION_DENIED" },
  };
}

function wireQuestion(known: KnownQuestion, freshness: Freshness = "minimize_latency"): JsonObject {
  const { question, context } = known;
  const { object, member, subject } = question;
  const { type, id, relation } = subject;
  return {
    object: { type: object.type, id: object.id },
    permission: member,
    subject: { object: { type, id }, ...(relation !== "" && { relation }) },
    ...(context !== undefined && { context: context as JsonObject }),
    ...(freshness === "fully_consistent" && { consistency: { fullyConsistent: true } }),
  };
}

/** An empty message and its echo. */
export function grpcEcho(path: string, headers: LoadRequest["headers"] = []): LoadRequest {
  const nothing = new Uint8Array();
  return { path, headers, body: nothing, answer: { kind: "prefix", bytes: nothing } };
}

/** An empty object and its echo. */
export function jsonEcho(path: string): LoadRequest {
  const nothing = Buffer.from("{}");
  return { path, headers: [], body: nothing, answer: { kind: "prefix", bytes: nothing } };
}
