import type { CaveatResult } from "./caveat.ts";
import type { Decision } from "./decision.ts";
import type { ObjectRef } from "./object.ts";
import type { JsonObject, Tuple } from "./tuple.ts";

/**
 * Trees of Expand and of explanations, as a flat list: parents come before their parts, and `parent` is an index into the
 * list. Flat because data is as deep as it likes and nested messages are not.
 */
export interface TreeNode {
  /** The root, first in the list, names itself (0). */
  readonly parent: number;
  readonly what: TreePart;
  /** The part behind a `-`. */
  readonly subtracted?: boolean;
  /** Explanations only: what the part came to. */
  readonly result?: Decision["kind"];
}

export type TreePart =
  /** A relation or permission of an object. `sameAs`: its parts hang on that earlier node (also: the way is a cycle). */
  | { readonly kind: "member"; readonly object: ObjectRef; readonly member: string; readonly sameAs?: number }
  | { readonly kind: "union" | "intersection" | "exclusion" | "nil" }
  /** The subject, when it is this very object. */
  | { readonly kind: "self"; readonly object: ObjectRef }
  /** `tupleset->target` or `tupleset.all(target)`; its parts are the tuples of `tupleset`, each with its target below. */
  | { readonly kind: "arrow"; readonly quantifier: "any" | "all"; readonly tupleset: string; readonly target: string }
  /** A stored or contextual tuple. What it leads to (a group's members, an arrow's target) is its part. */
  | { readonly kind: "tuple"; readonly tuple: Tuple; readonly caveat?: ExplainedCaveat }
  /** Explanations only: looked for and not there, or no longer. */
  | { readonly kind: "no_tuple"; readonly tuple: Tuple; readonly expired: boolean };

/** Explanations only: a tuple's caveat under the context of the request. */
export interface ExplainedCaveat {
  readonly name: string;
  readonly expression: string;
  /** What it was evaluated with: declared parameters only, written values over those of the request. */
  readonly context: JsonObject;
  readonly result: CaveatResult;
}
