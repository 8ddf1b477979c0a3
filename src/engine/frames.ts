import type { SubjectRef } from "../model/object.ts";
import type { JsonObject } from "../model/tuple.ts";
import type { Plan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import type { Frame } from "./problem.ts";
import { ProblemTable } from "./problem.ts";
import type { TraitJudge } from "./traits.ts";
import { createTraitJudge } from "./traits.ts";

/** The frames of a run: one for each subject, context (whatever the order of its keys) and instant. */
export class FrameTable {
  readonly #plan: Plan;
  /** Most questions of a run bring the very same context. */
  readonly #keys = new Map<JsonObject, string>();
  readonly #circumstances = new Map<string, Circumstances>();
  readonly #given: Circumstances | undefined;
  #size = 0;

  /** @param judge of one context and instant, to be used for these in place of one of the table's own */
  constructor(plan: Plan, judge?: TraitJudge) {
    this.#plan = plan;
    this.#given = judge && { judge, bySubject: new Map() };
  }

  get size(): number {
    return this.#size;
  }

  frame(subject: SubjectRef, context: JsonObject, nowMs: number): Frame {
    const { judge, bySubject } = this.#in(context, nowMs);
    // No name or id holds a space.
    const key = `${subject.type} ${subject.id} ${subject.relation}`;
    let frame = bySubject.get(key);
    if (frame === undefined) {
      const plan = planForSubject(this.#plan, subject.type, subject.relation);
      frame = { subject, plan, judge, problems: new ProblemTable() };
      bySubject.set(key, frame);
      this.#size += 1;
    }
    return frame;
  }

  #in(context: JsonObject, nowMs: number): Circumstances {
    const given = this.#given;
    if (given !== undefined && given.judge.context === context && given.judge.nowMs === nowMs) return given;
    let content = this.#keys.get(context);
    if (content === undefined) {
      content = contextKey(context);
      this.#keys.set(context, content);
    }
    const key = `${nowMs} ${content}`;
    let known = this.#circumstances.get(key);
    if (known === undefined) {
      known = { judge: createTraitJudge(this.#plan.schema, context, nowMs), bySubject: new Map() };
      this.#circumstances.set(key, known);
    }
    return known;
  }
}

interface Circumstances {
  readonly judge: TraitJudge;
  readonly bySubject: Map<string, Frame>;
}

/**
 * The whole context as text; different contexts have different texts. Plain JSON would not do: it writes NaN, which a
 * binary message can carry, as null. So strings and the numbers JSON has no text for are told apart by a first letter.
 */
function contextKey(context: JsonObject): string {
  return JSON.stringify(context, (_key, value: unknown) => {
    if (typeof value === "string") return `s${value}`;
    if (typeof value === "number")
      return Number.isFinite(value) && !Object.is(value, -0) ? value : `n${numberText(value)}`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
