import { compileSchema } from "../../src/dsl/compile.ts";
import type { Question } from "../../src/engine/solver.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

/** Random worlds from a seed: a schema as text, tuples it allows, questions about them. */
export interface Draft {
  readonly types: readonly DraftType[];
  readonly tuples: readonly string[];
}

export interface DraftType {
  readonly name: string;
  readonly relations: readonly { readonly name: string; readonly allowed: readonly string[] }[];
  readonly permissions: readonly { readonly name: string; readonly expression: DraftExpression }[];
}

export type DraftExpression =
  | { readonly kind: "leaf"; readonly text: string }
  | { readonly kind: "operation"; readonly operator: "+" | "&" | "-"; readonly parts: readonly DraftExpression[] };

/** What may appear: SpiceDB refuses, or answers by error, some of what relata allows. */
export interface Dialect {
  /** `group#member` where `member` allows `user:*`. */
  readonly wildcardBehindUserset: boolean;
  readonly cyclicTuples: boolean;
  /** Permissions of one object that need each other. */
  readonly mutualPermissions: boolean;
}

export const EVERYTHING: Dialect = { wildcardBehindUserset: true, cyclicTuples: true, mutualPermissions: true };

export type Random = () => number;

/** mulberry32: 32 bits of state, good enough to pick test cases and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function upTo(random: Random, most: number): number {
  return Math.floor(random() * (most + 1));
}

const TYPES = ["group", "folder", "document"] as const;
const RELATIONS = ["parent", "member", "owner"] as const;
const PERMISSIONS = ["view", "edit", "admin", "share"] as const;
const IDS = ["aa1", "bb2", "cc3", "dd4"] as const;

export function randomDraft(random: Random, dialect: Dialect): Draft {
  const names = TYPES.slice(0, 1 + upTo(random, TYPES.length - 1));
  const shapes = names.map((name) => ({
    name,
    relations: RELATIONS.slice(random() < 0.85 ? 0 : 1, random() < 0.2 ? 2 : 3),
    permissions: PERMISSIONS.slice(0, upTo(random, PERMISSIONS.length)),
  }));
  const types = shapes.map(
    (shape): DraftType => ({
      name: shape.name,
      relations: shape.relations.map((name) => ({ name, allowed: randomAllowed(random, shapes, name, dialect) })),
      permissions: shape.permissions.map((name, index) => {
        const seen = dialect.mutualPermissions ? shape.permissions : shape.permissions.slice(0, index);
        return { name, expression: randomExpression(random, { ...shape, permissions: seen }, 0) };
      }),
    }),
  );
  const all: readonly DraftType[] = [{ name: "user", relations: [], permissions: [] }, ...types];
  return { types: all, tuples: randomTuples(random, all, dialect) };
}

interface Shape {
  readonly name: string;
  readonly relations: readonly string[];
  readonly permissions: readonly string[];
}

function randomAllowed(
  random: Random,
  shapes: readonly Shape[],
  relation: string,
  dialect: Dialect,
): readonly string[] {
  const allowed = new Set<string>();
  for (let i = 1 + upTo(random, 2); i > 0; i--) {
    const shape = pick(random, shapes);
    if (relation !== "parent" && random() < 0.4) allowed.add("user");
    const draw = random();
    // `parent` is what arrows mostly go through, so it rarely points at users.
    if (relation === "parent" ? draw < 0.8 : draw < 0.15) allowed.add(shape.name);
    else if (draw < 0.3) allowed.add(`${shape.name}#${pick(random, [...shape.relations, ...shape.permissions])}`);
    else if (draw < 0.5) allowed.add(`${shape.name}#${pick(random, shape.relations)}`);
    else if (draw < 0.6 && relation !== "parent" && dialect.wildcardBehindUserset) allowed.add("user:*");
    else if (draw < 0.65 && relation === "owner") allowed.add("user:*");
    else allowed.add("user");
  }
  return [...allowed];
}

const MAX_DEPTH = 2;

function randomExpression(random: Random, shape: Shape, depth: number): DraftExpression {
  const draw = random();
  if (depth < MAX_DEPTH && draw < 0.55) {
    const operator = pick(random, ["+", "+", "&", "-"] as const);
    const parts = [randomExpression(random, shape, depth + 1), randomExpression(random, shape, depth + 1)];
    if (operator !== "-" && random() < 0.3) parts.push(randomExpression(random, shape, depth + 1));
    return { kind: "operation", operator, parts };
  }
  return { kind: "leaf", text: randomLeaf(random, shape) };
}

function randomLeaf(random: Random, shape: Shape): string {
  const draw = random();
  const tupleset = shape.relations.includes("parent") ? "parent" : pick(random, shape.relations);
  if (draw < 0.03) return "nil";
  if (draw < 0.06) return "self";
  if (draw < 0.25) return `${tupleset}->${pick(random, [...RELATIONS, ...PERMISSIONS])}`;
  if (draw < 0.3) return `${pick(random, shape.relations)}.any(${pick(random, PERMISSIONS)})`;
  if (draw < 0.42) return `${tupleset}.all(${pick(random, [...RELATIONS, ...PERMISSIONS])})`;
  return pick(random, draw < 0.8 ? shape.relations : [...shape.relations, ...shape.permissions]);
}

function randomTuples(random: Random, types: readonly DraftType[], dialect: Dialect): readonly string[] {
  const tuples = new Set<string>();
  const places = types.flatMap((type) => type.relations.map((relation) => ({ type: type.name, relation })));
  for (let i = upTo(random, 70); i > 0; i--) {
    const { type, relation } = pick(random, places);
    const [subject = "", through = ""] = pick(random, relation.allowed).split("#");
    const [object, other] = [upTo(random, IDS.length - 1), upTo(random, IDS.length - 1)];
    // Without cycles tuples only point to a smaller id, or from any type to users.
    const down = dialect.cyclicTuples || subject.startsWith("user") || other < object;
    if (!down) continue;
    const name = subject.endsWith(":*") ? subject : `${subject}:${IDS[other]}`;
    tuples.add(`${type}:${IDS[object]}#${relation.name}@${name}${through === "" ? "" : `#${through}`}`);
  }
  return [...tuples];
}

export function printSchema({ types }: Draft): string {
  const uses = types.some(({ permissions }) => permissions.some(({ expression }) => usesSelf(expression)));
  const definitions = types.map(({ name, relations, permissions }) =>
    [
      `definition ${name} {`,
      ...relations.map((relation) => `  relation ${relation.name}: ${relation.allowed.join(" | ")}`),
      ...permissions.map((permission) => `  permission ${permission.name} = ${printExpression(permission.expression)}`),
      "}",
    ].join("\n"),
  );
  return `${[...(uses ? ["use self"] : []), ...definitions].join("\n")}\n`;
}

function usesSelf(expression: DraftExpression): boolean {
  return expression.kind === "leaf" ? expression.text === "self" : expression.parts.some(usesSelf);
}

function printExpression(expression: DraftExpression): string {
  if (expression.kind === "leaf") return expression.text;
  return expression.parts
    .map((part) => (part.kind === "leaf" ? part.text : `(${printExpression(part)})`))
    .join(` ${expression.operator} `);
}

export interface World {
  readonly text: string;
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
}

/** The draft compiled, or undefined when the compiler refuses its schema. */
export function build(draft: Draft): World | undefined {
  const text = printSchema(draft);
  const { schema } = compileSchema(text);
  return schema === undefined ? undefined : { text, schema, tuples: draft.tuples.map(parseTuple) };
}

