import type { CaveatProgram } from "../model/caveat.ts";
import type { AllowedSubject, Caveat, CaveatType, Definition, Member, Rewrite, Schema } from "../model/schema.ts";
import type { CaveatNode, ExpressionNode, ParameterTypeNode, TypeRefNode } from "./ast.ts";
import type { DefinitionDecl, MemberDecl, Names } from "./names.ts";

/**
 * Analyzed names without errors become the compiled form.
 * @param programs of all caveats, by name
 */
export function lower(names: Names, programs: ReadonlyMap<string, CaveatProgram>): Schema {
  const types: Definition[] = [];
  const members: Member[] = [];
  for (const [name, declaration] of names.definitions) {
    types.push(lowerDefinition(name, declaration, types.length, members));
  }
  const uses = new Set(names.files.flatMap((file) => [...file.uses]));
  return {
    definitions: new Map(types.map((type) => [type.name, type])),
    types,
    members,
    caveats: new Map([...names.caveats.values()].flatMap((caveat) => lowerCaveat(caveat, programs))),
    uses: [...uses].sort(),
  };
}

function lowerDefinition(name: string, declaration: DefinitionDecl, id: number, members: Member[]): Definition {
  const own = new Map<string, Member>();
  for (const member of declaration.members.values()) {
    const lowered = lowerMember(member, name, members.length);
    own.set(lowered.name, lowered);
    members.push(lowered);
  }
  return { id, name, doc: declaration.node.doc, members: own };
}

function lowerMember(member: MemberDecl, type: string, id: number): Member {
  const common = { id, type, name: member.name.text, doc: member.doc };
  return member.kind === "relation"
    ? { kind: "relation", ...common, allowed: member.types.map(lowerTypeRef) }
    : {
        kind: "permission",
        ...common,
        rewrite: lowerExpression(member.expression),
        annotation: member.annotation.map((annotated) => annotated.text),
      };
}

function lowerTypeRef(ref: TypeRefNode): AllowedSubject {
  return {
    type: ref.type.text,
    relation: ref.relation?.text ?? "",
    wildcard: ref.wildcard,
    caveat: ref.caveat?.text ?? "",
    expiration: ref.expiration,
  };
}

export function lowerExpression(node: ExpressionNode): Rewrite {
  switch (node.kind) {
    case "union":
    case "intersection":
      return lowerFlat(node.kind, node.operands);
    case "exclusion": {
      const [base, ...subtracted] = node.operands.map(lowerExpression);
      return subtracted.reduce<Rewrite>(
        (rest, subtract) => ({ kind: "exclusion", base: rest, subtract }),
        base ?? { kind: "nil" },
      );
    }
    case "computed":
      return { kind: "computed", member: node.member.text };
    case "arrow":
      return { kind: "arrow", quantifier: node.quantifier, tupleset: node.tupleset.text, target: node.target.text };
    case "nil":
    case "self":
      return { kind: node.kind };
  }
}

/** Operands of the same operator, also in parentheses, become children of this one. */
function lowerFlat(kind: "union" | "intersection", operands: readonly ExpressionNode[]): Rewrite {
  const lowered = operands.map(lowerExpression);
  return { kind, children: lowered.flatMap((child) => (child.kind === kind ? child.children : [child])) };
}

function lowerCaveat(caveat: CaveatNode, programs: ReadonlyMap<string, CaveatProgram>): [string, Caveat][] {
  const name = caveat.name.text;
  const program = programs.get(name);
  const parameters = lowerParameters(caveat);
  return program === undefined
    ? []
    : [[name, { name, doc: caveat.doc, parameters, expression: caveat.expression.text, program }]];
}

export function lowerParameters(caveat: CaveatNode): ReadonlyMap<string, CaveatType> {
  return new Map(caveat.parameters.map(({ name, type }) => [name.text, lowerType(type)]));
}

function lowerType(type: ParameterTypeNode): CaveatType {
  return { name: type.name.text, arguments: type.arguments.map(lowerType) };
}
