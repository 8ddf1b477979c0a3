import { RelataError } from "../errors.ts";
import type { Decision, Outcome } from "../model/decision.ts";
import { ALLOWED, DENIED } from "../model/decision.ts";
import type { Found, Need } from "../model/need.ts";
import type { ObjectRef, SubjectRef } from "../model/object.ts";
import type { Member } from "../model/schema.ts";
import type { JsonObject } from "../model/tuple.ts";
import { Expansion, type KnownFacts } from "./expansion.ts";
import type { Explanation } from "./explain.ts";
import { explain } from "./explain.ts";
import { CONDITIONAL, Formula, TRUE, UNSETTLED } from "./formula.ts";
import { FrameTable } from "./frames.ts";
import { Grounds } from "./grounds.ts";
import type { EvaluationLimits } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { Frame, Node, Problem } from "./problem.ts";
import type { Read } from "./read-table.ts";
import { ReadTable } from "./read-table.ts";
import { memberOf } from "./strata.ts";
import type { TraitJudge } from "./traits.ts";

/** May `subject` do (or is it in) `member` of `object`? Validated by `validateQuestion`. */
export interface Question {
  readonly object: ObjectRef;
  /** A relation or permission of the object's type. */
  readonly member: string;
  /** Never a wildcard. */
  readonly subject: SubjectRef;
}

export interface CheckItem {
  readonly question: Question;
  /** What caveats are evaluated with. */
  readonly context: JsonObject;
  /** An instant of its own, in place of the run's. */
  readonly nowMs?: number;
}

export interface SolverOptions {
  /** The instant of the request, milliseconds since the epoch: which tuples have expired. */
  readonly nowMs: number;
  /** For all items together. */
  readonly limits: EvaluationLimits;
  /** Keep what `explanation` needs. */
  readonly explain?: boolean;
  /** Facts about the one subject that all items ask about, in the one context that they bring: not looked for again. */
  readonly holds?: KnownFacts;
  /**
   * Of many runs about one context at one instant: its results are used again, and the context is not read again (a
   * millisecond where it has 64 KB). Items with other contexts are judged as ever.
   */
  readonly judge?: TraitJudge;
}

/**
 * Checks, synchronous and pure: a solver says what it needs to know, is fed, and ends. In rounds:
 * `while (solver.needs().length > 0) solver.feed(read(solver.needs()))`, then `outcomes()`.
 */
export interface Solver {
  /** Everything worth knowing now, each once, in one round; empty when all items are settled. The same list until `feed`. */
  needs(): readonly Need[];
  /** @param answers to each need, in order */
  feed(answers: readonly (readonly Found[])[]): void;
  /** Ends the run: every item that has not settled fails of `error`. */
  fail(error: RelataError): void;
  /**
   * Of every item, in order: its outcome, or why there is none (BUDGET_EXHAUSTED, the error of `fail`, or that of a
   * caveat it rests on).
   * @throws Error while there are needs
   */
  outcomes(): readonly (Outcome | RelataError)[];
  /** Why an item came out as it did. Only with `explain`. */
  explanation(item: number): Explanation;
  readonly work: { readonly nodes: number };
}

/** An explanation tells this much. */
const MAX_EXPLAINED_NODES = 1_000;

/** One run for many questions: they share what they read, and everything where subject and context are the same. */
export function startChecks(plan: Plan, items: readonly CheckItem[], options: SolverOptions): Solver {
  return new CheckSolver(plan, items, options);
}

export function startCheck(plan: Plan, item: CheckItem, options: SolverOptions): Solver {
  return new CheckSolver(plan, [item], options);
}

class CheckSolver implements Solver {
  readonly #formula: Formula<Problem | undefined>;
  readonly #reads: ReadTable;
  readonly #grounds = new Grounds();
  readonly #expansion: Expansion;
  readonly #plan: Plan;
  readonly #items: readonly CheckItem[];
  readonly #frames: readonly Frame[];
  readonly #explains: boolean;
  /** By item; undefined where the run ended before its turn. */
  readonly #roots: (Node | undefined)[];
  /** All roots before this one have settled. */
  #settledUpTo = 0;
  #asked: Read[] = [];
  #needs: Need[] | undefined;
  #failure: RelataError | undefined;

