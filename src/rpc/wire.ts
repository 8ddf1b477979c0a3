import { create } from "@bufbuild/protobuf";
import { unreachable } from "../errors.ts";
import {
  type Consistency,
  type ObjectReference,
  type Precondition,
  Precondition_Expect,
  type SubjectReference,
  TupleSchema,
  type TupleFilter as WireFilter,
  type Tuple as WireTuple,
} from "../gen/relata/v1/core_pb.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Precondition as ModelPrecondition } from "../model/store.ts";
import type { Tuple, TupleFilter } from "../model/tuple.ts";
import type { ConsistencyRequest } from "../service/consistency-token.ts";
import { badField, requireObjectId, requireRelationName, requireTypeName } from "./wire-fields.ts";
import { readStruct, readTimestamp, writeStruct, writeTimestamp } from "./wire-values.ts";

export function readObject(object: ObjectReference | undefined, field: string): ObjectRef {
  if (object === undefined) throw badField("INVALID_OBJECT", field, "is missing: give its type and id");
  return {
    type: requireTypeName(object.type, `${field}.type`, "INVALID_OBJECT"),
    id: requireObjectId(object.id, `${field}.id`, "INVALID_OBJECT"),
  };
}

/** `stored` subjects may be wildcards; subjects that are asked about may not. */
export function readSubject(subject: SubjectReference | undefined, field: string, stored: boolean): SubjectRef {
  const object = subject?.object;
  if (subject === undefined || object === undefined)
    throw badField("INVALID_SUBJECT", field, "is missing: give its object's type and id");
  const type = requireTypeName(object.type, `${field}.object.type`, "INVALID_SUBJECT");
  const wildcard = stored && object.id === WILDCARD_ID;
  const id = wildcard ? WILDCARD_ID : requireObjectId(object.id, `${field}.object.id`, "INVALID_SUBJECT");
  const { relation } = subject;
  if (wildcard && relation !== "")
    throw badField("INVALID_SUBJECT", `${field}.relation`, 'must be empty where the subject is a wildcard ("*")');
  return {
    type,
    id,
    relation: relation === "" ? "" : requireRelationName(relation, `${field}.relation`, "INVALID_SUBJECT"),
  };
}

export function readTuple(tuple: WireTuple | undefined, field: string): Tuple {
  if (tuple === undefined) throw badField("INVALID_TUPLE", field, "is missing: give object, relation and subject");
  const object = readObject(tuple.object, `${field}.object`);
  const subject = readSubject(tuple.subject, `${field}.subject`, true);
  const { caveat, expiresAt } = tuple;
  return {
    objectType: object.type,
    objectId: object.id,
    relation: requireRelationName(tuple.relation, `${field}.relation`, "INVALID_TUPLE"),
    subjectType: subject.type,
    subjectId: subject.id,
    subjectRelation: subject.relation,
    ...(caveat === undefined
      ? {}
      : {
          caveat: {
            name: requireTypeName(caveat.name, `${field}.caveat.name`, "INVALID_TUPLE"),
            context: readStruct(caveat.context, `${field}.caveat.context`) ?? {},
          },
        }),
    ...(expiresAt === undefined
      ? {}
      : { expiresAtMs: readTimestamp(expiresAt, `${field}.expires_at`, "INVALID_TUPLE") }),
  };
}

export function writeTuple(tuple: Tuple): WireTuple {
  return create(TupleSchema, {
    object: { type: tuple.objectType, id: tuple.objectId },
    relation: tuple.relation,
    subject: { object: { type: tuple.subjectType, id: tuple.subjectId }, relation: tuple.subjectRelation },
    ...(tuple.caveat === undefined
      ? {}
      : { caveat: { name: tuple.caveat.name, context: writeStruct(tuple.caveat.context) } }),
    ...(tuple.expiresAtMs === undefined ? {} : { expiresAt: writeTimestamp(tuple.expiresAtMs) }),
  });
}

