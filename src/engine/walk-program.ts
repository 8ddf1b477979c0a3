import type { TupleGraph } from "../model/graph.ts";
import { NONE } from "../model/graph.ts";
import type { Member, Relation, Schema } from "../model/schema.ts";
import type { Operator } from "./formula.ts";
import { ANY } from "./formula.ts";
import type { SubjectPlan } from "./plan.ts";
import type { Arrow, Instruction, Program } from "./program.ts";
import { tuplesetOf } from "./strata.ts";

/** What a step asks, in the order of what it costs: steps of an operator are taken in this order. */
export const SELF = 0;
export const EXACT = 1;
export const WILDCARD = 2;
export const OPERATION = 3;
export const USERSETS = 4;
export const PROBLEM = 5;
export const ARROW = 6;
export const ARROW_ALL = 7;

/** A part of an expression in a graph's numbers. One shape for all kinds, which keeps the walker's loads monomorphic. */
export interface Step {
  readonly kind: number;
  readonly negated: boolean;
  /** EXACT, WILDCARD, USERSETS and arrows: whose tuples. */
  readonly relation: number;
  /** PROBLEM: of the same object. */
  readonly member: number;
  /** Arrows: pairs of a subject type and the member it leads to, or NONE where the type has no such member. */
  readonly targets: Int32Array;
  /** Arrows: some tuples may have a subject with a relation. */
  readonly hasUsersets: boolean;
  /** OPERATION. */
  readonly operator: Operator;
  readonly parts: readonly Step[];
}

/** A kind of subject's programs in the numbers of one graph, each made when it is first needed. */
export class BoundPlan {
  /** Of the graph when this was made: it may know more since. */
  readonly names: number;
  readonly #schema: Schema;
  readonly #plan: SubjectPlan;
  readonly #graph: TupleGraph;
  readonly #programs: (Step | undefined)[] = [];
  /** By relation: pairs of a type and the member that the two name. */
  readonly #usersets: (Int32Array | undefined)[] = [];

  constructor(schema: Schema, plan: SubjectPlan, graph: TupleGraph) {
    this.names = graph.names;
    this.#schema = schema;
    this.#plan = plan;
    this.#graph = graph;
    const pairs = new Map<number, number[]>();
    for (const [typeName, members] of plan.usersets) {
      const type = graph.type(typeName);
      for (const [relationName, member] of members) {
        const relation = graph.relation(relationName);
        if (type === NONE || relation === NONE) continue;
        pairs.set(relation, [...(pairs.get(relation) ?? []), type, member]);
      }
    }
    for (const [relation, list] of pairs) this.#usersets[relation] = Int32Array.from(list);
  }

  /** An operation. */
  program(member: number): Step {
    return this.#programs[member] ?? this.#bind(member);
  }

  /** The member that `type:…#relation` means; negative when the subject cannot be in it. */
  memberOf(type: number, relation: number): number {
    const pairs = this.#usersets[relation];
    return pairs === undefined ? NONE : targetOf(pairs, type);
  }