  constructor(plan: Plan, items: readonly CheckItem[], options: SolverOptions) {
    const { nowMs, limits, explain: explains = false, holds, judge } = options;
    this.#plan = plan;
    this.#items = items;
    this.#explains = explains;
    const table = new FrameTable(plan, judge);
    this.#frames = items.map((item) => table.frame(item.question.subject, item.context, item.nowMs ?? nowMs));
    this.#roots = items.map(() => undefined);
    this.#formula = new Formula(plan.strata);
    if (explains) this.#formula.keepOrder();
    this.#reads = new ReadTable(table.size > 1 || explains);
    const { maxNodes } = limits;
    this.#expansion = new Expansion({
      plan,
      formula: this.#formula,
      reads: this.#reads,
      grounds: this.#grounds,
      maxNodes,
      holds,
    });
    this.#run(() => {
      for (const index of items.keys()) {
        const root = this.#root(index);
        this.#roots[index] = root;
        this.#formula.want(root);
      }
    });
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
    this.#run(() => {
      for (let i = 0; i < asked.length; i++) this.#expansion.answer(asked[i] as Read, answers[i] as readonly Found[]);
    });
  }

  fail(error: RelataError): void {
    this.#failure ??= error;
    this.#asked = [];
    this.#needs = [];
  }

  outcomes(): readonly (Outcome | RelataError)[] {
    const settled = this.#roots.filter((root) => root !== undefined && root.value !== UNSETTLED) as Node[];
    const undecided = this.#grounds.undecided(settled.filter(({ value }) => value === CONDITIONAL));
    const endsAt = this.#grounds.endsAt(settled);
    return this.#roots.map((root) => {
      if (root === undefined || root.value === UNSETTLED) return this.#failure ?? notSettled();
      const { missing, failure } = root.value === CONDITIONAL ? undecided(root) : DECIDED;
      if (failure !== undefined) return failure;
      const expiresAtMs = endsAt(root);
      const decision = decisionOf(root, missing);
      return expiresAtMs === undefined ? { decision } : { decision, expiresAtMs };
    });
  }

  explanation(item: number): Explanation {
    const frame = this.#frames[item];
    if (frame === undefined) throw new Error(`there is no item ${item}`);
    if (!this.#explains) throw new Error("the run was not asked to explain");
    const { schema } = this.#plan;
    const undecided = this.#grounds.undecided(frame.problems.nodes().filter(({ value }) => value === CONDITIONAL));
    const evidence = {
      schema,
      frame,
      reads: this.#reads,
      orderOf: (node: Node) => this.#formula.orderOf(node),
      failed: (node: Node) => undecided(node).failure !== undefined,
    };
    return explain(evidence, this.#member(item), this.#objectId(item), MAX_EXPLAINED_NODES);
  }

  #root(item: number): Node {
    return this.#expansion.problem(this.#frames[item] as Frame, this.#member(item).id, this.#objectId(item));
  }

  #member(item: number): Member {
    const { object, member: name } = (this.#items[item] as CheckItem).question;
    const member = memberOf(this.#plan.schema, object.type, name);
    if (member === undefined) throw new Error(`the schema has no ${object.type}#${name}`);
    return member;
  }

  #objectId(item: number): string {
    return (this.#items[item] as CheckItem).question.object.id;
  }

  /** Adds something, and works through everything that can then be done without reading. */
  #run(add: () => void): void {
    try {
      add();
      this.#work();
    } catch (error) {
      if (!(error instanceof RelataError)) throw error;
      // What was added up to here is sound, and may be enough for some.
      this.#formula.propagate();
      this.fail(error);
    }
  }

  #work(): void {
    const formula = this.#formula;
    for (;;) {
      formula.propagate();
      if (this.#isDone()) return;
      const node = formula.takeWoken();
      if (node === undefined) break;
      this.#expansion.expand(node);
      this.#reads.unpark(node);
    }
    formula.close();
  }

  #isDone(): boolean {
    const roots = this.#roots;
    while (this.#settledUpTo < roots.length && roots[this.#settledUpTo]?.value !== UNSETTLED) this.#settledUpTo += 1;
    return this.#settledUpTo === roots.length;
  }

  #takeNeeds(): Need[] {
    if (this.#failure !== undefined || this.#isDone()) return [];
    this.#asked = this.#reads.takeFresh();
    if (this.#asked.length === 0) throw new Error("an unsettled question needs nothing: the solver is wrong");
    return this.#asked.map(({ need }) => need);
  }
}

const DECIDED = { missing: [], failure: undefined };

function decisionOf({ value }: Node, missing: readonly string[]): Decision {
  if (value === TRUE) return ALLOWED;
  return value === CONDITIONAL ? { kind: "conditional", missing } : DENIED;
}

function notSettled(): never {
  throw new Error("the question is not settled yet");
}
