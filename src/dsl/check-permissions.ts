import { didYouMean } from "../model/did-you-mean.ts";
import type { Name, PermissionNode } from "./ast.ts";
import { reportUnknownType } from "./check-relations.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import { depthOf, referencesOf } from "./expression.ts";
import { type DefinitionDecl, memberKey, type Names } from "./names.ts";
import { MAX_EXPRESSION_DEPTH } from "./parse-expression.ts";
import { wildcardRelations } from "./wildcards.ts";

/** Every name in every permission: it exists, and the left side of an arrow is a relation without wildcards. */
export function checkPermissions(names: Names, bag: DiagnosticBag): void {
  const wildcards = wildcardRelations(names);
  for (const definition of names.definitions.values()) {
    for (const member of definition.members.values()) {
      if (member.kind === "permission") {
        checkPermission(definition, member, { names, wildcards, bag });
      }
    }
  }
}

interface Context {
  readonly names: Names;
  readonly wildcards: ReadonlyMap<string, string>;
  readonly bag: DiagnosticBag;
}

function checkPermission(definition: DefinitionDecl, permission: PermissionNode, context: Context): void {
  const { bag, names } = context;
  for (const type of permission.annotation) {
    if (!names.definitions.has(type.text)) {
      reportUnknownType(permission.source, type, names, bag);
    }
  }
  if (depthOf(permission.expression) > MAX_EXPRESSION_DEPTH) {
    bag.error(permission.source, permission.expression, {
      code: "expression-too-deep",
      message: `an expression may be at most ${MAX_EXPRESSION_DEPTH} operators deep`,
      hint: "give parts of the expression a name as permissions of their own",
    });
  }
  for (const { node } of referencesOf(permission.expression)) {
    if (node.kind === "computed") {
      checkMember(definition, permission, node.member, context);
    } else if (checkMember(definition, permission, node.tupleset, context)) {
      checkTupleset(definition, permission, node.tupleset, context);
    }
  }
}

/** @returns whether the member exists */
function checkMember(definition: DefinitionDecl, permission: PermissionNode, name: Name, context: Context): boolean {
  if (definition.members.has(name.text)) {
    return true;
  }
  if (!definition.incomplete) {
    context.bag.error(permission.source, name, {
      code: "unknown-relation",
      message: `"${name.text}" is neither a relation nor a permission of ${definition.node.name.text}`,
      hint: () => memberHint(definition, name, context.names),
    });
  }
  return false;
}

function memberHint(definition: DefinitionDecl, name: Name, names: Names): string {
  if (name.text === "self") {
    return 'for the object itself add "use self" at the top of the file';
  }
  const close = didYouMean(name.text, definition.members.keys());
  if (close === "" && names.definitions.has(name.text)) {
    return `"${name.text}" is a definition: declare a relation that allows it, and name the relation here`;
  }
  return close;
}

function checkTupleset(definition: DefinitionDecl, permission: PermissionNode, name: Name, context: Context): void {
  const member = definition.members.get(name.text);
  const type = definition.node.name.text;
  if (member?.kind === "permission") {
    context.bag.error(permission.source, name, {
      code: "arrow-over-permission",
      message: `the left side of an arrow must be a relation, and "${name.text}" is a permission of ${type}`,
      hint: "an arrow follows stored tuples; name the relations it should follow, joined with +",
    });
    return;
  }
  const wildcard = context.wildcards.get(memberKey(type, name.text));
  if (wildcard !== undefined) {
    context.bag.error(permission.source, name, {
      code: "arrow-over-wildcard",
      message: `the left side of an arrow must not allow wildcards, and "${name.text}" allows ${wildcard}`,
      hint: "a wildcard names no object that the arrow could follow; keep public access in a relation of its own",
    });
  }
}
