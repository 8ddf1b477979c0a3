import { RelataError } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import type { Precondition } from "../model/store.ts";
import type { TupleFilter } from "../model/tuple.ts";

/**
 * A filter that names a type or relation the schema does not have selects nothing for ever: far more likely a typing
 * mistake, so it is an error. UNKNOWN_DEFINITION, UNKNOWN_RELATION_OR_PERMISSION, INVALID_REQUEST.
 * @param field where the filter sits in the request, for the message
 */
export function validateFilter(schema: Schema, filter: TupleFilter, field: string): void {
  requireType(schema, filter.objectType, `${field}.object_type`);
  requireType(schema, filter.subjectType, `${field}.subject_type`);
  if (filter.relation !== undefined) requireRelation(schema, filter.objectType, filter.relation, `${field}.relation`);
  if (filter.subjectRelation !== undefined && filter.subjectRelation !== "")
    requireMember(schema, filter.subjectType, filter.subjectRelation, `${field}.subject_relation`);
}

export function validatePreconditions(schema: Schema, preconditions: readonly Precondition[]): void {
  for (const [index, precondition] of preconditions.entries())
    validateFilter(schema, precondition.filter, `preconditions[${index}].filter`);
}

export function requireNonEmpty(filter: TupleFilter, field: string): void {
  if (Object.values(filter).every((value) => value === undefined))
    throw new RelataError(
      "INVALID_REQUEST",
      `${field} is empty and would select every tuple; set at least object_type`,
      {
        metadata: { field },
      },
    );
}

function requireType(schema: Schema, type: string | undefined, field: string): void {
  if (type !== undefined && !schema.definitions.has(type))
    throw new RelataError("UNKNOWN_DEFINITION", `${field}: the schema has no definition "${type}"`, {
      metadata: { field, definition: type },
    });
}

function requireRelation(schema: Schema, type: string | undefined, relation: string, field: string): void {
  const kinds = membersNamed(schema, type, relation);
  if (kinds.has("relation")) return;
  if (kinds.has("permission"))
    throw new RelataError("INVALID_REQUEST", `${field}: "${relation}" is a permission; only relations hold tuples`, {
      metadata: { field },
    });
  throw unknownMember(type, relation, field);
}

function requireMember(schema: Schema, type: string | undefined, member: string, field: string): void {
  if (membersNamed(schema, type, member).size === 0) throw unknownMember(type, member, field);
}

/** The kinds that members of this name have, in the named type or, without one, in any type. */
function membersNamed(schema: Schema, type: string | undefined, name: string): ReadonlySet<string> {
  const definition = type === undefined ? undefined : schema.definitions.get(type);
  const definitions = definition === undefined ? schema.types : [definition];
  return new Set(definitions.flatMap(({ members }) => members.get(name)?.kind ?? []));
}

function unknownMember(type: string | undefined, name: string, field: string): RelataError {
  const where = type === undefined ? "no definition of the schema" : `definition "${type}" does not`;
  return new RelataError(
    "UNKNOWN_RELATION_OR_PERMISSION",
    type === undefined
      ? `${field}: ${where} has a relation or permission "${name}"`
      : `${field}: ${where} have a relation or permission "${name}"`,
    { metadata: { field, member: name, ...(type === undefined ? {} : { definition: type }) } },
  );
}
