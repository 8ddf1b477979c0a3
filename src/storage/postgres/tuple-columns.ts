import { sql } from "kysely";
import type { Tuple, TupleFilter, TupleKey } from "../../model/tuple.ts";

/** What identifies a tuple, in key order: the order of pages, bytewise. */
export const KEY = [
  ["objectType", "object_type"],
  ["objectId", "object_id"],
  ["relation", "relation"],
  ["subjectType", "subject_type"],
  ["subjectId", "subject_id"],
  ["subjectRelation", "subject_relation"],
] as const satisfies readonly (readonly [keyof TupleKey, string])[];

export type KeyColumn = (typeof KEY)[number][1];
export const KEY_COLUMNS: readonly KeyColumn[] = KEY.map(([, column]) => column);

/** `deleted_rev` of a live row. A literal in the SQL: it does not fit a number. */
export const LIVE = sql.raw<number>("9223372036854775807");

/** `t.object_type, t.object_id, …` */
export const keyOf = (alias: string) => sql.join(KEY_COLUMNS.map((column) => sql.ref(`${alias}.${column}`)));

/**
 * Which fields of a filter are set, as six digits in key order (`110000`: object type and id). Each of the 64 shapes has
 * its own statement, so that the planner sees equalities on exactly these columns and nothing optional.
 */
export type Shape = string;
export const SHAPES: readonly Shape[] = Array.from({ length: 64 }, (_, bits) => bits.toString(2).padStart(6, "0"));

export function shapeOf(filter: TupleFilter): Shape {
  return KEY.map(([field]) => (filter[field] === undefined ? "0" : "1")).join("");
}

/** The fields and columns that `shape` sets. */
export function fieldsOf(shape: Shape): readonly (typeof KEY)[number][] {
  return KEY.filter((_, index) => shape[index] === "1");
}

/** Predicate of the partial index tuple_subject, which is used only where a statement repeats it. Always true. */
export const BY_SUBJECT = sql<boolean>`t.subject_id <> ''`;

/** May tuple_subject serve `shape`? Where the subject is set; where its type is, unless the object says more. */
export function isBySubject(shape: Shape): boolean {
  return shape[3] === "1" && (shape[4] === "1" || !shape.startsWith("11"));
}

/** Key columns of many tuples, for `unnest`. */
export type KeyArrays = { readonly [Field in keyof TupleKey]: readonly string[] };

export function keyArrays(keys: readonly TupleFilter[]): KeyArrays {
  const column = (field: keyof TupleKey) => keys.map((key) => key[field] ?? "");
  return {
    objectType: column("objectType"),
    objectId: column("objectId"),
    relation: column("relation"),
    subjectType: column("subjectType"),
    subjectId: column("subjectId"),
    subjectRelation: column("subjectRelation"),
  };
}

export type KeyColumns = { readonly [Column in KeyColumn]: string };

/** A tuple as selected: the key columns and what hangs on them. */
export interface SelectedTuple extends KeyColumns {
  readonly caveat: string | null;
  /** The JSON as it was written. */
  readonly caveat_context: string | null;
  readonly expires_at_ms: number | null;
}

export function toKey(row: KeyColumns): TupleKey {
  return {
    objectType: row.object_type,
    objectId: row.object_id,
    relation: row.relation,
    subjectType: row.subject_type,
    subjectId: row.subject_id,
    subjectRelation: row.subject_relation,
  };
}

export function toTuple(row: SelectedTuple): Tuple {
  return {
    ...toKey(row),
    ...(row.caveat !== null && { caveat: { name: row.caveat, context: JSON.parse(row.caveat_context ?? "{}") } }),
    ...(row.expires_at_ms !== null && { expiresAtMs: row.expires_at_ms }),
  };
}
