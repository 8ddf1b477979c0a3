import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { formatTupleKey } from "../../src/model/tuple-text.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { OpenFgaTuple } from "./openfga-format.ts";
import { idOf, tenantPrefix } from "./openfga-ids.ts";
import type { ConvertedSchema } from "./openfga-model.ts";
import { PeerError } from "./peer.ts";

/** What a question says of a subject, a relation and an object. */
export interface OpenFgaQuestion {
  readonly tuple: Omit<OpenFgaTuple, "condition">;
  readonly context: JsonObject | undefined;
}

/** Of `type:id`, in characters, and of `type:id#relation`, in bytes: as the server's protocol bounds them. */
const MAX_OBJECT = 256;
const MAX_USER_BYTES = 512;

/** A tuple as OpenFGA has it. @throws PeerError when it has no room for its ids */
export function tupleOf({ names, conditions }: ConvertedSchema, tuple: Tuple, prefix: string): OpenFgaTuple {
  const { caveat, expiresAtMs } = tuple;
  const name = conditions.nameOf({ caveat: caveat?.name ?? "", expiration: expiresAtMs !== undefined });
  const end = expiresAtMs === undefined ? {} : { [conditions.end]: new Date(expiresAtMs).toISOString() };
  const said: OpenFgaTuple = {
    user: subjectIn(names, prefix, { type: tuple.subjectType, id: tuple.subjectId, relation: tuple.subjectRelation }),
    relation: names.member(tuple.relation),
    object: `${names.type(tuple.objectType)}:${idOf(tuple.objectId, prefix)}`,
    ...(name === undefined ? {} : { condition: { name, context: { ...caveat?.context, ...end } } }),
  };
  if (said.object.length > MAX_OBJECT || Buffer.byteLength(said.user) > MAX_USER_BYTES)
    throw new PeerError(
      `${formatTupleKey(tuple)}: OpenFGA takes objects of at most ${MAX_OBJECT} characters and subjects of at most ` +
        `${MAX_USER_BYTES} bytes, types included`,
    );
  return said;
}

/** @param nowMs the time that ends of tuples are compared with, milliseconds since the epoch */
export function questionOf(
  { names, conditions }: ConvertedSchema,
  { question: { object, member, subject }, context, tenant }: KnownQuestion,
  { tenants, nowMs }: { readonly tenants: number; readonly nowMs: number },
): OpenFgaQuestion {
  const prefix = tenantPrefix(tenants, tenant);
  return {
    tuple: {
      user: subjectIn(names, prefix, subject),
      relation: names.member(member),
      object: `${names.type(object.type)}:${idOf(object.id, prefix)}`,
    },
    context: conditions.ends ? { ...context, [conditions.now]: new Date(nowMs).toISOString() } : context,
  };
}

function subjectIn(
  names: ConvertedSchema["names"],
  prefix: string,
  { type, id, relation }: KnownQuestion["question"]["subject"],
): string {
  const object = `${names.type(type)}:${idOf(id, prefix)}`;
  return relation === "" ? object : `${object}#${names.member(relation)}`;
}
