import type { EvaluationLimits } from "../../engine/limits.ts";
import { planSchema } from "../../engine/plan.ts";
import { startCheck } from "../../engine/solver.ts";
import { validateQuestion } from "../../engine/validate.ts";
import { RelataError } from "../../errors.ts";
import type { Decision } from "../../model/decision.ts";
import type { TupleSource } from "../../model/need.ts";
import type { Schema } from "../../model/schema.ts";
import type { Tuple } from "../../model/tuple.ts";
import { drive } from "../../service/drive.ts";
import { createMemoryStore } from "../../storage/memory/store.ts";
import type { Assertion } from "./document.ts";

/** The service's default budget, so that what passes here is not refused there. */
const LIMITS: EvaluationLimits = { maxNodes: 100_000, maxRows: 100_000 };
const ORIGIN = { actor: "relata validate", requestId: "validate" };
const BATCH = 1_000;

/** What became of one assertion: the decision, or why there is none. */
export interface Outcome {
  readonly assertion: Assertion;
  readonly got: Decision["kind"] | "error";
  /** For `error`: what is wrong with the question. */
  readonly message: string;
  readonly passed: boolean;
}

/** Asks every assertion of a memory store that holds the tuples, through the same solver as the service. */
export async function evaluateAssertions(
  schema: Schema,
  tuples: readonly Tuple[],
  assertions: readonly Assertion[],
  now: () => number,
): Promise<readonly Outcome[]> {
  const source = await sourceOfTuples(tuples, now);
  const outcomes: Outcome[] = [];
  const nowMs = now();
  for (const assertion of assertions) outcomes.push(await evaluate(schema, source, assertion, nowMs));
  return outcomes;
}

async function sourceOfTuples(tuples: readonly Tuple[], now: () => number): Promise<TupleSource> {
  const store = createMemoryStore({ now });
  const tenant = await store.tenants.create({ slug: "validate" }, ORIGIN);
  let head = await store.revisions.head(tenant);
  for (let at = 0; at < tuples.length; at += BATCH) {
    const updates = tuples.slice(at, at + BATCH).map((tuple) => ({ operation: "touch" as const, tuple }));
    const request = {
      updates,
      preconditions: [],
      schemaVersion: head.schemaVersion,
      nowMs: now(),
      origin: ORIGIN,
    };
    head = (await store.tuples.write(tenant, request)).head;
  }
  return store.tuples.source(tenant, head.revision);
}

async function evaluate(schema: Schema, source: TupleSource, assertion: Assertion, nowMs: number): Promise<Outcome> {
  const { object, permission, subject } = assertion;
  const question = { object, member: permission, subject };
  try {
    validateQuestion(schema, question);
    const solver = startCheck(planSchema(schema), { question, context: {} }, { nowMs, limits: LIMITS });
    await drive(solver, source, LIMITS);
    const [outcome] = solver.outcomes();
    if (outcome === undefined || outcome instanceof RelataError) throw outcome;
    const got = outcome.decision.kind;
    return { assertion, got, message: "", passed: got === assertion.expected };
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    return { assertion, got: "error", message: error.message, passed: false };
  }
}
