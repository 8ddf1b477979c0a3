import type { RelataError } from "../errors.ts";
import type { Outcome } from "../model/decision.ts";
import { ALLOWED, DENIED } from "../model/decision.ts";
import type { Found } from "../model/need.ts";
import type { ObjectRef } from "../model/object.ts";
import { FALSE, TRUE } from "./formula.ts";
import type { EvaluationLimits } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { SubjectKind } from "./reachability.ts";
import type { Skeleton } from "./skeleton-answers.ts";
import { startCheck } from "./solver.ts";
import type { TraitJudge } from "./traits.ts";

/** A subject's tuple in a leaf. */
export interface Hit {
  /** Index into `Skeleton.leaves`. */
  readonly leaf: number;
  readonly found: Found;
}

export interface SkeletonQuestion {
  readonly object: ObjectRef;
  readonly member: string;
  readonly subject: SubjectKind;
}

/** No object can have this id. */
const NOBODY_ID = "#nobody";
/** Of outcomes kept, some 2 KB each at worst. */
const MAX_KEPT = 10_000;
/** Longer sorts, of many tuples or large contexts, are not kept: few subjects share one. */
const MAX_SORT_LENGTH = 1_000;
const EVERYBODY_ALLOWED: Outcome = { decision: ALLOWED };
const EVERYBODY_DENIED: Outcome = { decision: DENIED };

/**
 * Checks any subject of a kind without reading: the skeleton knows all but the subject's own tuples, and those are handed
 * in. The decision is the solver's own, so it cannot differ from Check's.
 *
 * Two subjects with the same tuples in the same leaves have the same answer, unless they are objects on the way
 * themselves: a million members of an intersection are mostly of a few sorts, and each sort is decided once.
 */
export class SkeletonCheck {
  readonly #plan: Plan;
  readonly #skeleton: Skeleton;
  readonly #question: SkeletonQuestion;
  readonly #judge: TraitJudge;
  readonly #limits: EvaluationLimits;
  readonly #kept = new Map<string, Outcome | RelataError>();
  #nodes = 0;

  constructor(
    plan: Plan,
    skeleton: Skeleton,
    question: SkeletonQuestion,
    options: { readonly judge: TraitJudge; readonly limits: EvaluationLimits },
  ) {
    this.#plan = plan;
    this.#skeleton = skeleton;
    this.#question = question;
    this.#judge = options.judge;
    this.#limits = options.limits;
  }

  /** Over all checks. */
  get work(): { readonly nodes: number } {
    return { nodes: this.#nodes };
  }

  /** Of every subject of the kind that nobody names. */
  nobody(): Outcome | RelataError {
    const { wildcard } = this.#skeleton;
    if (wildcard === "certain") return EVERYBODY_ALLOWED;
    // No operator makes a member of somebody who is in nothing: a subtraction needs something to subtract from.
    if (wildcard === "none") return EVERYBODY_DENIED;
    return this.#solve(NOBODY_ID, []);
  }

  /**
   * @param hits all of the subject's tuples in leaves, sorted by leaf
   * @returns undefined when none of them holds now and the subject is on no way itself: it is as good as not named
   */
  check(id: string, hits: readonly Hit[]): Outcome | RelataError | undefined {
    const { selves, wildcard } = this.#skeleton;
    const holding = hits.filter(({ found }) => this.#judge.judge(found).value !== FALSE);
    const self = selves.get(id);
    if (self === undefined && holding.length === 0) return undefined;
    if (wildcard === "certain" || self === true || holding.some((hit) => this.#isCertain(hit)))
      return EVERYBODY_ALLOWED;
    if (self !== undefined) return this.#solve(id, holding);
    const sort = holding.map(keyOf).join("\0");
    const known = this.#kept.get(sort);
    if (known !== undefined) return known;
    const outcome = this.#solve(id, holding);
    if (sort.length > MAX_SORT_LENGTH) return outcome;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(sort, outcome);
    return outcome;
  }

  #isCertain({ leaf, found }: Hit): boolean {
    if (this.#skeleton.leaves[leaf]?.certain !== true) return false;
    const { value, expiresAtMs } = this.#judge.judge(found);
    return value === TRUE && expiresAtMs === undefined;
  }

  #solve(id: string, hits: readonly Hit[]): Outcome | RelataError {
    const { object, member, subject } = this.#question;
    const answer = this.#skeleton.answerFor(id, new Map(hits.map(({ leaf, found }) => [leaf, found])));
    const { context, nowMs } = this.#judge;
    const item = { question: { object, member, subject: { ...subject, id } }, context };
    const solver = startCheck(this.#plan, item, { nowMs, limits: this.#limits, judge: this.#judge });
    for (let needs = solver.needs(); needs.length > 0; needs = solver.needs()) {
      solver.feed(needs.map(answer));
    }
    this.#nodes += solver.work.nodes;
    const [outcome] = solver.outcomes();
    if (outcome === undefined) throw new Error("the solver left its item without an outcome");
    return outcome;
  }
}

/** JSON holds no NUL, nor does a name. */
function keyOf({ leaf, found: { caveat, expiresAtMs } }: Hit): string {
  return `${leaf}\0${expiresAtMs ?? ""}\0${caveat?.name ?? ""}\0${caveat?.contextJson ?? ""}`;
}
