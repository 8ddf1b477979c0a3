import type { Member, Permission, Relation, Rewrite, Schema } from "../model/schema.ts";
import type { Operator } from "./formula.ts";
import { ALL, ANY } from "./formula.ts";
import type { Reachability, SubjectKind } from "./reachability.ts";
import { memberOf, tuplesetOf } from "./strata.ts";

/**
 * A member's rewrite as straight-line code that builds the formula of one problem. Every instruction feeds the operator
 * in `register`: register 0 is the problem's own node, each gate fills the next. Negation is pushed down to the leaves, so
 * operators feed operators unnegated.
 */
export type Instruction =
  | { readonly kind: "gate"; readonly register: number; readonly operator: Operator }
  /** Another member of the same object. */
  | { readonly kind: "member"; readonly register: number; readonly member: number; readonly negated: boolean }
  | { readonly kind: "arrow"; readonly register: number; readonly arrow: Arrow; readonly negated: boolean }
  /** The subject, when it is this very object. */
  | { readonly kind: "self"; readonly register: number; readonly negated: boolean }
  /** The relation's own tuples. */
  | { readonly kind: "relation"; readonly register: number; readonly reads: readonly RelationRead[] };

/** Asked of a relation's tuples: the subject itself, the wildcard of its type, subjects that have a relation. */
export type RelationRead = "exact" | "wildcard" | "usersets";

export interface Arrow {
  /** As the schema has it. */
  readonly rewrite: ArrowRewrite;
  /** The same object for arrows over the same relation and types: they share one read per object. */
  readonly tupleset: Tupleset;
  /** Subject type → member id. A type that is missing here holds no members. */
  readonly targets: ReadonlyMap<string, number>;
}

/** Interned per schema. */
export interface Tupleset {
  readonly objectType: string;
  readonly relation: string;
  readonly subjectTypes: readonly string[];
}

export interface Program {
  /** Of the problem's own node. */
  readonly operator: Operator;
  readonly code: readonly Instruction[];
}

/**
 * Compiles members for one kind of subject: whatever that kind cannot reach is left out.
 * @param tuplesets of the schema so far, by relation and subject types
 * @returns the compiler of a member that the subject reaches
 */
export function createCompiler(
  schema: Schema,
  subject: SubjectKind,
  reaches: Reachability,
  tuplesets: Map<string, Tupleset>,
): (member: Member) => Program {
  const arrowOf = createArrows(schema, reaches, tuplesets);
  return (member) => {
    if (member.kind === "relation") return relationProgram(schema, subject, reaches, member);
    // Reached by the self rule only.
    if (!reaches.rewrite(member.type, member.rewrite)) return { operator: ANY, code: [] };
    return permissionProgram(schema, reaches, arrowOf, member);
  };
}

export type ArrowRewrite = Extract<Rewrite, { kind: "arrow" }>;
type ArrowOf = (type: string, rewrite: ArrowRewrite) => Arrow;

function createArrows(schema: Schema, reaches: Reachability, tuplesets: Map<string, Tupleset>): ArrowOf {
  return (type, rewrite) => {
    const subjectTypes = new Set<string>();
    const targets = new Map<string, number>();
    for (const allowed of tuplesetOf(schema, type, rewrite.tupleset).allowed) {
      const target = memberOf(schema, allowed.type, rewrite.target);
      const reached = target !== undefined && reaches.member(target.id);
      if (reached) targets.set(allowed.type, target.id);
      // `.all` is also decided by subjects that cannot be members.
      if (reached || rewrite.quantifier === "all") subjectTypes.add(allowed.type);
    }
    const sorted = [...subjectTypes].sort();
    const key = [type, rewrite.tupleset, ...sorted].join(" ");
    const tupleset = tuplesets.get(key) ?? { objectType: type, relation: rewrite.tupleset, subjectTypes: sorted };
    tuplesets.set(key, tupleset);
    return { rewrite, tupleset, targets };
  };
}

/** A part of an expression still to be compiled, and the operator it feeds. */
interface Part {
  readonly rewrite: Rewrite;
  readonly register: number;
  readonly operator: Operator;
  readonly negated: boolean;
}

function permissionProgram(
  schema: Schema,
  reaches: Reachability,
  arrowOf: ArrowOf,
  { type, rewrite }: Permission,
): Program {
  const code: Instruction[] = [];
  const operator = operatorOf(rewrite, false);
  let registers = 1;
  const pending: Part[] = [{ rewrite, register: 0, operator, negated: false }];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const { rewrite: at, negated } = part;
    if (at.kind === "computed") {
      code.push({ kind: "member", register: part.register, member: existingMember(schema, type, at.member), negated });
      continue;
    }
    if (at.kind === "self") {
      code.push({ kind: "self", register: part.register, negated });
      continue;
    }
    const needed = operatorOf(at, negated);
    const register = needed === part.operator ? part.register : registers++;
    if (register !== part.register) code.push({ kind: "gate", register: part.register, operator: needed });
    if (at.kind === "arrow") {
      code.push({ kind: "arrow", register, arrow: arrowOf(type, at), negated });
      continue;
    }
    for (const child of childrenOf(at)) {
      // A part of an intersection, or a base, that could not be reached would have kept the whole out.
      if (!reaches.rewrite(type, child.rewrite)) continue;
      const childNegated = negated !== child.negated;
      pending.push({ rewrite: child.rewrite, register, operator: needed, negated: childNegated });
    }
  }
  return { operator, code };
}

type Operation = Exclude<Rewrite, { kind: "computed" | "self" | "arrow" }>;

function childrenOf(rewrite: Operation): readonly { readonly rewrite: Rewrite; readonly negated: boolean }[] {
  switch (rewrite.kind) {
    case "union":
    case "intersection":
      return rewrite.children.map((child) => ({ rewrite: child, negated: false }));
    case "exclusion":
      return [
        { rewrite: rewrite.base, negated: false },
        { rewrite: rewrite.subtract, negated: true },
      ];
    case "nil":
      return [];
  }
}

function existingMember(schema: Schema, type: string, name: string): number {
  const member = memberOf(schema, type, name);
  if (member === undefined) throw new Error(`${type}#${name} does not exist`);
  return member.id;
}

/** The operator that an expression's parts feed; by De Morgan the other one under a negation. */
function operatorOf(rewrite: Rewrite, negated: boolean): Operator {
  const conjunction =
    rewrite.kind === "intersection" ||
    rewrite.kind === "exclusion" ||
    (rewrite.kind === "arrow" && rewrite.quantifier === "all");
  return conjunction === negated ? ANY : ALL;
}

function relationProgram(schema: Schema, subject: SubjectKind, reaches: Reachability, relation: Relation): Program {
  const reads = new Set<RelationRead>();
  for (const { type, relation: through, wildcard } of relation.allowed) {
    if (through !== "") {
      const target = memberOf(schema, type, through);
      if (target !== undefined && reaches.member(target.id)) reads.add("usersets");
    } else if (type === subject.type && subject.relation === "") {
      reads.add(wildcard ? "wildcard" : "exact");
    }
  }
  return { operator: ANY, code: reads.size === 0 ? [] : [{ kind: "relation", register: 0, reads: [...reads] }] };
}
