import type { Member, Permission, Relation, Rewrite, Schema } from "../model/schema.ts";
import { ALL, ANY } from "./formula.ts";
import type { Reachability, SubjectKind } from "./reachability.ts";
import { memberOf, tuplesetOf } from "./strata.ts";

/**
 * A member's rewrite as straight-line code that builds the formula of one problem. An instruction is four integers:
 * opcode, the register of the operator it feeds, a, b. Register 0 is the problem's own node, each GATE fills the next.
 * Negation is pushed down to the leaves (b = 1), so operators feed operators unnegated.
 */
export const INSTRUCTION_CELLS = 4;
/** a: ANY or ALL. */
export const GATE = 0;
/** Another member of the same object. a: its id. */
export const MEMBER = 1;
/** a: index into `arrows`. */
export const ARROW = 2;
/** The subject, when it is this very object. */
export const SELF = 3;
/** The relation's own tuples. a: the reads it takes, flags below. */
export const RELATION = 4;

export const READ_EXACT = 1;
export const READ_WILDCARD = 2;
export const READ_USERSETS = 4;

export interface Arrow {
  /** Arrows over the same relation and types share one read per object. */
  readonly tupleset: number;
  /** Subject type → member id. A type that is missing here holds no members. */
  readonly targets: ReadonlyMap<string, number>;
}

export interface Tupleset {
  readonly objectType: string;
  readonly relation: string;
  readonly subjectTypes: readonly string[];
}

export interface Program {
  /** What the problem's own node is: ANY or ALL. */
  readonly operator: typeof ANY | typeof ALL;
  readonly code: Int32Array;
}

export interface Emitter {
  program(member: Member): Program;
  readonly arrows: readonly Arrow[];
  readonly tuplesets: readonly Tupleset[];
}

/** Compiles members for one kind of subject: whatever that kind cannot reach is left out. */
export function createEmitter(schema: Schema, subject: SubjectKind, reaches: Reachability): Emitter {
  const arrows = createArrowTable(schema, reaches);
  return {
    arrows: arrows.arrows,
    tuplesets: arrows.tuplesets,
    program: (member) => {
      if (member.kind === "relation") return relationProgram(schema, subject, reaches, member);
      if (!reaches.rewrite(member.type, member.rewrite)) return { operator: ANY, code: new Int32Array(0) };
      return permissionProgram(schema, reaches, arrows.add, member);
    },
  };
}

type ArrowRewrite = Extract<Rewrite, { kind: "arrow" }>;

function createArrowTable(schema: Schema, reaches: Reachability) {
  const arrows: Arrow[] = [];
  const tuplesets: Tupleset[] = [];
  const byKey = new Map<string, number>();

  /** @returns the arrow's index */
  function add(type: string, rewrite: ArrowRewrite): number {
    const subjectTypes: string[] = [];
    const targets = new Map<string, number>();
    for (const allowed of tuplesetOf(schema, type, rewrite.tupleset).allowed) {
      const target = memberOf(schema, allowed.type, rewrite.target);
      const reached = target !== undefined && reaches.member(target.id);
      if (reached) targets.set(allowed.type, target.id);
      // `.all` is also decided by subjects that cannot be members.
      const matters = reached || rewrite.quantifier === "all";
      if (matters && !subjectTypes.includes(allowed.type)) subjectTypes.push(allowed.type);
    }
    const key = [type, rewrite.tupleset, ...subjectTypes.sort()].join(" ");
    let tupleset = byKey.get(key);
    if (tupleset === undefined) {
      tupleset = tuplesets.push({ objectType: type, relation: rewrite.tupleset, subjectTypes }) - 1;
      byKey.set(key, tupleset);
    }
    return arrows.push({ tupleset, targets }) - 1;
  }
  return { arrows, tuplesets, add };
}

/** A part of an expression still to be compiled, and the operator it feeds. */
interface Part {
  readonly rewrite: Rewrite;
  readonly register: number;
  readonly operator: typeof ANY | typeof ALL;
  readonly negated: boolean;
}

function permissionProgram(
  schema: Schema,
  reaches: Reachability,
  addArrow: (type: string, rewrite: ArrowRewrite) => number,
  { type, rewrite }: Permission,
): Program {
  const code: number[] = [];
  const operator = operatorOf(rewrite, false);
  let registers = 1;
  const pending: Part[] = [{ rewrite, register: 0, operator, negated: false }];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const { rewrite: at, negated } = part;
    const flag = negated ? 1 : 0;
    if (at.kind === "computed") {
      code.push(MEMBER, part.register, existingMember(schema, type, at.member), flag);
      continue;
    }
    if (at.kind === "self") {
      code.push(SELF, part.register, 0, flag);
      continue;
    }
    const needed = operatorOf(at, negated);
    const register = needed === part.operator ? part.register : registers++;
    if (register !== part.register) code.push(GATE, part.register, needed, 0);
    if (at.kind === "arrow") {
      code.push(ARROW, register, addArrow(type, at), flag);
      continue;
    }
    for (const child of childrenOf(at)) {
      // A part of an intersection, or a base, that could not be reached would have kept the whole out.
      if (!reaches.rewrite(type, child.rewrite)) continue;
      const childNegated = negated !== child.negated;
      pending.push({ rewrite: child.rewrite, register, operator: needed, negated: childNegated });
    }
  }
  return { operator, code: Int32Array.from(code) };
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
function operatorOf(rewrite: Rewrite, negated: boolean): typeof ANY | typeof ALL {
  const conjunction =
    rewrite.kind === "intersection" ||
    rewrite.kind === "exclusion" ||
    (rewrite.kind === "arrow" && rewrite.quantifier === "all");
  return conjunction === negated ? ANY : ALL;
}

function relationProgram(schema: Schema, subject: SubjectKind, reaches: Reachability, relation: Relation): Program {
  let reads = 0;
  for (const { type, relation: through, wildcard } of relation.allowed) {
    if (through !== "") {
      const target = memberOf(schema, type, through);
      if (target !== undefined && reaches.member(target.id)) reads |= READ_USERSETS;
    } else if (type === subject.type && subject.relation === "") {
      reads |= wildcard ? READ_WILDCARD : READ_EXACT;
    }
  }
  return { operator: ANY, code: reads === 0 ? new Int32Array(0) : Int32Array.of(RELATION, 0, reads, 0) };
}
