import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import type { Question } from "../../src/engine/solver.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

/** A file of the validation format: schema, relationships, assertions. */
export interface Scenario {
  readonly text: string;
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
  readonly assertions: readonly Assertion[];
}

export interface Assertion {
  readonly text: string;
  readonly question: Question;
  /** Empty where the assertion has none. */
  readonly context: JsonObject;
  readonly expected: Decision["kind"];
}

/** The project's own. */
export const OWN: string = join(import.meta.dirname, "../../schema/cases");
/** SpiceDB's integration scenarios, where they are at hand. */
export const SPICEDB: string = join(import.meta.dirname, "../../../shared/conformance/spicedb");

/** Those of a folder; none when it is not there. */
export function loadScenarios(folder: string): readonly { readonly file: string; readonly scenario: Scenario }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file, scenario: loadScenario(readFileSync(join(folder, file), "utf8"), file) }));
}

function loadScenario(yaml: string, file: string): Scenario {
  const content = parse(yaml);
  const { schema, diagnostics } = compileSchema(content.schema, { file });
  if (schema === undefined) throw new Error(renderDiagnostics(content.schema, diagnostics));
  const { assertTrue, assertFalse, assertCaveated } = content.assertions ?? {};
  const assertions = (texts: unknown, expected: Decision["kind"]) =>
    ((texts ?? []) as readonly string[]).map((text) => parseAssertion(text, expected));
  return {
    text: content.schema,
    schema,
    tuples: linesOf(content.relationships ?? "").map(parseTuple),
    assertions: [
      ...assertions(assertTrue, "allowed"),
      ...assertions(assertFalse, "denied"),
      ...assertions(assertCaveated, "conditional"),
    ],
  };
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("//"));
}

/** `document:1#view@user:anne with {"amount": 3}`; before `with` it reads like a tuple. */
function parseAssertion(text: string, expected: Decision["kind"]): Assertion {
  const [asked = "", context = "{}"] = text.split(/ with (.*)/s);
  return { text, question: parseQuestion(asked.trim()), context: JSON.parse(context), expected };
}

function parseQuestion(text: string): Question {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    object: { type: objectType, id: objectId },
    member: relation,
    subject: { type: subjectType, id: subjectId, relation: subjectRelation },
  };
}

/** Every id that tuples or assertions name. */
export function idsOf({ tuples, assertions }: Scenario): readonly string[] {
  const ids = [
    ...tuples.flatMap(({ objectId, subjectId }) => [objectId, subjectId]),
    ...assertions.flatMap(({ question: { object, subject } }) => [object.id, subject.id]),
  ];
  return [...new Set(ids)].filter((id) => id !== "*");
}

/** Every id under every type. */
export function objectsOf(scenario: Scenario): readonly ObjectRef[] {
  const ids = idsOf(scenario);
  return scenario.schema.types.flatMap(({ name }) => ids.map((id) => ({ type: name, id })));
}

/** Every subject that tuples or assertions name. */
export function subjectsOf({ tuples, assertions }: Scenario): readonly SubjectRef[] {
  const subjects = new Map<string, SubjectRef>();
  const meet = ({ type, id, relation }: SubjectRef) =>
    subjects.set(`${type}:${id}#${relation}`, { type, id, relation });
  for (const { subjectType, subjectId, subjectRelation } of tuples) {
    if (subjectId !== "*") meet({ type: subjectType, id: subjectId, relation: subjectRelation });
  }
  for (const { question } of assertions) meet(question.subject);
  return [...subjects.values()];
}

/** The contexts of the assertions, each once, and none. */
export function contextsOf({ assertions }: Scenario): readonly JsonObject[] {
  const contexts = new Map<string, JsonObject>([["{}", {}]]);
  for (const { context } of assertions) contexts.set(JSON.stringify(context), context);
  return [...contexts.values()];
}
