import type { Decision } from "../model/decision.ts";
import { ALLOWED, DENIED } from "../model/decision.ts";
import type { Found, Need } from "../model/need.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Relation } from "../model/schema.ts";
import { ANY, FALSE, Formula, not, TRUE, UNSETTLED } from "./formula.ts";
import type { EvaluationLimits } from "./limits.ts";
import { budgetExhausted } from "./limits.ts";
import type { Plan, SubjectPlan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import { ProblemTable } from "./problem-table.ts";
import type { Program } from "./program.ts";
import * as op from "./program.ts";
import * as reads from "./read-table.ts";
import { memberOf } from "./strata.ts";

/** May `subject` do (or is it in) `member` of `object`? Validated by `validateQuestion`. */
export interface Question {
  readonly object: ObjectRef;
  /** A relation or permission of the object's type. */
  readonly member: string;
  /** Never a wildcard. */
  readonly subject: SubjectRef;
}

/**
 * One Check, synchronous and pure: it says what it needs to know, is fed, and ends. In rounds:
 * `while (solver.needs().length > 0) solver.feed(read(solver.needs()))`, then `decision()`.
 */
export interface Solver {
  /** Everything worth knowing now, in one round; empty when the question is settled. The same list until `feed`. */
  needs(): readonly Need[];
  /** @param answers to each need, in order @throws BUDGET_EXHAUSTED above `maxNodes` */
  feed(answers: readonly (readonly Found[])[]): void;
  /** @throws Error while there are needs */
  decision(): Decision;
  readonly work: { readonly nodes: number };
}

/** @throws BUDGET_EXHAUSTED above `maxNodes` */
export function startCheck(plan: Plan, question: Question, limits: EvaluationLimits): Solver {
  return new CheckSolver(plan, question, limits);
}

class CheckSolver implements Solver {
  readonly #plan: Plan;
  readonly #subjectPlan: SubjectPlan;
  readonly #subject: SubjectRef;
  readonly #maxNodes: number;
  readonly #formula: Formula;
  readonly #problems = new ProblemTable();
  readonly #reads = new reads.ReadTable();
  readonly #root: number;
  /** Reads not asked yet. */
  #fresh: number[] = [];
  /** Reads nobody wanted when their turn came, by the nodes that would bring them back. */
  readonly #parked = new Map<number, number[]>();
  #asked: number[] = [];
  #needs: Need[] | undefined;

  constructor(plan: Plan, question: Question, limits: EvaluationLimits) {
    const member = memberOf(plan.schema, question.object.type, question.member);
    if (member === undefined) throw new Error(`the schema has no ${question.object.type}#${question.member}`);
    this.#plan = plan;
    this.#subject = question.subject;
    this.#subjectPlan = planForSubject(plan, question.subject.type, question.subject.relation);
    this.#maxNodes = limits.maxNodes;
    this.#formula = new Formula(plan.strata);
    this.#root = this.#problem(member.id, question.object.id);
    this.#formula.want(this.#root);
    this.#run();
  }

  get work(): { readonly nodes: number } {
    return { nodes: this.#formula.size };
  }

  needs(): readonly Need[] {
    this.#needs ??= this.#takeNeeds();
    return this.#needs;
  }

  feed(answers: readonly (readonly Found[])[]): void {
    if (answers.length !== this.needs().length) throw new Error("one answer is due for each need");
    const asked = this.#asked;
    this.#asked = [];
    this.#needs = undefined;
    for (let i = 0; i < asked.length; i++) this.#answer(asked[i] as number, answers[i] as readonly Found[]);
    this.#run();
  }

  decision(): Decision {
    const value = this.#formula.value(this.#root);
    if (value === TRUE) return ALLOWED;
    if (value === FALSE) return DENIED;
    // Becomes `conditional` together with the tuples that can be: no stored tuple carries a caveat yet.
    throw new Error("the question is not settled yet");
  }

  /** Works through everything that can be done without reading. */
  #run(): void {
    const formula = this.#formula;
    for (;;) {
      formula.propagate();
      if (formula.value(this.#root) !== UNSETTLED) return;
      const node = formula.takeWoken();
      if (node === 0) break;
      this.#wake(node);
    }
    formula.close();
  }

  #wake(node: number): void {
    const problem = this.#formula.takeTag(node);
    if (problem !== 0) this.#expand(node, this.#problems.member(problem), this.#problems.id(problem));
    const parked = this.#parked.get(node);
    if (parked === undefined) return;
    this.#parked.delete(node);
    for (const read of parked) this.#unpark(read);
  }

  /** The node of a problem, made when it is met first. */
  #problem(member: number, id: string): number {
    const known = this.#problems.find(member, id);
    if (known !== undefined) return known;
    const program = this.#subjectPlan.programs[member];
    const node = this.#node(program?.operator ?? ANY, member, this.#problems.next);
    this.#problems.add(member, id, node);
    // The self rule comes before any rewrite: group:a#member is in group:a#member, whatever the schema subtracts.
    if (member === this.#subjectPlan.selfMember && id === this.#subject.id) this.#formula.settle(node, TRUE);
    return node;
  }

  #node(operator: Program["operator"], member: number, tag: number): number {
    if (this.#formula.size >= this.#maxNodes) throw budgetExhausted("nodes", this.#maxNodes);
    return this.#formula.add(operator, this.#plan.strata.levelOf[member] as number, tag);
  }

  #expand(node: number, member: number, id: string): void {
    const formula = this.#formula;
    const code = this.#subjectPlan.programs[member]?.code ?? NO_CODE;
    const registers = [node];
    for (let at = 0; at < code.length; at += op.INSTRUCTION_CELLS) {
      if (formula.value(node) !== UNSETTLED) return;
      const register = registers[code[at + 1] as number] as number;
      const a = code[at + 2] as number;
      const negated = code[at + 3] === 1;
      switch (code[at]) {
        case op.GATE: {
          const gate = this.#node(a as Program["operator"], member, 0);
          registers.push(gate);
          formula.connect(register, gate, false);
          break;
        }
        case op.MEMBER:
          formula.connect(register, this.#problem(a, id), negated);
          break;
        case op.ARROW:
          this.#arrow(register, a, id, negated);
          break;
        case op.SELF: {
          const value = id === this.#subject.id ? TRUE : FALSE;
          formula.input(register, negated ? not(value) : value);
          break;
        }
        case op.RELATION:
          if ((a & op.READ_EXACT) !== 0) this.#read(register, reads.EXACT, member, id);
          if ((a & op.READ_WILDCARD) !== 0) this.#read(register, reads.WILDCARD, member, id);
          if ((a & op.READ_USERSETS) !== 0) this.#read(register, reads.USERSETS, member, id);
          break;
      }
    }
    for (const register of registers) formula.release(register);
  }

  #read(node: number, kind: number, member: number, id: string): void {
    const read = this.#reads.add(kind, member, id);
    this.#reads.subscribe(read, node, 0, false);
    this.#formula.expect(node);
    this.#fresh.push(read);
  }

  #arrow(node: number, arrow: number, id: string, negated: boolean): void {
    const tupleset = this.#subjectPlan.arrows[arrow]?.tupleset as number;
    let read = this.#reads.findObjects(tupleset, id);
    const answer = read === undefined ? undefined : this.#reads.answer(read);
    if (answer !== undefined) {
      this.#follow(node, arrow, negated, answer);
      return;
    }
    if (read === undefined) {
      read = this.#reads.add(reads.OBJECTS, tupleset, id);
      this.#fresh.push(read);
    } else {
      this.#unpark(read);
    }
    this.#reads.subscribe(read, node, arrow, negated);
    this.#formula.expect(node);
  }

  #answer(read: number, found: readonly Found[]): void {
    const formula = this.#formula;
    const kind = this.#reads.kind(read);
    if (kind === reads.OBJECTS) this.#reads.keepAnswer(read, found);
    for (let reader = this.#reads.firstReader(read); reader !== 0; reader = this.#reads.nextReader(reader)) {
      const node = this.#reads.readerNode(reader);
      if (kind === reads.OBJECTS) {
        this.#follow(node, this.#reads.readerArrow(reader), this.#reads.readerNegated(reader), found);
        formula.release(node);
      } else if (kind === reads.USERSETS) {
        this.#followUsersets(node, found);
        formula.release(node);
      } else {
        // A caveated tuple enters here: its caveat, evaluated, is TRUE, FALSE or CONDITIONAL.
        formula.offer(node, found.length > 0 ? TRUE : FALSE);
      }
    }
  }

  /** The target member of every object an arrow points at; the tuple's own subject relation does not matter. */
  #follow(node: number, arrow: number, negated: boolean, found: readonly Found[]): void {
    const formula = this.#formula;
    const targets = this.#subjectPlan.arrows[arrow]?.targets;
    // Both quantifiers are false over nothing.
    const none = negated ? TRUE : FALSE;
    if (found.length === 0) formula.input(node, none);
    for (const { subjectType, subjectId } of found) {
      if (formula.value(node) !== UNSETTLED) return;
      const target = targets?.get(subjectType);
      if (target === undefined) formula.input(node, none);
      else formula.connect(node, this.#problem(target, subjectId), negated);
    }
  }

  #followUsersets(node: number, found: readonly Found[]): void {
    for (const { subjectType, subjectId, subjectRelation } of found) {
      if (this.#formula.value(node) !== UNSETTLED) return;
      const member = this.#subjectPlan.usersets.get(subjectType)?.get(subjectRelation);
      if (member !== undefined) this.#formula.connect(node, this.#problem(member, subjectId), false);
    }
  }

  #takeNeeds(): Need[] {
    const needs: Need[] = [];
    if (this.#formula.value(this.#root) !== UNSETTLED) return needs;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const read of fresh) {
      if (!this.#isWanted(read)) {
        this.#park(read);
        continue;
      }
      this.#asked.push(read);
      needs.push(this.#need(read));
    }
    if (needs.length === 0) throw new Error("an unsettled question needs nothing: the solver is wrong");
    return needs;
  }

  #isWanted(read: number): boolean {
    for (let reader = this.#reads.firstReader(read); reader !== 0; reader = this.#reads.nextReader(reader)) {
      if (this.#formula.isLive(this.#reads.readerNode(reader))) return true;
    }
    return false;
  }

  #unpark(read: number): void {
    if (!this.#reads.isParked(read)) return;
    this.#reads.setParked(read, false);
    this.#fresh.push(read);
  }

  #park(read: number): void {
    this.#reads.setParked(read, true);
    for (let reader = this.#reads.firstReader(read); reader !== 0; reader = this.#reads.nextReader(reader)) {
      const node = this.#reads.readerNode(reader);
      if (this.#formula.value(node) !== UNSETTLED) continue;
      const parked = this.#parked.get(node);
      if (parked === undefined) this.#parked.set(node, [read]);
      else parked.push(read);
    }
  }

  #need(read: number): Need {
    const place = this.#reads.place(read);
    const objectId = this.#reads.id(read);
    const kind = this.#reads.kind(read);
    if (kind === reads.OBJECTS) {
      const tupleset = this.#subjectPlan.tuplesets[place] as op.Tupleset;
      return { kind: "objects", ...tupleset, objectId };
    }
    const relation = this.#plan.schema.members[place] as Relation;
    const object = { objectType: relation.type, objectId, relation: relation.name };
    if (kind === reads.USERSETS) return { kind: "usersets", ...object };
    const { type, id, relation: subjectRelation } = this.#subject;
    return {
      kind: "exact",
      ...object,
      subjectType: type,
      subjectId: kind === reads.WILDCARD ? WILDCARD_ID : id,
      subjectRelation,
    };
  }
}

const NO_CODE = new Int32Array(0);
