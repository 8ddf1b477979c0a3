import { create, type MessageInitShape, type MessageShape, toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ConsistencySchema,
  type ObjectReferenceSchema,
  type SubjectReferenceSchema,
  TupleSchema,
} from "../gen/relata/v1/core_pb.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import { badInput } from "./exit.ts";

/** The model's nouns as messages of the API, and back. */
type WireTuple = MessageShape<typeof TupleSchema>;
type Plain<T> = { -readonly [K in keyof T]: T[K] };

export function objectToWire(object: ObjectRef): MessageInitShape<typeof ObjectReferenceSchema> {
  return { type: object.type, id: object.id };
}

export function subjectToWire(subject: SubjectRef): MessageInitShape<typeof SubjectReferenceSchema> {
  return { object: { type: subject.type, id: subject.id }, relation: subject.relation };
}

export function tupleToWire(tuple: Tuple): WireTuple {
  return create(TupleSchema, {
    object: { type: tuple.objectType, id: tuple.objectId },
    relation: tuple.relation,
    subject: { object: { type: tuple.subjectType, id: tuple.subjectId }, relation: tuple.subjectRelation },
    ...(tuple.caveat && {
      caveat: { name: tuple.caveat.name, context: tuple.caveat.context as Plain<JsonObject> as never },
    }),
    ...(tuple.expiresAtMs !== undefined && { expiresAt: timestampFromMs(tuple.expiresAtMs) }),
  });
}

export function tupleFromWire(tuple: WireTuple): Tuple {
  return {
    objectType: tuple.object?.type ?? "",
    objectId: tuple.object?.id ?? "",
    relation: tuple.relation,
    subjectType: tuple.subject?.object?.type ?? "",
    subjectId: tuple.subject?.object?.id ?? "",
    subjectRelation: tuple.subject?.relation ?? "",
    ...(tuple.caveat && {
      caveat: { name: tuple.caveat.name, context: (tuple.caveat.context ?? {}) as JsonObject },
    }),
    ...(tuple.expiresAt && { expiresAtMs: timestampDate(tuple.expiresAt).getTime() }),
  };
}

/** The JSON of the API, so that what `tuple read --json` prints can be imported, or sent by curl. */
export function tupleToJson(tuple: WireTuple): unknown {
  return toJson(TupleSchema, tuple);
}

export const CONSISTENCY_HELP =
  "minimize-latency (default), fully-consistent, at-least-as-fresh=TOKEN or at-exact-snapshot=TOKEN";

/** `--consistency`. @throws CliError that lists the choices. */
export function parseConsistency(text: string): MessageInitShape<typeof ConsistencySchema> {
  const [mode, token] = splitOnce(text, "=");
  if (mode === "minimize-latency" && token === undefined) {
    return { requirement: { case: "minimizeLatency", value: true } };
  }
  if (mode === "fully-consistent" && token === undefined) {
    return { requirement: { case: "fullyConsistent", value: true } };
  }
  if (mode === "at-least-as-fresh" && token) return { requirement: { case: "atLeastAsFresh", value: token } };
  if (mode === "at-exact-snapshot" && token) return { requirement: { case: "atExactSnapshot", value: token } };
  throw badInput(`not a consistency: ${JSON.stringify(text)}`, {
    where: "--consistency",
    hint: `one of ${CONSISTENCY_HELP}`,
  });
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
