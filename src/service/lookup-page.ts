import type { Decision, Outcome } from "../model/decision.ts";

/** An object or subject, and what Check says of it. */
export interface LookupResult extends Outcome {
  readonly id: string;
}

/** Results in the order of their ids, as soon as they were known; or their number and nothing else. */
export type LookupPage =
  | {
      /** Never empty. */
      readonly results: readonly LookupResult[];
      /** The cursor that continues after one of `results`. */
      readonly cursorAfter: (result: LookupResult) => string;
      readonly consistencyToken: string;
    }
  | { readonly count: LookupCount; readonly consistencyToken: string };

export interface LookupCount {
  readonly allowed: number;
  readonly conditional: number;
  /** Results that are denied: exclusions of `*`. */
  readonly excluded: number;
  /** Of `*`, which is in none of the numbers; undefined when there is no such result. */
  readonly wildcard: Decision | undefined;
  /** There are more than the `limit` that was counted up to. */
  readonly capped: boolean;
}
