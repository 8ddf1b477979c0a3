import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  type CheckRequest,
  CheckRequestSchema,
  type CheckResponse,
  CheckResponseSchema,
  Decision,
} from "../gen/relata/v1/authorization_service_pb.ts";
import type { ObjectReference, SubjectReference } from "../gen/relata/v1/core_pb.ts";

/**
 * A Check as JSON. The question of every day (an object, a permission and a subject, and nothing else) is read by hand, and so is its answer
 * written: protobuf-es takes 3 µs for the one and 2 for the other.
 * @returns undefined for what is none: who asked is told why by whoever reads it again
 */
export function readCheckJson(bytes: Buffer): CheckRequest | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString("utf8"));
    return readPlain(json) ?? fromJson(CheckRequestSchema, json as JsonValue, { ignoreUnknownFields: false });
  } catch {
    return undefined;
  }
}

export function writeCheckJson(answer: CheckResponse): string {
  return writePlain(answer) ?? JSON.stringify(toJson(CheckResponseSchema, answer));
}

type Fields = Readonly<Record<string, unknown>>;

/** An object of exactly so many fields. */
function isFields(json: unknown, count: number): json is Fields {
  return typeof json === "object" && json !== null && Object.keys(json).length === count;
}

function readPlain(json: unknown): CheckRequest | undefined {
  if (!isFields(json, 3)) return undefined;
  const object = readObject(json["object"]);
  const subject = readSubject(json["subject"]);
  const { permission } = json as { readonly permission?: unknown };
  if (object === undefined || subject === undefined || !isText(permission)) return undefined;
  return {
    $typeName: "relata.v1.CheckRequest",
    permission,
    withDebug: false,
    contextualTuples: [],
    withExplanation: false,
    object,
    subject,
  };
}

function readObject(json: unknown): ObjectReference | undefined {
  if (!isFields(json, 2)) return undefined;
  const { type, id } = json as { readonly type?: unknown; readonly id?: unknown };
  return isText(type) && isText(id) ? { $typeName: "relata.v1.ObjectReference", type, id } : undefined;
}

function readSubject(json: unknown): SubjectReference | undefined {
  const hasRelation = isFields(json, 2);
  if (!hasRelation && !isFields(json, 1)) return undefined;
  const object = readObject(json["object"]);
  const relation = hasRelation ? json["relation"] : "";
  if (object === undefined || !isText(relation)) return undefined;
  return { $typeName: "relata.v1.SubjectReference", relation, object };
}

/** protobuf-es refuses text with half a character. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function writePlain(answer: CheckResponse): string | undefined {
  const { decision, missingContext, consistencyToken, debug, expiresAt, explanation } = answer;
  if (missingContext.length > 0 || debug || expiresAt || explanation) return undefined;
  const name = DECISIONS[decision];
  if (name === undefined || consistencyToken === "") return undefined;
  return JSON.stringify({ decision: name, consistencyToken });
}

const DECISIONS: Partial<Record<Decision, string>> = {
  [Decision.ALLOWED]: "DECISION_ALLOWED",
  [Decision.DENIED]: "DECISION_DENIED",
};
