/** JSON as it is stored in caveat contexts and write metadata. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** What identifies a tuple; caveat and expiry are its attributes, not part of its identity. Flat, since it is sorted and hashed a lot. */
export interface TupleKey {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string;
  readonly subjectType: string;
  /** `*` for a wildcard subject. */
  readonly subjectId: string;
  /** Empty when the subject is the object itself. */
  readonly subjectRelation: string;
}

/** A relation tuple: `document:readme#viewer@group:eng#member`. */
export interface Tuple extends TupleKey {
  readonly caveat?: { readonly name: string; readonly context: JsonObject };
  /** Milliseconds since the epoch; the tuple does not hold at or after it. */
  readonly expiresAtMs?: number;
}

/**
 * Selects tuples; every field that is set must match. `subjectRelation: ""` selects subjects without a relation,
 * leaving it out selects any.
 */
export interface TupleFilter {
  readonly objectType?: string;
  readonly objectId?: string;
  readonly relation?: string;
  readonly subjectType?: string;
  readonly subjectId?: string;
  readonly subjectRelation?: string;
}
