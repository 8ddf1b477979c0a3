import { parse } from "yaml";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import type { Question } from "../../src/engine/solver.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { World } from "../support/arbitrary.ts";

/** A file of the validation format: schema, relationships, assertions. */
export interface Scenario {
  readonly text: string;
  readonly schema: Schema;
  /** As written; they may carry caveats and expirations. */
  readonly relationships: readonly string[];
  readonly assertions: readonly Assertion[];
}

export interface Assertion {
  readonly text: string;
  readonly expected: boolean;
}

export function loadScenario(yaml: string, file: string): Scenario {
  const content = parse(yaml);
  const { schema, diagnostics } = compileSchema(content.schema, { file });
  if (schema === undefined) throw new Error(renderDiagnostics(content.schema, diagnostics));
  const { assertTrue = [], assertFalse = [] } = content.assertions ?? {};
  return {
    text: content.schema,
    schema,
    relationships: linesOf(content.relationships ?? ""),
    assertions: [
      ...(assertTrue ?? []).map((text: string) => ({ text, expected: true })),
      ...(assertFalse ?? []).map((text: string) => ({ text, expected: false })),
    ],
  };
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("//"));
}

export function worldOf({ text, schema, relationships }: Scenario): World {
  return { text, schema, tuples: relationships.map(parseTuple) };
}

/** `document:1#view@user:anne` reads like a tuple. */
export function parseQuestion(text: string): Question {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    object: { type: objectType, id: objectId },
    member: relation,
    subject: { type: subjectType, id: subjectId, relation: subjectRelation },
  };
}

/** Every id under every type, every member of it, every subject the tuples or assertions name. */
export function crossProduct({ schema, relationships, assertions }: Scenario): readonly Question[] {
  const tuples = [...relationships, ...assertions.map(({ text }) => text.replace(/ with .*/, ""))].map(parseTuple);
  const subjects = new Map<string, SubjectRef>();
  for (const tuple of tuples.filter(({ subjectId }) => subjectId !== "*")) {
    const subject = { type: tuple.subjectType, id: tuple.subjectId, relation: tuple.subjectRelation };
    subjects.set(JSON.stringify(subject), subject);
  }
  return objectsNamed(schema, tuples).flatMap((object) =>
    [...(schema.definitions.get(object.type)?.members.keys() ?? [])].flatMap((member) =>
      [...subjects.values()].map((subject) => ({ object, member, subject })),
    ),
  );
}

export function objectsNamed(schema: Schema, tuples: readonly Tuple[]): readonly ObjectRef[] {
  const ids = new Set(tuples.flatMap(({ objectId, subjectId }) => [objectId, subjectId]).filter((id) => id !== "*"));
  return [...schema.definitions.keys()].flatMap((type) => [...ids].map((id) => ({ type, id })));
}
