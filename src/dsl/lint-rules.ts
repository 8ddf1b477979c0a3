import { type ArrowResolver, arrowTypes } from "./arrows.ts";
import type { BlockNode, CaveatNode, ExpressionNode, PermissionNode } from "./ast.ts";
import { referencesOf } from "./expression.ts";
import type { DefinitionDecl, MemberDecl, Names } from "./names.ts";
import type { Source, Span } from "./source.ts";

/** Everything a rule may look at. */
export interface LintContext {
  readonly names: Names;
  readonly arrow: ArrowResolver;
  report(source: Source, span: Span, message: string, hint: string): void;
}

/** A rule looks at each member of each definition, or at the whole. */
export interface LintRule {
  readonly member?: (context: LintContext, definition: DefinitionDecl, member: MemberDecl) => void;
  readonly schema?: (context: LintContext) => void;
}

/** Rule names are API: people write them into suppression comments. The first five are SpiceDB's. */
export const LINT_RULES = {
  "relation-name-references-parent": { member: nameReferencesParent },
  "permission-references-itself": { member: eachPermission(referencesItself) },
  "arrow-references-unreachable-relation": { member: eachPermission(arrowToNowhere) },
  "arrow-walks-subject-relation": { member: eachPermission(arrowWalksSubjectRelation) },
  "arrow-references-relation": { member: eachPermission(arrowToRelation) },
  "mixed-operators": { member: eachPermission(mixedOperators) },
  "annotation-not-enforced": { member: eachPermission(annotationNotEnforced) },
  "unused-caveat": { schema: unusedCaveats },
  "unused-partial": { schema: unusedPartials },
} as const satisfies Record<string, LintRule>;

export type LintRuleName = keyof typeof LINT_RULES;

function eachPermission(
  rule: (context: LintContext, definition: DefinitionDecl, permission: PermissionNode) => void,
): NonNullable<LintRule["member"]> {
  return (context, definition, member) => {
    if (member.kind === "permission") {
      rule(context, definition, member);
    }
  };
}

function nameReferencesParent(context: LintContext, definition: DefinitionDecl, member: MemberDecl): void {
  const type = definition.node.name.text.split("/").at(-1) ?? "";
  const name = member.name.text;
  const rest = name.endsWith(`_${type}`) ? name.slice(0, -type.length - 1) : "";
  if (rest !== "") {
    const message = `${member.kind} "${name}" repeats the name of its definition "${type}"`;
    context.report(member.source, member.name, message, `"${rest}" says the same`);
  }
}

function referencesItself(context: LintContext, _definition: DefinitionDecl, permission: PermissionNode): void {
  const own = referencesOf(permission.expression).find(
    ({ node }) => node.kind === "computed" && node.member.text === permission.name.text,
  );
  if (own !== undefined) {
    const message = `permission "${permission.name.text}" refers to itself, which adds nobody`;
    context.report(permission.source, own.node, message, "remove the reference, or name what was meant");
  }
}

/** Calls back for each arrow whose left side is a relation. */
function eachArrow(
  definition: DefinitionDecl,
  permission: PermissionNode,
  callback: (
    arrow: Extract<ExpressionNode, { kind: "arrow" }>,
    tupleset: Extract<MemberDecl, { kind: "relation" }>,
  ) => void,
): void {
  for (const { node } of referencesOf(permission.expression)) {
    const tupleset = node.kind === "arrow" ? definition.members.get(node.tupleset.text) : undefined;
    if (node.kind === "arrow" && tupleset?.kind === "relation") {
      callback(node, tupleset);
    }
  }
}

function arrowToNowhere(context: LintContext, definition: DefinitionDecl, permission: PermissionNode): void {
  eachArrow(definition, permission, (arrow, tupleset) => {
    if (context.arrow(tupleset, arrow.target.text).length === 0) {
      const types = [...arrowTypes(tupleset)].join(", ");
      const message = `no type that "${arrow.tupleset.text}" leads to (${types}) has "${arrow.target.text}", so this adds nobody`;
      context.report(permission.source, arrow.target, message, "");
    }
  });
}

function arrowWalksSubjectRelation(context: LintContext, definition: DefinitionDecl, permission: PermissionNode): void {
  eachArrow(definition, permission, (arrow, tupleset) => {
    const ref = tupleset.types.find(({ relation }) => relation !== undefined);
    if (ref?.relation !== undefined) {
      const subject = `${ref.type.text}#${ref.relation.text}`;
      const message = `"${arrow.tupleset.text}" allows ${subject}, and an arrow ignores the "#${ref.relation.text}"`;
      context.report(permission.source, arrow.tupleset, message, `the arrow goes on from ${ref.type.text} itself`);
    }
  });
}

function arrowToRelation(context: LintContext, definition: DefinitionDecl, permission: PermissionNode): void {
  eachArrow(definition, permission, (arrow, tupleset) => {
    const target = arrow.target.text;
    const type = context
      .arrow(tupleset, target)
      .find((name) => context.names.definitions.get(name)?.members.get(target)?.kind === "relation");
    if (type !== undefined) {
      const message = `the arrow points at "${target}", which is a relation of ${type}`;
      const hint = `point it at a permission of ${type}: who is meant can then change there`;
      context.report(permission.source, arrow.target, message, hint);
    }
  });
}

function mixedOperators(context: LintContext, _definition: DefinitionDecl, permission: PermissionNode): void {
  function walk(node: ExpressionNode): void {
    if (!("operands" in node)) {
      return;
    }
    for (const operand of node.operands) {
      if ("operands" in operand && operand.kind !== node.kind && !operand.parenthesized) {
        const message = 'different operators side by side: "+" binds tighter than "&", and "&" tighter than "-"';
        context.report(permission.source, operand, message, "put parentheses around what belongs together");
      }
      walk(operand);
    }
  }
  walk(permission.expression);
}

function annotationNotEnforced(context: LintContext, _definition: DefinitionDecl, permission: PermissionNode): void {
  const [first] = permission.annotation;
  const file = context.names.files.find(({ source }) => source === permission.source);
  if (first !== undefined && file?.uses.has("typechecking") === false) {
    const message = `the type annotation of "${permission.name.text}" is not checked`;
    context.report(permission.source, first, message, 'add "use typechecking" at the top of the file');
  }
}

function unusedCaveats(context: LintContext): void {
  const used = new Set<string>();
  for (const definition of context.names.definitions.values()) {
    for (const member of definition.members.values()) {
      for (const ref of member.kind === "relation" ? member.types : []) {
        used.add(ref.caveat?.text ?? "");
      }
    }
  }
  reportUnused(context, context.names.caveats, used);
}

function unusedPartials(context: LintContext): void {
  const blocks = [...context.names.definitions.values()].map(({ node }) => node);
  const members = [...blocks, ...context.names.partials.values()].flatMap((block) => block.members);
  const used = new Set(members.flatMap((member) => (member.kind === "partial-ref" ? [member.name.text] : [])));
  reportUnused(context, context.names.partials, used);
}

function reportUnused(
  context: LintContext,
  nodes: ReadonlyMap<string, CaveatNode | BlockNode>,
  used: ReadonlySet<string>,
): void {
  for (const node of nodes.values()) {
    if (!used.has(node.name.text)) {
      context.report(node.source, node.name, `the ${node.kind} "${node.name.text}" is used nowhere`, "");
    }
  }
}
