import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { planSchema } from "../../src/engine/plan.ts";
import { type CheckItem, type Question, startChecks } from "../../src/engine/solver.ts";
import { validateQuestion, validateTuple } from "../../src/engine/validate.ts";
import { RelataError } from "../../src/errors.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { drive } from "../../src/service/drive.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";

/** Answers many questions at once, in order: is it allowed? */
export type Ask = (questions: readonly Question[]) => Promise<readonly boolean[]>;

const LIMITS = { maxNodes: 10_000_000, maxRows: 10_000_000 };
const ORIGIN = { actor: "test", requestId: "test" };
const UPDATES_PER_WRITE = 1_000;

export function compileOrThrow(text: string, file: string): Schema {
  const { schema, diagnostics } = compileSchema(text, { file });
  if (schema === undefined) throw new Error(`${file} does not compile:\n${renderDiagnostics(text, diagnostics)}`);
  return schema;
}

/** As `decideInMemory`, without context: who is not surely allowed is not. */
export async function askInMemory(schemaText: string, tuples: readonly Tuple[], file = "schema.zed"): Promise<Ask> {
  const decide = await decideInMemory(schemaText, tuples, file);
  return async (questions) => {
    const kinds = await decide(questions.map((question) => ({ question, context: {} })));
    return kinds.map((kind) => kind === "allowed");
  };
}

/** Stores schema and tuples in a memory store, each tuple checked against the schema, and asks the solver over it. */
export async function decideInMemory(
  schemaText: string,
  tuples: readonly Tuple[],
  file = "schema.zed",
): Promise<(items: readonly CheckItem[]) => Promise<readonly Decision["kind"][]>> {
  const schema = compileOrThrow(schemaText, file);
  const store = createMemoryStore({ now: Date.now });
  const tenant = await store.tenants.create({ slug: "example" }, ORIGIN);
  await store.schemas.write(tenant, { text: schemaText, expectedVersion: 0, strands: [], origin: ORIGIN });
  await writeAll(store, tenant, schema, tuples);
  const plan = planSchema(schema);
  return async (items) => {
    for (const { question } of items) validateQuestion(schema, question);
    const { revision } = await store.revisions.head(tenant);
    const solver = startChecks(plan, items, { nowMs: Date.now(), limits: LIMITS });
    await drive(solver, store.tuples.source(tenant, revision), LIMITS);
    return solver.outcomes().map((outcome) => {
      if (outcome instanceof RelataError) throw outcome;
      return outcome.decision.kind;
    });
  };
}

async function writeAll(
  store: Store,
  tenant: { readonly id: string; readonly bucket: number },
  schema: Schema,
  tuples: readonly Tuple[],
): Promise<void> {
  for (const tuple of tuples) validateTuple(schema, tuple);
  for (let start = 0; start < tuples.length; start += UPDATES_PER_WRITE) {
    const updates = tuples
      .slice(start, start + UPDATES_PER_WRITE)
      .map((tuple) => ({ operation: "create" as const, tuple }));
    await store.tuples.write(tenant, { updates, preconditions: [], schemaVersion: 1, nowMs: 0, origin: ORIGIN });
  }
}

/** `document:1#view@user:anne with {"hour": 9}` as a question and its context. */
export function itemOf(text: string): CheckItem {
  const [question = "", context = "{}"] = text.split(" with ");
  return { question: questionOf(question), context: JSON.parse(context) };
}

/** `document:1#view@user:anne` as a question. */
export function questionOf(text: string): Question {
  const asked = parseTuple(text);
  return {
    object: { type: asked.objectType, id: asked.objectId },
    member: asked.relation,
    subject: { type: asked.subjectType, id: asked.subjectId, relation: asked.subjectRelation },
  };
}
