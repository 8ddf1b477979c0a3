import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { RelataClient } from "../../src/client/relata-client.ts";
import type { TupleSchema } from "../../src/gen/relata/v1/core_pb.ts";
import { TupleUpdate_Operation, TupleUpdateSchema } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

/** Folders and documents: a small model with groups, an arrow and an exclusion. */
export const DOCUMENTS_SCHEMA = `definition user {}
definition group {
  relation member: user | group#member
}
definition folder {
  relation viewer: user | group#member
}
definition document {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  permission view = (viewer + parent->viewer) - banned
}
`;

function wireTuple(text: string): MessageInitShape<typeof TupleSchema> {
  const tuple = parseTuple(text);
  return {
    object: { type: tuple.objectType, id: tuple.objectId },
    relation: tuple.relation,
    subject: { object: { type: tuple.subjectType, id: tuple.subjectId }, relation: tuple.subjectRelation },
  };
}

/** `+` creates, `~` touches, `-` deletes; the rest is the tuple: `+document:1#viewer@user:anne`. */
export function wireUpdate(text: string) {
  const operation = {
    "+": TupleUpdate_Operation.CREATE,
    "~": TupleUpdate_Operation.TOUCH,
    "-": TupleUpdate_Operation.DELETE,
  }[text[0] ?? ""];
  if (operation === undefined) throw new Error(`not an update: ${text}`);
  return create(TupleUpdateSchema, { operation, tuple: wireTuple(text.slice(1)) });
}

/** Writes and returns the token. */
export async function writeTuples(client: RelataClient, ...updates: readonly string[]): Promise<string> {
  const { consistencyToken } = await client.tuples.write({ updates: updates.map(wireUpdate) });
  return consistencyToken;
}

/** `document:1#view@user:anne` as the fields of a Check. */
export function wireQuestion(text: string) {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    object: { type: objectType, id: objectId },
    permission: relation,
    subject: { object: { type: subjectType, id: subjectId }, relation: subjectRelation },
  };
}
