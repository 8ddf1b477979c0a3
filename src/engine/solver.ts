import { unreachable } from "../errors.ts";
import type { Decision } from "../model/decision.ts";
import { ALLOWED, DENIED } from "../model/decision.ts";
import type { Found, Need } from "../model/need.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Member, Relation } from "../model/schema.ts";
import type { Operator } from "./formula.ts";
import { ANY, FALSE, Formula, isLive, not, TRUE, UNSETTLED } from "./formula.ts";
import type { EvaluationLimits } from "./limits.ts";
import { budgetExhausted } from "./limits.ts";
import type { Plan, SubjectPlan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import type { Node, Problem } from "./problem.ts";
import { ProblemTable } from "./problem.ts";
import type { Arrow, Instruction } from "./program.ts";
import type { Read } from "./read-table.ts";
import { ArrowReads, readersOf } from "./read-table.ts";
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
  readonly #formula: Formula<Problem | undefined>;
  readonly #problems = new ProblemTable();
  readonly #arrowReads = new ArrowReads();
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
    const node = this.#node(program?.operator ?? ANY, member, {
      member: this.#plan.schema.members[member] as Member,
      id,
      expanded: false,
    });
    this.#problems.add(member, id, node);
    // The self rule comes before any rewrite: group:a#member is in group:a#member, whatever the schema subtracts.
    if (member === this.#subjectPlan.selfMember && id === this.#subject.id) this.#formula.settle(node, TRUE);
    return node;
  }

  #node(operator: Operator, member: number, problem: Problem | undefined): Node {
    if (this.#formula.size >= this.#maxNodes) throw budgetExhausted("nodes", this.#maxNodes);
    return this.#formula.add(operator, this.#plan.strata.levelOf[member] as number, problem);
  }

  #expand(node: Node, problem: Problem): void {
    const code = this.#subjectPlan.programs[problem.member.id]?.code ?? [];
    const registers = [node];
    for (const instruction of code) {
      if (node.value !== UNSETTLED) return;
      const register = registers[instruction.register] as Node;
      if (instruction.kind === "gate") {
        const gate = this.#node(instruction.operator, problem.member.id, undefined);
        registers.push(gate);
        this.#formula.connect(register, gate, false);
      } else {
        this.#addInput(register, problem, instruction);
      }
    }
    for (const register of registers) this.#formula.release(register);
  }

  #addInput(node: Node, { member, id }: Problem, instruction: Exclude<Instruction, { kind: "gate" }>): void {
    switch (instruction.kind) {
      case "member":
        this.#formula.connect(node, this.#problem(instruction.member, id), instruction.negated);
        break;
      case "arrow":
        this.#readArrow(node, id, instruction.arrow, instruction.negated);
        break;
      case "self": {
        const value = id === this.#subject.id ? TRUE : FALSE;
        this.#formula.input(node, instruction.negated ? not(value) : value);
        break;
      }
      case "relation":
        for (const kind of instruction.reads) {
          this.#fresh.push({ kind, relation: member as Relation, objectId: id, node, parked: false });
          this.#formula.expect(node);
        }
        break;
      default:
        unreachable(instruction);
    }
  }

  #readArrow(node: Node, objectId: string, arrow: Arrow, negated: boolean): void {
    const { tupleset } = arrow;
    let read = this.#arrowReads.find(tupleset, objectId);
    if (read?.answer !== undefined) {
      this.#follow(node, arrow, negated, read.answer);
      return;
    }
    if (read === undefined) {
      read = { kind: "objects", tupleset, objectId, readers: [], answer: undefined, parked: false };
      this.#arrowReads.add(read);
      this.#fresh.push(read);
    } else {
      this.#unpark(read);
    }
    read.readers.push({ node, arrow, negated });
    this.#formula.expect(node);
  }

  #answer(read: Read, found: readonly Found[]): void {
    const formula = this.#formula;
    switch (read.kind) {
      case "objects":
        read.answer = found;
        for (const { node, arrow, negated } of read.readers) {
          this.#follow(node, arrow, negated, found);
          formula.release(node);
        }
        break;
      case "usersets":
        this.#followUsersets(read.node, found);
        formula.release(read.node);
        break;
      case "exact":
      case "wildcard":
        // A caveated tuple enters here: its caveat, evaluated, is TRUE, FALSE or CONDITIONAL.
        formula.offer(read.node, found.length > 0 ? TRUE : FALSE);
        break;
      default:
        unreachable(read);
    }
  }

  /** The target member of every object an arrow points at; the tuple's own subject relation does not matter. */
  #follow(node: Node, { targets }: Arrow, negated: boolean, found: readonly Found[]): void {
    const formula = this.#formula;
    // Both quantifiers are false over nothing.
    const none = negated ? TRUE : FALSE;
    if (found.length === 0) formula.input(node, none);
    for (const { subjectType, subjectId } of found) {
      if (node.value !== UNSETTLED) return;
      const target = targets.get(subjectType);
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
      if (!readersOf(read).some(isLive)) {
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
    for (const node of readersOf(read)) {
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

  #need(read: Read): Need {
    const { objectId } = read;
    if (read.kind === "objects") return { kind: "objects", ...read.tupleset, objectId };
    const object = { objectType: read.relation.type, objectId, relation: read.relation.name };
    if (read.kind === "usersets") return { kind: "usersets", ...object };
    const { type, id, relation: subjectRelation } = this.#subject;
    const subjectId = read.kind === "wildcard" ? WILDCARD_ID : id;
    return { kind: "exact", ...object, subjectType: type, subjectId, subjectRelation };
  }
}
