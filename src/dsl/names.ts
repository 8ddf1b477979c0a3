import type { BlockNode, CaveatNode, PermissionNode, RelationNode, SchemaFile } from "./ast.ts";

/** A relation or permission of a definition, its own or from a partial. */
export type MemberDecl = RelationNode | PermissionNode;

/** A definition with the members of its partials. */
export interface DefinitionDecl {
  readonly node: BlockNode;
  /** In source order, a partial's members where it is taken in. */
  readonly members: ReadonlyMap<string, MemberDecl>;
  /** Members may be missing because of an error already reported. */
  readonly incomplete: boolean;
}

/** Everything that has a name, after duplicates were dropped and partials resolved. */
export interface Names {
  readonly files: readonly SchemaFile[];
  readonly definitions: ReadonlyMap<string, DefinitionDecl>;
  readonly caveats: ReadonlyMap<string, CaveatNode>;
  readonly partials: ReadonlyMap<string, BlockNode>;
  /** Definitions or caveats may be missing because of an error already reported. */
  readonly incomplete: boolean;
}

/** `type#member`, the key of a member anywhere in a schema. */
export function memberKey(type: string, member: string): string {
  return `${type}#${member}`;
}