  #bind(member: number): Step {
    const { operator } = this.#plan.programs[member] ?? NOTHING;
    const parts = this.#parts(member, operator, new Set([member]));
    const program = step(OPERATION, { operator, parts });
    this.#programs[member] = program;
    return program;
  }

  /**
   * A member's steps. Parts of a disjunction that are plain disjunctions themselves are taken in, each once, so that what
   * costs least is looked up first in all of them.
   */
  #parts(member: number, operator: Operator, taken: Set<number>): readonly Step[] {
    const parts: Step[] = [];
    /** By register. */
    const lists: { readonly operator: Operator; readonly parts: Step[]; readonly taken: Set<number> }[] = [
      { operator, parts, taken },
    ];
    const { code } = this.#plan.programs[member] ?? NOTHING;
    for (const instruction of code) {
      const list = lists[instruction.register];
      if (list === undefined) throw new Error("a register before its gate");
      if (instruction.kind === "gate") {
        const gate = { operator: instruction.operator, parts: [], taken: new Set<number>() };
        lists.push(gate);
        list.parts.push(step(OPERATION, gate));
        continue;
      }
      list.parts.push(...this.#steps(instruction, member, list.operator, list.taken));
    }
    for (const list of lists.toReversed()) {
      if (list.operator === ANY) this.#dropImplied(list.parts);
      list.parts.sort(byCost);
    }
    return parts;
  }

  /**
   * `parent->view + parent->edit` is `parent->view` where `view` is `edit` or something else: folders are then walked for one
   * member and not for each.
   */
  #dropImplied(parts: Step[]): void {
    const kept = parts.filter(
      (one, index) =>
        !parts.some(
          (other, at) => at !== index && this.#implies(other, one) && (at < index || !this.#implies(one, other)),
        ),
    );
    parts.splice(0, parts.length, ...kept);
  }

  /** Wherever `one` holds, so does `other`. */
  #implies(other: Step, one: Step): boolean {
    if (one.kind !== ARROW || other.kind !== ARROW || one.relation !== other.relation) return false;
    if (one.negated || other.negated) return false;
    for (let i = 0; i < one.targets.length; i += 2) {
      const member = one.targets[i + 1] as number;
      if (member !== NONE && !this.#includes(targetOf(other.targets, one.targets[i] as number), member)) return false;
    }
    return true;
  }

  /** The larger member is a disjunction with the smaller one in it, or in some member in it. */
  #includes(larger: number, smaller: number, seen = new Set<number>()): boolean {
    if (larger === smaller) return true;
    if (larger < 0 || seen.has(larger)) return false;
    seen.add(larger);
    const { operator, code } = this.#plan.programs[larger] ?? NOTHING;
    return (
      operator === ANY &&
      code.some(
        (one) =>
          one.kind === "member" && one.register === 0 && !one.negated && this.#includes(one.member, smaller, seen),
      )
    );
  }

  #steps(
    instruction: Exclude<Instruction, { kind: "gate" }>,
    member: number,
    operator: Operator,
    taken: Set<number>,
  ): readonly Step[] {
    const { negated } = { negated: false, ...instruction };
    switch (instruction.kind) {
      case "self":
        return [step(SELF, { negated })];
      case "member":
        return this.#memberSteps(instruction.member, operator, negated, taken);
      case "arrow":
        return [this.#arrow(instruction.arrow, negated)];
      case "relation": {
        const relation = this.#graph.relation(this.#member(member).name);
        if (relation === NONE) return [];
        return instruction.reads.map((read) => step(KIND_OF_READ[read], { relation }));
      }
    }
  }

  #memberSteps(target: number, operator: Operator, negated: boolean, taken: Set<number>): readonly Step[] {
    const program = this.#plan.programs[target] ?? NOTHING;
    const isFlatUnion = program.operator === ANY && program.code.every(({ kind }) => kind !== "gate");
    if (isFlatUnion && operator === ANY && !negated) {
      if (taken.has(target)) return [];
      taken.add(target);
      return this.#withSelf(target, this.#parts(target, ANY, taken));
    }
    // A plain relation is sooner asked than remembered.
    if (isFlatUnion && program.code.every((one) => one.kind === "relation" && !one.reads.includes("usersets"))) {
      const parts = this.#withSelf(target, this.#parts(target, ANY, new Set()));
      return [step(OPERATION, { negated, parts })];
    }
    return [step(PROBLEM, { negated, member: target })];
  }

  /** A member that is taken in is no problem any more, and the self rule comes first at every problem. */
  #withSelf(member: number, parts: readonly Step[]): readonly Step[] {
    return member === this.#plan.selfMember ? [step(SELF, {}), ...parts] : parts;
  }

  #arrow({ rewrite, tupleset, targets }: Arrow, negated: boolean): Step {
    const { allowed } = tuplesetOf(this.#schema, tupleset.objectType, tupleset.relation);
    if (allowed.some(({ wildcard }) => wildcard)) throw new Error("an arrow over a relation that allows a wildcard");
    const pairs: number[] = [];
    for (const name of tupleset.subjectTypes) {
      const type = this.#graph.type(name);
      if (type !== NONE) pairs.push(type, targets.get(name) ?? NONE);
    }
    const relation = this.#graph.relation(tupleset.relation);
    // Nothing has this relation: false, as over nothing.
    if (relation === NONE) return step(OPERATION, { negated, operator: ANY });
    return step(rewrite.quantifier === "all" ? ARROW_ALL : ARROW, {
      negated,
      relation,
      targets: Int32Array.from(pairs),
      hasUsersets: allowed.some((subject) => subject.relation !== ""),
    });
  }

  #member(id: number): Member {
    return this.#schema.members[id] as Relation;
  }
}

const NOTHING: Program = { operator: ANY, code: [] };
const KIND_OF_READ = { exact: EXACT, wildcard: WILDCARD, usersets: USERSETS } as const;
const NO_TARGETS = new Int32Array(0);

/** Of a subject type that is not among them at all. */
export const LEFT_OUT = -2;

/** @param pairs of a type and its member; a handful at most */
export function targetOf(pairs: Int32Array, type: number): number {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === type) return pairs[i + 1] as number;
  return LEFT_OUT;
}

function step(
  kind: number,
  {
    negated = false,
    relation = NONE,
    member = NONE,
    targets = NO_TARGETS,
    hasUsersets = false,
    operator = ANY,
    parts = [],
  }: Partial<Omit<Step, "kind">>,
): Step {
  return { kind, negated, relation, member, targets, hasUsersets, operator, parts };
}

function byCost(a: Step, b: Step): number {
  return costOf(a) - costOf(b);
}

function costOf({ kind, parts }: Step): number {
  return parts.reduce((most, part) => Math.max(most, costOf(part)), kind);
}
