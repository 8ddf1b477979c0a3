import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { planSchema } from "../../src/engine/plan.ts";
import type { CheckItem, Solver } from "../../src/engine/solver.ts";
import { startCheck, startChecks } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Need } from "../../src/model/need.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { CountingSource } from "../support/oracle-source.ts";
import { createSource } from "../support/oracle-source.ts";
import { PLENTY } from "./random-checks.ts";

export function compiled(text: string): Schema {
  const { schema, diagnostics } = compileSchema(text);
  if (schema === undefined) throw new Error(renderDiagnostics(text, diagnostics));
  return schema;
}

export function sourceOf(tuples: readonly string[]): CountingSource {
  return createSource(tuples.map(parseTuple));
}

/** The instant of questions that say nothing else. */
export const NOW_MS = 1_800_000_000_000;

/** `document:1#view@user:anne` */
export function itemOf(question: string, context: JsonObject = {}): CheckItem {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(question);
  return {
    question: {
      object: { type: objectType, id: objectId },
      member: relation,
      subject: { type: subjectType, id: subjectId, relation: subjectRelation },
    },
    context,
  };
}

export function start(schema: Schema, question: string, limits = PLENTY): Solver {
  return startCheck(planSchema(schema), itemOf(question), { nowMs: NOW_MS, limits });
}

export function startAll(schema: Schema, questions: readonly string[], limits = PLENTY): Solver {
  const items = questions.map((question) => itemOf(question));
  return startChecks(planSchema(schema), items, { nowMs: NOW_MS, limits });
}

/** Runs to the end. */
export function outcomesOf(solver: Solver, source: CountingSource): readonly (Outcome | RelataError)[] {
  while (solver.needs().length > 0) solver.feed(source.answer(solver.needs()));
  return solver.outcomes();
}

export interface Asked {
  readonly decision: "allowed" | "denied" | "conditional";
  readonly rounds: number;
  readonly rows: number;
  readonly nodes: number;
  /** Per round, `exact group:a#member`. */
  readonly needs: readonly (readonly string[])[];
}

/** Runs one Check to its end, counting. */
export function ask(schema: Schema, source: CountingSource, question: string): Asked {
  source.asked.length = 0;
  source.rows = 0;
  const solver = start(schema, question);
  const [outcome] = outcomesOf(solver, source);
  if (outcome === undefined || outcome instanceof RelataError) throw outcome;
  return {
    decision: outcome.decision.kind,
    rounds: source.asked.length,
    rows: source.rows,
    nodes: solver.work.nodes,
    needs: source.asked.map((needs) => needs.map(describeNeed)),
  };
}

/** `exact group:a#member` */
export function describeNeed(need: Need): string {
  return `${need.kind} ${need.objectType}:${need.objectId}#${need.relation}`;
}
