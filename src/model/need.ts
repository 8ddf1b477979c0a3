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

/** The subject side of a stored tuple that answers a need. */
export interface Found {
  readonly subjectType: string;
  readonly subjectId: string;
  readonly subjectRelation: string;
}

/** Tuples of one tenant at one revision. */
export interface TupleSource {
  /**
   * Answers every need, in order, in one round trip.
   * @param maxRows above this many rows in all it throws BUDGET_EXHAUSTED and returns nothing.
   */
  read(needs: readonly Need[], maxRows: number): Promise<readonly (readonly Found[])[]>;
}
