import type { EvaluationLimits } from "../../engine/limits.ts";
import { isOutOfBudget } from "../../engine/limits.ts";
import { type Plan, planSchema } from "../../engine/plan.ts";
import { type CheckItem, startCheck, startChecks } from "../../engine/solver.ts";
import { validateQuestion } from "../../engine/validate.ts";
import { RelataError } from "../../errors.ts";
import type { Decision, Outcome } from "../../model/decision.ts";
import type { TupleSource } from "../../model/need.ts";
import type { Schema } from "../../model/schema.ts";
import type { TreeNode } from "../../model/tree.ts";
import type { Tuple } from "../../model/tuple.ts";
import { drive } from "../../service/drive.ts";
import { createMemoryStore } from "../../storage/memory/store.ts";
import type { Assertion } from "./document.ts";

/** The service's default budget, so that what passes here is not refused there. */
const LIMITS: EvaluationLimits = { maxNodes: 100_000, maxRows: 100_000 };
const ORIGIN = { actor: "relata validate", requestId: "validate" };
/** Of tuples written at a time, and of questions asked at a time, as in a BatchCheck. */
const BATCH = 1_000;

/** What became of one assertion: the decision, or why there is none. */
export interface AssertionOutcome {
  readonly assertion: Assertion;
  readonly passed: boolean;
  readonly got: Decision | undefined;
  /** Without a decision: what is wrong. */
  readonly message: string;
  /** Of a wrong decision. */
  readonly explanation?: { readonly nodes: readonly TreeNode[]; readonly truncated: boolean };
}

/** Asks every assertion of a memory store that holds the tuples, through the same solver as the service. */
export async function evaluateAssertions(
  schema: Schema,
  tuples: readonly Tuple[],
  assertions: readonly Assertion[],
  nowMs: number,
): Promise<readonly AssertionOutcome[]> {
  const asked: Asked = { plan: planSchema(schema), source: await sourceOfTuples(tuples, nowMs), nowMs };
  const answers: (Outcome | RelataError)[] = assertions.map((assertion) => refused(schema, assertion) ?? UNASKED);
  const open = answers.flatMap((answer, index) => (answer === UNASKED ? [index] : []));
  for (let at = 0; at < open.length; at += BATCH)
    await askTogether(asked, assertions, open.slice(at, at + BATCH), answers);
  const outcomes: AssertionOutcome[] = [];
  for (const [index, assertion] of assertions.entries()) {
    outcomes.push(await judge(asked, assertion, answers[index] ?? UNASKED));
  }
  return outcomes;
}

interface Asked {
  readonly plan: Plan;
  readonly source: TupleSource;
  readonly nowMs: number;
}

const UNASKED = new RelataError("INTERNAL", "not asked");

async function sourceOfTuples(tuples: readonly Tuple[], nowMs: number): Promise<TupleSource> {
  const store = createMemoryStore({ now: () => nowMs });
  const tenant = await store.tenants.create({ slug: "validate" }, ORIGIN);
  let head = await store.revisions.head(tenant);
  for (let at = 0; at < tuples.length; at += BATCH) {
    const updates = tuples.slice(at, at + BATCH).map((tuple) => ({ operation: "touch" as const, tuple }));
    const request = { updates, preconditions: [], schemaVersion: head.schemaVersion, nowMs, origin: ORIGIN };
    head = (await store.tuples.write(tenant, request)).head;
  }
  return store.tuples.source(tenant, head.revision);
}

function refused(schema: Schema, assertion: Assertion): RelataError | undefined {
  try {
    validateQuestion(schema, itemOf(assertion).question);
    return undefined;
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
}

function itemOf({ object, permission, subject, context }: Assertion): CheckItem {
  return { question: { object, member: permission, subject }, context };
}

/** One run for many. Whoever finds the budget spent by the others is asked again alone, as the service would. */
async function askTogether(
  { plan, source, nowMs }: Asked,
  assertions: readonly Assertion[],
  indexes: readonly number[],
  answers: (Outcome | RelataError)[],
): Promise<void> {
  const items = indexes.flatMap((index) => assertions[index] ?? []).map(itemOf);
  const solver = startChecks(plan, items, { nowMs, limits: LIMITS });
  await drive(solver, source, LIMITS);
  const outcomes = solver.outcomes();
  for (const [at, index] of indexes.entries()) {
    const [item, outcome] = [items[at], outcomes[at]];
    if (item === undefined || outcome === undefined) continue;
    const spent = items.length > 1 && isOutOfBudget(outcome);
    answers[index] = spent ? await askAlone({ plan, source, nowMs }, item) : outcome;
  }
}

async function askAlone({ plan, source, nowMs }: Asked, item: CheckItem): Promise<Outcome | RelataError> {
  const solver = startCheck(plan, item, { nowMs, limits: LIMITS });
  await drive(solver, source, LIMITS);
  return solver.outcomes()[0] ?? UNASKED;
}

async function judge(asked: Asked, assertion: Assertion, answer: Outcome | RelataError): Promise<AssertionOutcome> {
  if (answer instanceof RelataError) return { assertion, passed: false, got: undefined, message: answer.message };
  const got = answer.decision;
  if (got.kind === assertion.expected) return { assertion, passed: true, got, message: "" };
  return { assertion, passed: false, got, message: "", explanation: await explain(asked, itemOf(assertion)) };
}

async function explain(
  { plan, source, nowMs }: Asked,
  item: CheckItem,
): Promise<NonNullable<AssertionOutcome["explanation"]>> {
  const solver = startCheck(plan, item, { nowMs, limits: LIMITS, explain: true });
  await drive(solver, source, LIMITS);
  return solver.explanation(0);
}
