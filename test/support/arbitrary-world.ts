import { compileSchema } from "../../src/dsl/compile.ts";
import type { Question } from "../../src/engine/solver.ts";
import { validateTuple } from "../../src/engine/validate.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { Dialect, Draft } from "./arbitrary.ts";
import { IDS, NOW_MS } from "./arbitrary.ts";
import { judgeByTwin, randomContext } from "./arbitrary-caveats.ts";
import { printSchema } from "./arbitrary-print.ts";
import { createOracle, type Oracle } from "./oracle.ts";
import type { Random } from "./random.ts";
import { pick } from "./random.ts";

/** A draft compiled. */
export interface World {
  readonly text: string;
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
  readonly contextual: readonly Tuple[];
}

/** The draft compiled, or undefined when the compiler refuses its schema. */
export function build(draft: Draft): World | undefined {
  const text = printSchema(draft);
  const { schema } = compileSchema(text);
  if (schema === undefined) return undefined;
  return { text, schema, tuples: draft.tuples.map(parseTuple), contextual: draft.contextual.map(parseTuple) };
}

/** As `build`, and undefined as well when some tuple is not one its schema allows: a draft shrunk too far. */
export function buildFit(draft: Draft): World | undefined {
  const world = build(draft);
  if (world === undefined) return undefined;
  try {
    for (const tuple of [...world.tuples, ...world.contextual]) validateTuple(world.schema, tuple);
    return world;
  } catch {
    return undefined;
  }
}

/** False where a draft has been shrunk too far for a question about it. */
export function isKnown({ schema }: World, type: string, member: string): boolean {
  return schema.definitions.get(type)?.members.has(member) === true;
}

export function knowsSubject(world: World, { type, relation }: SubjectRef): boolean {
  return world.schema.definitions.has(type) && (relation === "" || isKnown(world, type, relation));
}

/** An id no tuple has. */
export const STRANGE_ID = "zz9";

/** Every object a question can be about. */
export function objectsOf(draft: Draft): readonly ObjectRef[] {
  return draft.types.flatMap(({ name }) => [...IDS, STRANGE_ID].map((id) => ({ type: name, id })));
}

/** What the requests of one subject have in common. */
export interface Asking {
  readonly subject: SubjectRef;
  readonly context: JsonObject;
  /** Whether they bring the world's contextual tuples. */
  readonly contextual: boolean;
  readonly nowMs: number;
}

export function randomAsking(random: Random, draft: Draft, { caveats, failures }: Dialect): Asking {
  return {
    subject: randomSubject(random, draft),
    context: caveats ? randomContext(random, failures) : {},
    contextual: random() < 0.3,
    nowMs: NOW_MS,
  };
}

function randomSubject(random: Random, draft: Draft): SubjectRef {
  const id = random() < 0.05 ? STRANGE_ID : pick(random, IDS);
  const draw = random();
  if (draw < 0.7) return { type: "user", id, relation: "" };
  if (draw < 0.8) return { type: pick(random, draft.types).name, id, relation: "" };
  const { type, member } = pick(random, placesOf(draft));
  return { type, id, relation: member };
}

export interface Place {
  readonly type: string;
  readonly member: string;
}

/** Every relation and permission. */
export function placesOf({ types }: Draft): readonly Place[] {
  return types.flatMap(({ name, relations, permissions }) =>
    [...relations, ...permissions].map((member) => ({ type: name, member: member.name })),
  );
}

/** Every member of every object, asked for one subject. */
export function everyQuestion(draft: Draft, subject: SubjectRef): readonly Question[] {
  return placesOf(draft).flatMap(({ type, member }) =>
    [...IDS, STRANGE_ID].map((id) => ({ object: { type, id }, member, subject })),
  );
}

export function randomQuestions(random: Random, draft: Draft, subject: SubjectRef, count: number): Question[] {
  const places = placesOf(draft);
  const questions: Question[] = [];
  for (let i = 0; i < count; i++) {
    const { type, member } = pick(random, places);
    questions.push({ object: { type, id: random() < 0.05 ? STRANGE_ID : pick(random, IDS) }, member, subject });
  }
  if (subject.relation !== "") questions.push({ object: subject, member: subject.relation, subject });
  return questions;
}

/** The tuples a request with contextual tuples sees: they replace stored ones with their key. */
export function overlay(stored: readonly Tuple[], contextual: readonly Tuple[]): readonly Tuple[] {
  const byKey = new Map<string, Tuple>();
  for (const tuple of [...stored, ...contextual]) {
    const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = tuple;
    byKey.set([objectType, objectId, relation, subjectType, subjectId, subjectRelation].join(" "), tuple);
  }
  return [...byKey.values()];
}

/** The oracle of a random world, for askings with and without contextual tuples. */
export function oracleOf(draft: Draft, world: World): (asking: Pick<Asking, "contextual">) => Oracle {
  const strangers = objectsOf(draft);
  const plain = createOracle({ ...world, strangers, judge: judgeByTwin });
  const tuples = overlay(world.tuples, world.contextual);
  const overlaid = createOracle({ ...world, tuples, strangers, judge: judgeByTwin });
  return ({ contextual }) => (contextual ? overlaid : plain);
}
