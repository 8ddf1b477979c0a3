import type { CaveatProgram } from "./caveat.ts";

/**
 * A compiled schema: immutable, type-checked, with every type and every relation or permission numbered.
 * Made by dsl/compile.ts; read by the engine, validation and the service.
 */
export interface Schema {
  /** By definition name. `definitions.get(name).id` indexes `types`. */
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly types: readonly Definition[];
  /** Every relation and permission of every definition; `member.id` is the index. */
  readonly members: readonly Member[];
  readonly caveats: ReadonlyMap<string, Caveat>;
  /** `use` flags of the file, sorted. */
  readonly uses: readonly string[];
}

export interface Definition {
  readonly id: number;
  readonly name: string;
  readonly doc: string;
  /** Relations and permissions by name, in source order. */
  readonly members: ReadonlyMap<string, Member>;
}

export type Member = Relation | Permission;

/** A relation holds tuples. */
export interface Relation {
  readonly kind: "relation";
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly doc: string;
  readonly allowed: readonly AllowedSubject[];
}

/** A subject type that a relation's tuples may name. `user`, `user:*`, `group#member`, each maybe with a caveat or expiration. */
export interface AllowedSubject {
  readonly type: string;
  /** Empty for the object itself. */
  readonly relation: string;
  readonly wildcard: boolean;
  /** Caveat name, or empty. A tuple of this allowed type must carry exactly this caveat. */
  readonly caveat: string;
  readonly expiration: boolean;
}

/** A permission is computed. */
export interface Permission {
  readonly kind: "permission";
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly doc: string;
  readonly rewrite: Rewrite;
  /** Type annotation (`permission view: user = …`), empty when there is none. */
  readonly annotation: readonly string[];
}

/** Same-kind unions and intersections are flattened; exclusions stay binary. */
export type Rewrite =
  | { readonly kind: "union"; readonly children: readonly Rewrite[] }
  | { readonly kind: "intersection"; readonly children: readonly Rewrite[] }
  | { readonly kind: "exclusion"; readonly base: Rewrite; readonly subtract: Rewrite }
  /** Another relation or permission of the same object. */
  | { readonly kind: "computed"; readonly member: string }
  /** `tupleset->target` (any) or `tupleset.all(target)`; the subject relation of the tupleset's tuples is ignored. */
  | { readonly kind: "arrow"; readonly quantifier: "any" | "all"; readonly tupleset: string; readonly target: string }
  | { readonly kind: "nil" }
  | { readonly kind: "self" };

export interface Caveat {
  readonly name: string;
  readonly doc: string;
  readonly parameters: ReadonlyMap<string, CaveatType>;
  /** CEL source, as written between the braces. */
  readonly expression: string;
  readonly program: CaveatProgram;
}

/** `int`, `string`, `list<int>`, `map<any>` … */
export interface CaveatType {
  readonly name: string;
  readonly arguments: readonly CaveatType[];
}