/** An id no tuple has. */
export const STRANGE_ID = "zz9";

/** Every object a question can be about. */
export function objectsOf(draft: Draft): readonly ObjectRef[] {
  return draft.types.flatMap(({ name }) => [...IDS, STRANGE_ID].map((id) => ({ type: name, id })));
}

/** @param perSubject questions share a few subjects, since the oracle solves once per subject */
export function randomQuestions(random: Random, draft: Draft, subjects: number, perSubject: number): Question[] {
  const places = draft.types.flatMap(({ name, relations, permissions }) =>
    [...relations, ...permissions].map((member) => ({ type: name, member: member.name })),
  );
  const questions: Question[] = [];
  for (let i = 0; i < subjects; i++) {
    const subject = randomSubject(random, draft, places);
    for (let j = 0; j < perSubject; j++) {
      const { type, member } = pick(random, places);
      questions.push({ object: { type, id: random() < 0.05 ? STRANGE_ID : pick(random, IDS) }, member, subject });
    }
    if (subject.relation !== "") questions.push({ object: subject, member: subject.relation, subject });
  }
  return questions;
}

function randomSubject(random: Random, draft: Draft, places: readonly { type: string; member: string }[]): SubjectRef {
  const id = random() < 0.05 ? STRANGE_ID : pick(random, IDS);
  const draw = random();
  if (draw < 0.7) return { type: "user", id, relation: "" };
  if (draw < 0.8) return { type: pick(random, draft.types).name, id, relation: "" };
  const { type, member } = pick(random, places);
  return { type, id, relation: member };
}
