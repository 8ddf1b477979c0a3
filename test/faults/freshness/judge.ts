import { compileSchema } from "../../../src/dsl/compile.ts";
import { parseTuple } from "../../../src/model/tuple-text.ts";
import { createOracle, type Oracle } from "../../support/oracle.ts";
import { type Ask, applyFlips, CONTEXT, DOCUMENTS, FLIPS_SCHEMA, type Flip, keyOfAsk, parseQuestion } from "./flips.ts";

/** What is right to say at each revision, by the oracle over the writes in the order of their revisions. */
export interface Judge {
  /** The newest revision. */
  readonly head: number;
  /** The answer as clients note it; undefined when there is no such revision. */
  expected(revision: number, ask: Ask): string | undefined;
}

/** Between the ends that tuples have. */
const NOW_MS = Date.UTC(2026, 0, 1);
const WORDS = { allowed: "allowed", denied: "denied", conditional: "conditional" } as const;

/**
 * @param flipsOf what each revision did, from revision 1 on; undefined where it did nothing to tuples
 */
export function createJudge(flipsOf: readonly (readonly Flip[] | undefined)[]): Judge {
  const { schema } = compileSchema(FLIPS_SCHEMA);
  if (schema === undefined) throw new Error("the schema does not compile");
  const states: ReadonlyMap<string, string>[] = [new Map()];
  for (const flips of flipsOf) states.push(applyFlips(states.at(-1) ?? new Map(), flips ?? []));
  const oracles = new Map<number, Oracle>();
  const answers = new Map<string, string>();

  const oracleAt = (revision: number, state: ReadonlyMap<string, string>): Oracle => {
    const known = oracles.get(revision);
    if (known !== undefined) return known;
    const tuples = [...state.values()].map(parseTuple);
    const strangers = DOCUMENTS.map((id) => ({ type: "document", id }));
    const oracle = createOracle({
      schema,
      tuples,
      strangers: [...strangers, { type: "folder", id: "f1" }, { type: "group", id: "g1" }],
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
