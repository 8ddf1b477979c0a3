import type { Tuple } from "./tuple.ts";

/**
 * What the solver wants to know of the stored tuples. All needs of one round are read together (one query).
 *  - exact:    is this very tuple there? (subjectId may be `*`) Answer: that tuple's subject, or nothing.
 *  - usersets: the subjects of object#relation that have a relation (`group:eng#member`). Never its plain members.
 *  - objects:  every subject of object#relation whose type is in `subjectTypes`, for arrows; a wildcard is left out.
 */
export type Need =
  | {
      readonly kind: "exact";
      readonly objectType: string;
      readonly objectId: string;
      readonly relation: string;
      readonly subjectType: string;
      readonly subjectId: string;
      readonly subjectRelation: string;
    }
  | { readonly kind: "usersets"; readonly objectType: string; readonly objectId: string; readonly relation: string }
  | {
      readonly kind: "objects";
      readonly objectType: string;
      readonly objectId: string;
      readonly relation: string;
      readonly subjectTypes: readonly string[];
    };

/** The caveat of a stored tuple, as the store has it. */
export interface FoundCaveat {
  readonly name: string;
  /** The written context, exactly as stored: a JSON object. Equal text is equal context, so it serves as a key as it is. */
  readonly contextJson: string;
}

/** What conditions and ends a stored tuple. Both are always read: a reader that left them out would grant too much. */
export interface FoundTraits {
  readonly caveat?: FoundCaveat;
  /** Milliseconds since the epoch. Stores return expired tuples too; whoever evaluates knows the request's instant. */
  readonly expiresAtMs?: number;
}

/** Of a tuple that is not in Postgres: its context is the text that Postgres would keep. */
export function traitsOf({ caveat, expiresAtMs }: Pick<Tuple, "caveat" | "expiresAtMs">): FoundTraits {
  return {
    ...(caveat !== undefined && { caveat: { name: caveat.name, contextJson: JSON.stringify(caveat.context) } }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
}

/** The subject side of a stored tuple that answers a need. */
export interface Found extends FoundTraits {
  readonly subjectType: string;
  readonly subjectId: string;
  readonly subjectRelation: string;
}

/** The object side of a stored tuple, found from its subject. */
export interface FoundObject extends FoundTraits {
  readonly objectId: string;
  /** Of the tuple's subject. */
  readonly subjectRelation: string;
}

/**
 * The subjects of object#relation in key order (type, id, relation; bytewise), strictly after `after`. Fields that are
 * left out select any.
 */
export interface SubjectScan {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string;
  readonly subjectType?: string;
  /** Only with `subjectType`. */
  readonly subjectRelation?: string;
  readonly after?: { readonly subjectType: string; readonly subjectId: string; readonly subjectRelation: string };
}

/**
 * The objects of one type whose `relation` names a subject, in order (object id, then the tuple's subject relation;
 * bytewise), strictly after `after`.
 */
export interface ObjectScan {
  readonly subjectType: string;
  /** `*` for the wildcard. */
  readonly subjectId: string;
  /** Left out: any, as arrows want it. */
  readonly subjectRelation?: string;
  readonly objectType: string;
  readonly relation: string;
  readonly after?: { readonly objectId: string; readonly subjectRelation: string };
}

/** Tuples of one tenant at one revision. */
export interface TupleSource {
  /**
   * Answers every need, in order, in one round trip.
   * @param maxRows above this many rows in all it throws BUDGET_EXHAUSTED and returns nothing.
   */
  read(needs: readonly Need[], maxRows: number): Promise<readonly (readonly Found[])[]>;
  /** The first `limit` rows of every scan, in one round trip. Fewer than `limit`: the scan has ended. */
  scanSubjects(scans: readonly SubjectScan[], limit: number): Promise<readonly (readonly Found[])[]>;
  scanObjects(scans: readonly ObjectScan[], limit: number): Promise<readonly (readonly FoundObject[])[]>;
}
