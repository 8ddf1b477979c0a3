import { unreachable } from "../errors.ts";
import type { Found } from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Member, Relation } from "../model/schema.ts";
import type { Formula, Operator } from "./formula.ts";
import { ALL, ANY, FALSE, not, TRUE, UNSETTLED } from "./formula.ts";
import type { Grounds } from "./grounds.ts";
import { budgetExhausted } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { Frame, Node, Problem } from "./problem.ts";
import type { Arrow, Instruction, RelationRead } from "./program.ts";
import type { Read, Reader, ReadTable } from "./read-table.ts";
import type { Judged } from "./traits.ts";

/** What a run has in common. */
export interface Run {
  readonly plan: Plan;
  readonly formula: Formula<Problem | undefined>;
  readonly reads: ReadTable;
  readonly grounds: Grounds;
  readonly maxNodes: number;
  readonly holds: KnownFacts | undefined;
}

/** Says of members of objects that they are known to hold the subject, for good. False: not known. */
export type KnownFacts = (member: number, id: string) => boolean;

/** Turns problems into nodes, edges and reads, and what was read into inputs. */
export class Expansion {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** The node of a problem, made when it is met first. @throws BUDGET_EXHAUSTED */
  problem(frame: Frame, member: number, id: string): Node {
    const known = frame.problems.find(member, id);
    if (known !== undefined) return known;
    const { plan, formula, holds } = this.#run;
    const node = this.#node(frame.plan.programs[member]?.operator ?? ANY, plan.strata.levelOf[member] as number, {
      frame,
      member: plan.schema.members[member] as Member,
      id,
      expanded: false,
    });
    frame.problems.add(member, id, node);
    // The self rule comes before any rewrite: group:a#member is in group:a#member, whatever the schema subtracts.
    const isSelf = member === frame.plan.selfMember && id === frame.subject.id;
    if (isSelf || holds?.(member, id) === true) formula.settle(node, TRUE);
    return node;
  }

  /** Adds the inputs of a node that has become live, the first time. */
  expand(node: Node): void {
    const problem = node.tag;
    if (problem === undefined || problem.expanded) return;
    problem.expanded = true;
    const code = problem.frame.plan.programs[problem.member.id]?.code ?? [];
    const registers = [node];
    for (const instruction of code) {
      if (node.value !== UNSETTLED) return;
      const register = registers[instruction.register] as Node;
      if (instruction.kind === "gate") {
        const gate = this.#node(instruction.operator, node.level, undefined);
        registers.push(gate);
        this.#run.formula.connect(register, gate, false);
      } else {
        this.#addInput(register, problem, instruction);
      }
    }
    for (const register of registers) this.#run.formula.release(register);
  }

  answer(read: Read, found: readonly Found[]): void {
    read.answer = found;
    for (let reader = read.readers; reader !== undefined; reader = reader.next)
      this.#deliver(read.need.kind, reader, found);
    read.readers = undefined;
  }

  #node(operator: Operator, level: number, problem: Problem | undefined): Node {
    const { formula, maxNodes } = this.#run;
    if (formula.size >= maxNodes) throw budgetExhausted("nodes", maxNodes);
    return formula.add(operator, level, problem);
  }

  #addInput(node: Node, problem: Problem, instruction: Exclude<Instruction, { kind: "gate" }>): void {
    const { formula, reads } = this.#run;
    const { frame, id } = problem;
    switch (instruction.kind) {
      case "member":
        formula.connect(node, this.problem(frame, instruction.member, id), instruction.negated);
        break;
      case "arrow": {
        const { arrow, negated } = instruction;
        const found = reads.objects(arrow.tupleset, id, { node, frame, arrow, negated });
        if (found === undefined) formula.expect(node);
        else this.#follow(node, frame, arrow, negated, found);
        break;
      }
      case "self": {
        const value = id === frame.subject.id ? TRUE : FALSE;
        formula.input(node, instruction.negated ? not(value) : value);
        break;
      }
      case "relation":
        for (const kind of instruction.reads) this.#readRelation(node, problem, kind);
        break;
      default:
        unreachable(instruction);
    }
  }

  #readRelation(node: Node, { frame, member, id }: Problem, kind: RelationRead): void {
    const { formula, reads } = this.#run;
    const reader = { node, frame, arrow: undefined, negated: false };
    const relation = member as Relation;
    // Expected in any case: an answer that is known already is delivered at once, by the same way.
    formula.expect(node);
    const found =
      kind === "usersets"
        ? reads.usersets(relation, id, reader)
        : reads.exact(relation, id, kind === "wildcard" ? WILDCARD_ID : frame.subject.id, reader);
    if (found !== undefined) this.#deliver(kind === "usersets" ? "usersets" : "exact", reader, found);
  }

  #deliver(
    kind: Read["need"]["kind"],
    { node, frame, arrow, negated }: Omit<Reader, "next">,
    found: readonly Found[],
  ): void {
    const { formula } = this.#run;
    if (kind === "exact") {
      this.#offerTuple(node, frame, found[0]);
      return;
    }
    if (arrow === undefined) this.#followUsersets(node, frame, found);
    else this.#follow(node, frame, arrow, negated, found);
    formula.release(node);
  }

  #offerTuple(node: Node, frame: Frame, found: Found | undefined): void {
    const { formula } = this.#run;
    if (found === undefined || !hasTraits(found)) {
      formula.offer(node, found === undefined ? FALSE : TRUE);
      return;
    }
    if (node.value !== UNSETTLED) return;
    const judged = frame.judge.judge(found);
    formula.offer(node, judged.value);
    // A relation's tuples are inputs of a disjunction: one that holds decides it.
    if (judged.value !== FALSE) this.#ground(node, judged, judged.value === TRUE, false);
  }

  /** The target member of every object an arrow points at; the tuple's own subject relation does not matter. */
  #follow(node: Node, frame: Frame, arrow: Arrow, negated: boolean, found: readonly Found[]): void {
    const { formula } = this.#run;
    const none = negated ? TRUE : FALSE;
    let there = 0;
    for (const tuple of found) {
      if (node.value !== UNSETTLED) return;
      const conditioned = hasTraits(tuple);
      // Under `.all` an expired tuple that counted as false would take away what the others grant.
      if (conditioned && frame.judge.isExpired(tuple)) continue;
      there += 1;
      const target = arrow.targets.get(tuple.subjectType);
      if (conditioned) this.#followConditioned(node, frame, arrow, negated, tuple);
      else if (target === undefined) formula.input(node, none);
      else formula.connect(node, this.problem(frame, target, tuple.subjectId), negated);
    }
    // Both quantifiers are false over nothing.
    if (there === 0) formula.input(node, none);
  }

  #followConditioned(node: Node, frame: Frame, arrow: Arrow, negated: boolean, tuple: Found): void {
    const { formula } = this.#run;
    const judged = frame.judge.judge(tuple);
    const target = arrow.targets.get(tuple.subjectType);
    const vanishes = arrow.rewrite.quantifier === "all";
    if (target !== undefined && judged.value !== FALSE) {
      this.#gate(node, judged, this.problem(frame, target, tuple.subjectId), { negated, vanishes });
      return;
    }
    formula.input(node, negated ? TRUE : FALSE);
    // Under `.all` this decides the node, and when the tuple ends the others may hold.
    if (vanishes && judged.expiresAtMs !== undefined) {
      this.#ground(node, { value: FALSE, expiresAtMs: judged.expiresAtMs }, true, false);
    }
  }

  #followUsersets(node: Node, frame: Frame, found: readonly Found[]): void {
    for (const tuple of found) {
      if (node.value !== UNSETTLED) return;
      const { subjectType, subjectId, subjectRelation } = tuple;
      const member = frame.plan.usersets.get(subjectType)?.get(subjectRelation);
      if (member === undefined) continue;
      if (!hasTraits(tuple)) {
        this.#run.formula.connect(node, this.problem(frame, member, subjectId), false);
        continue;
      }
      const judged = frame.judge.judge(tuple);
      if (judged.value === FALSE) continue;
      this.#gate(node, judged, this.problem(frame, member, subjectId), { negated: false, vanishes: false });
    }
  }

  /** An input that needs both the tuple and what it leads to. A tuple that holds for good needs none of this. */
  #gate(node: Node, tuple: Judged, target: Node, how: { readonly negated: boolean; readonly vanishes: boolean }): void {
    const { formula } = this.#run;
    if (tuple.value === TRUE && tuple.expiresAtMs === undefined) {
      formula.connect(node, target, how.negated);
      return;
    }
    // On the target's level: it closes with the target's cycle, if there is one, and below a subtraction.
    const gate = this.#node(ALL, target.level, undefined);
    this.#ground(gate, tuple, false, how.vanishes);
    formula.connect(gate, target, false);
    formula.offer(gate, tuple.value);
    formula.connect(node, gate, how.negated);
  }

  #ground(node: Node, judged: Judged, decides: boolean, vanishes: boolean): void {
    if (judged.value === TRUE && judged.expiresAtMs === undefined) return;
    this.#run.formula.keepGrounds();
    this.#run.grounds.add(node, judged, { decides, vanishes });
  }
}

function hasTraits({ caveat, expiresAtMs }: Found): boolean {
  return caveat !== undefined || expiresAtMs !== undefined;
}
