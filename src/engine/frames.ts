import type { SubjectRef } from "../model/object.ts";
import type { JsonObject } from "../model/tuple.ts";
import type { Plan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import type { Frame } from "./problem.ts";
import { ProblemTable } from "./problem.ts";
import type { TraitJudge } from "./traits.ts";
import { createTraitJudge } from "./traits.ts";

/** The frames of a run: one for each pair of subject and context, whatever the order of the context's keys. */
export class FrameTable {
  readonly #plan: Plan;
  readonly #nowMs: number;
  /** Most questions of a run bring the very same context. */
  readonly #byIdentity = new Map<JsonObject, Context>();
  readonly #byContent = new Map<string, Context>();
  #size = 0;

  constructor(plan: Plan, nowMs: number) {
    this.#plan = plan;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#size;
  }

  frame(subject: SubjectRef, context: JsonObject): Frame {
    const { judge, bySubject } = this.#context(context);
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

  #context(context: JsonObject): Context {
    let known = this.#byIdentity.get(context);
    if (known !== undefined) return known;
    const key = contextKey(context);
    known = this.#byContent.get(key);
    if (known === undefined) {
      known = { judge: createTraitJudge(this.#plan.schema, context, this.#nowMs), bySubject: new Map() };
      this.#byContent.set(key, known);
    }
    this.#byIdentity.set(context, known);
    return known;
  }
}

interface Context {
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