/** @param field the list's path in the request */
export function readTuples(tuples: readonly WireTuple[], field: string): readonly Tuple[] {
  return tuples.map((tuple, index) => readTuple(tuple, `${field}[${index}]`));
}

/** A field that is not set selects anything; an empty string is a field that is not set, except for subject_relation. */
export function readFilter(filter: WireFilter | undefined, field: string): TupleFilter {
  if (filter === undefined) return {};
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = filter;
  const type = (text: string, name: string) => requireTypeName(text, `${field}.${name}`, "INVALID_REQUEST");
  const member = (text: string, name: string) => requireRelationName(text, `${field}.${name}`, "INVALID_REQUEST");
  const id = (text: string, name: string) => requireObjectId(text, `${field}.${name}`, "INVALID_REQUEST");
  return {
    ...(objectType === "" ? {} : { objectType: type(objectType, "object_type") }),
    ...(objectId === "" ? {} : { objectId: id(objectId, "object_id") }),
    ...(relation === "" ? {} : { relation: member(relation, "relation") }),
    ...(subjectType === "" ? {} : { subjectType: type(subjectType, "subject_type") }),
    ...(subjectId === "" ? {} : { subjectId: subjectId === WILDCARD_ID ? subjectId : id(subjectId, "subject_id") }),
    ...(subjectRelation === undefined
      ? {}
      : { subjectRelation: subjectRelation === "" ? "" : member(subjectRelation, "subject_relation") }),
  };
}

export function readPreconditions(preconditions: readonly Precondition[]): readonly ModelPrecondition[] {
  return preconditions.map(({ expect, filter }, index) => {
    const field = `preconditions[${index}]`;
    const read = readFilter(filter, `${field}.filter`);
    if (Object.keys(read).length === 0)
      throw badField(
        "INVALID_REQUEST",
        `${field}.filter`,
        "is empty and would select every tuple; set at least object_type",
      );
    if (expect === Precondition_Expect.MUST_MATCH) return { expect: "must_match", filter: read };
    if (expect === Precondition_Expect.MUST_NOT_MATCH) return { expect: "must_not_match", filter: read };
    throw badField("INVALID_REQUEST", `${field}.expect`, "must be EXPECT_MUST_MATCH or EXPECT_MUST_NOT_MATCH");
  });
}

/** Undefined when the request says nothing. */
export function readConsistency(consistency: Consistency | undefined): ConsistencyRequest | undefined {
  const requirement = consistency?.requirement;
  switch (requirement?.case) {
    case undefined:
      return undefined;
    case "minimizeLatency":
      return onlyTrue(requirement.value, "minimize_latency");
    case "fullyConsistent":
      return onlyTrue(requirement.value, "fully_consistent");
    case "atLeastAsFresh":
      return { kind: "at_least_as_fresh", token: requirement.value };
    case "atExactSnapshot":
      return { kind: "at_exact_snapshot", token: requirement.value };
    default:
      return unreachable(requirement);
  }
}

/** `fully_consistent: false` could mean anything; nobody should find out by a stale answer. */
function onlyTrue<K extends "minimize_latency" | "fully_consistent">(value: boolean, kind: K): { readonly kind: K } {
  if (value) return { kind };
  throw badField("INVALID_REQUEST", `consistency.${kind}`, "must be true where it is set; name another mode, or none");
}

/** At most this long, so that it fits an index. */
const MAX_IDEMPOTENCY_KEY_BYTES = 128;

export function readIdempotencyKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_IDEMPOTENCY_KEY_BYTES)
    throw badField(
      "INVALID_REQUEST",
      "idempotency_key",
      `has ${bytes} bytes; at most ${MAX_IDEMPOTENCY_KEY_BYTES} are allowed`,
    );
  if (key.includes("\0") || !key.isWellFormed())
    throw badField("INVALID_REQUEST", "idempotency_key", "must not hold a NUL character");
  return key;
}
