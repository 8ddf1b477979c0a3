import type { Decision } from "../model/decision.ts";
import { ALLOWED, DENIED } from "../model/decision.ts";
import type { Found, Need } from "../model/need.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Relation } from "../model/schema.ts";
import type { FormulaNode } from "./formula.ts";
import { ANY, FALSE, Formula, isLive, not, TRUE, UNSETTLED } from "./formula.ts";
import type { EvaluationLimits } from "./limits.ts";
import { budgetExhausted } from "./limits.ts";
import type { Plan, SubjectPlan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { ProblemTable } from "./problem.ts";
import type { Program } from "./program.ts";
import * as op from "./program.ts";
import type { Read, RelationRead } from "./read-table.ts";
import { TuplesetReads } from "./read-table.ts";
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

type Node = FormulaNode<Problem | undefined>;

class CheckSolver implements Solver {
  readonly #plan: Plan;
  readonly #subjectPlan: SubjectPlan;
  readonly #subject: SubjectRef;
  readonly #maxNodes: number;
  readonly #formula: Formula<Problem | undefined>;
  readonly #problems = new ProblemTable();
  readonly #tuplesetReads = new TuplesetReads();
  readonly #root: Node;
  /** Reads not asked yet. */
  #fresh: Read[] = [];
  /** By the nodes that would bring them back. */
  readonly #parked = new Map<Node, Read[]>();
  #asked: Read[] = [];
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
    for (let i = 0; i < asked.length; i++) this.#answer(asked[i] as Read, answers[i] as readonly Found[]);
    this.#run();
  }

  decision(): Decision {
    const { value } = this.#root;
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
      if (this.#root.value !== UNSETTLED) return;
      const node = formula.takeWoken();
      if (node === undefined) break;
      this.#wake(node);
    }
    formula.close();
  }

  #wake(node: Node): void {
    const problem = node.tag;
    if (problem?.expanded === false) {
      problem.expanded = true;
      this.#expand(node, problem);
    }
    const parked = this.#parked.get(node);
    if (parked === undefined) return;
    this.#parked.delete(node);
    for (const read of parked) this.#unpark(read);
  }

  /** The node of a problem, made when it is met first. */
  #problem(member: number, id: string): Node {
    const known = this.#problems.find(member, id);
    if (known !== undefined) return known;
    const program = this.#subjectPlan.programs[member];
    const node = this.#node(program?.operator ?? ANY, member, { member, id, expanded: false });
    this.#problems.add(member, id, node);
    // The self rule comes before any rewrite: group:a#member is in group:a#member, whatever the schema subtracts.
    if (member === this.#subjectPlan.selfMember && id === this.#subject.id) this.#formula.settle(node, TRUE);
    return node;
  }

  #node(operator: Program["operator"], member: number, problem: Problem | undefined): Node {
    if (this.#formula.size >= this.#maxNodes) throw budgetExhausted("nodes", this.#maxNodes);
    return this.#formula.add(operator, this.#plan.strata.levelOf[member] as number, problem);
  }

  #expand(node: Node, { member, id }: Problem): void {
    const formula = this.#formula;
    const code = this.#subjectPlan.programs[member]?.code ?? NO_CODE;
    const registers = [node];
    for (let at = 0; at < code.length; at += op.INSTRUCTION_CELLS) {
      if (node.value !== UNSETTLED) return;
      const register = registers[code[at + 1] as number] as Node;
      const a = code[at + 2] as number;
      const negated = code[at + 3] === 1;
      switch (code[at]) {
        case op.GATE: {
          const gate = this.#node(a as Program["operator"], member, undefined);
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
          if ((a & op.READ_EXACT) !== 0) this.#read(register, "exact", member, id);
          if ((a & op.READ_WILDCARD) !== 0) this.#read(register, "wildcard", member, id);
          if ((a & op.READ_USERSETS) !== 0) this.#read(register, "usersets", member, id);
          break;
      }
    }
    for (const register of registers) formula.release(register);
  }

  #read(node: Node, kind: RelationRead, member: number, objectId: string): void {
    const readers = [{ node, arrow: 0, negated: false }];
    this.#fresh.push({ kind, place: member, objectId, readers, parked: false, answer: undefined });
    this.#formula.expect(node);
  }

  #arrow(node: Node, arrow: number, objectId: string, negated: boolean): void {
    const place = this.#subjectPlan.arrows[arrow]?.tupleset as number;
    let read = this.#tuplesetReads.find(place, objectId);
    if (read?.answer !== undefined) {
      this.#follow(node, arrow, negated, read.answer);
      return;
    }
    if (read === undefined) {
      read = { kind: "objects", place, objectId, readers: [], parked: false, answer: undefined };
      this.#tuplesetReads.add(read);
      this.#fresh.push(read);
    } else {
      this.#unpark(read);
    }
    read.readers.push({ node, arrow, negated });
    this.#formula.expect(node);
  }

  #answer(read: Read, found: readonly Found[]): void {
    const formula = this.#formula;
    if (read.kind === "objects") read.answer = found;
    for (const { node, arrow, negated } of read.readers) {
      if (read.kind === "objects") {
        this.#follow(node, arrow, negated, found);
        formula.release(node);
      } else if (read.kind === "usersets") {
        this.#followUsersets(node, found);
        formula.release(node);
      } else {
        // A caveated tuple enters here: its caveat, evaluated, is TRUE, FALSE or CONDITIONAL.
        formula.offer(node, found.length > 0 ? TRUE : FALSE);
      }
    }
  }

  /** The target member of every object an arrow points at; the tuple's own subject relation does not matter. */
  #follow(node: Node, arrow: number, negated: boolean, found: readonly Found[]): void {
    const formula = this.#formula;
    const targets = this.#subjectPlan.arrows[arrow]?.targets;
    // Both quantifiers are false over nothing.
    const none = negated ? TRUE : FALSE;
    if (found.length === 0) formula.input(node, none);
    for (const { subjectType, subjectId } of found) {
      if (node.value !== UNSETTLED) return;
      const target = targets?.get(subjectType);
      if (target === undefined) formula.input(node, none);
      else formula.connect(node, this.#problem(target, subjectId), negated);
    }
  }

  #followUsersets(node: Node, found: readonly Found[]): void {
    for (const { subjectType, subjectId, subjectRelation } of found) {
      if (node.value !== UNSETTLED) return;
      const member = this.#subjectPlan.usersets.get(subjectType)?.get(subjectRelation);
      if (member !== undefined) this.#formula.connect(node, this.#problem(member, subjectId), false);
    }
  }

  #takeNeeds(): Need[] {
    const needs: Need[] = [];
    if (this.#root.value !== UNSETTLED) return needs;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const read of fresh) {
      if (!read.readers.some(({ node }) => isLive(node))) {
        this.#park(read);
        continue;
      }
      this.#asked.push(read);
      needs.push(this.#need(read));
    }
    if (needs.length === 0) throw new Error("an unsettled question needs nothing: the solver is wrong");
    return needs;
  }

  #park(read: Read): void {
    read.parked = true;
    for (const { node } of read.readers) {
      if (node.value !== UNSETTLED) continue;
      const parked = this.#parked.get(node);
      if (parked === undefined) this.#parked.set(node, [read]);
      else parked.push(read);
    }
  }

  #unpark(read: Read): void {
    if (!read.parked) return;
    read.parked = false;
    this.#fresh.push(read);
  }

  #need({ kind, place, objectId }: Read): Need {
    if (kind === "objects") {
      const tupleset = this.#subjectPlan.tuplesets[place] as op.Tupleset;
      return { kind, ...tupleset, objectId };
    }
    const relation = this.#plan.schema.members[place] as Relation;
    const object = { objectType: relation.type, objectId, relation: relation.name };
    if (kind === "usersets") return { kind, ...object };
    const { type, id, relation: subjectRelation } = this.#subject;
    const subjectId = kind === "wildcard" ? WILDCARD_ID : id;
    return { kind: "exact", ...object, subjectType: type, subjectId, subjectRelation };
  }
}

const NO_CODE = new Int32Array(0);
