import type { Source, Span } from "./source.ts";
import type { Comment } from "./token.ts";

/** A name as written; for type names with its `/` parts joined and the white space between them dropped. */
export interface Name extends Span {
  readonly text: string;
}

/** One parsed file. Every node keeps the span it was read from. */
export interface SchemaFile {
  readonly source: Source;
  readonly items: readonly Item[];
  readonly comments: readonly Comment[];
  /** `use` flags that are on. */
  readonly uses: ReadonlySet<UseFlag>;
  /** Something at the top level could not be read: names may be missing, so an unknown type is not reported. */
  readonly incomplete: boolean;
}

export const USE_FLAGS = ["expiration", "import", "partial", "self", "typechecking"] as const;
export type UseFlag = (typeof USE_FLAGS)[number];

export type Item = UseNode | ImportNode | BlockNode | CaveatNode;

export interface UseNode extends Span {
  readonly kind: "use";
  readonly flag: Name;
}

export interface ImportNode extends Span {
  readonly kind: "import";
  /** Without its quotes; the span includes them. */
  readonly path: Name;
}

/** `definition` or `partial`. */
export interface BlockNode extends Span {
  readonly kind: "definition" | "partial";
  readonly source: Source;
  readonly name: Name;
  readonly doc: string;
  readonly members: readonly MemberNode[];
  /** Offset of the `{`, where the body begins. */
  readonly bodyStart: number;
  /** A statement in it could not be read: members may be missing, so an unknown member is not reported. */
  readonly incomplete: boolean;
}

export type MemberNode = RelationNode | PermissionNode | PartialRefNode;

export interface RelationNode extends Span {
  readonly kind: "relation";
  readonly source: Source;
  readonly name: Name;
  readonly doc: string;
  readonly types: readonly TypeRefNode[];
}

export interface TypeRefNode extends Span {
  readonly type: Name;
  readonly wildcard: boolean;
  /** Undefined for the object itself, also when written `#...`. */
  readonly relation: Name | undefined;
  readonly caveat: Name | undefined;
  readonly expiration: boolean;
}

export interface PermissionNode extends Span {
  readonly kind: "permission";
  readonly source: Source;
  readonly name: Name;
  readonly doc: string;
  readonly annotation: readonly Name[];
  readonly expression: ExpressionNode;
}

export interface PartialRefNode extends Span {
  readonly kind: "partial-ref";
  readonly source: Source;
  readonly name: Name;
}

/** `operands` has at least two; exclusion means the first without all the others, from the left. */
export type ExpressionNode =
  | (OperatorNode & { readonly kind: "union" | "intersection" | "exclusion" })
  | (Span & { readonly kind: "computed"; readonly member: Name })
  | (Span & {
      readonly kind: "arrow";
      readonly quantifier: "any" | "all";
      readonly tupleset: Name;
      readonly target: Name;
    })
  | (Span & { readonly kind: "nil" | "self" });

export interface OperatorNode extends Span {
  readonly kind: "union" | "intersection" | "exclusion";
  readonly operands: readonly ExpressionNode[];
  /** Written in parentheses; they say nothing of the meaning, but the linter wants to know. */
  readonly parenthesized: boolean;
}

export interface CaveatNode extends Span {
  readonly kind: "caveat";
  readonly source: Source;
  readonly name: Name;
  readonly doc: string;
  readonly parameters: readonly ParameterNode[];
  /** CEL between the braces, trimmed. */
  readonly expression: Name;
}

export interface ParameterNode extends Span {
  readonly name: Name;
  readonly type: ParameterTypeNode;
}

export interface ParameterTypeNode extends Span {
  readonly name: Name;
  readonly arguments: readonly ParameterTypeNode[];
}
