import { compileSchema } from "../../../src/dsl/compile.ts";
import type { Schema } from "../../../src/model/schema.ts";
import { parseTuple } from "../../../src/model/tuple-text.ts";
import { createOracle, type Oracle } from "../../support/oracle.ts";
import { type Ask, applyFlips, CONTEXT, DOCUMENTS, type Flip, keyOfAsk, parseQuestion } from "./flips.ts";

/** What is right to say at each revision, by the oracle over the writes in the order of their revisions. */
export interface Judge {
  /** The newest revision. */
  readonly head: number;
  /** The answer as clients note it; undefined when there is no such revision. */
  expected(revision: number, ask: Ask): string | undefined;
}

/** Between the ends that tuples have. */
const NOW_MS = Date.UTC(2026, 0, 1);
const STRANGERS = [
  ...DOCUMENTS.map((id) => ({ type: "document", id })),
  { type: "folder", id: "f1" },
  { type: "group", id: "g1" },
];
const WORDS = { allowed: "allowed", denied: "denied", conditional: "conditional" } as const;

/** What a revision did, and what it was under. */
export interface JudgedRevision {
  /** None where it did nothing to tuples. */
  readonly flips: readonly Flip[];
  /** The text of its schema. */
  readonly schema: string;
}

/** @param revisions from revision 1 on */
export function createJudge(revisions: readonly JudgedRevision[]): Judge {
  const states: ReadonlyMap<string, string>[] = [new Map()];
  for (const { flips } of revisions) states.push(applyFlips(states.at(-1) ?? new Map(), flips));
  const schemas = new Map<string, Schema>();
  const oracles = new Map<number, Oracle>();
  const answers = new Map<string, string>();

  const schemaAt = (revision: number): Schema => {
    const text = revisions[revision - 1]?.schema ?? "";
    const schema = schemas.get(text) ?? compileSchema(text).schema;
    if (schema === undefined) throw new Error(`the schema of revision ${revision} does not compile: ${text}`);
    schemas.set(text, schema);
    return schema;
  };

  const oracleAt = (revision: number, state: ReadonlyMap<string, string>): Oracle => {
    const known = oracles.get(revision);
    if (known !== undefined) return known;
    const oracle = createOracle({
      schema: schemaAt(revision),
      tuples: [...state.values()].map(parseTuple),
      strangers: STRANGERS,
      judge: (_name, written, request) => written["shift"] === request["current"],
    });
    oracles.set(revision, oracle);
    return oracle;
  };

  return {
    head: states.length - 1,
    expected(revision, ask) {
      const state = states[revision];
      if (state === undefined) return undefined;
      const key = `${revision} ${keyOfAsk(ask)}`;
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = answerOf(oracleAt(revision, state), state, ask);
      answers.set(key, answer);
      return answer;
    },
  };
}

function answerOf(oracle: Oracle, state: ReadonlyMap<string, string>, ask: Ask): string {
  const decide = (question: string) => {
    const { object, permission, subject } = parseQuestion(question);
    return WORDS[oracle.check(object, permission, { subject, context: CONTEXT, nowMs: NOW_MS }).kind];
  };
  const allowed = (ids: Iterable<string>, question: (id: string) => string) =>
    [...new Set(ids)]
      .filter((id) => decide(question(id)) === "allowed")
      .sort()
      .join(" ");
  switch (ask.kind) {
    case "check":
      return decide(ask.question);
    case "batch":
      return ask.questions.map(decide).join(" ");
    case "resources":
      return allowed(DOCUMENTS, (id) => `document:${id}#view@user:${ask.user}`);
    case "subjects":
      return allowed(usersOf(state), (id) => `${ask.object}#${ask.permission}@user:${id}`);
  }
}

function usersOf(state: ReadonlyMap<string, string>): readonly string[] {
  return [...state.values()]
    .map(parseTuple)
    .filter(({ subjectType }) => subjectType === "user")
    .map(({ subjectId }) => subjectId);
}
