import type { Question } from "../../src/engine/solver.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { Verbs } from "../../src/service/verbs.ts";
import type { CaveatJudge } from "../support/arbitrary-caveats.ts";
import type { Oracle } from "../support/oracle.ts";
import type { Expected } from "../support/oracle-judge.ts";

/** A world in a service, the circumstances of requests about it, and what the oracle says. */
export interface Room {
  readonly verbs: Verbs;
  readonly call: TenantCall;
  readonly context: JsonObject;
  readonly contextualTuples: readonly Tuple[];
  /** Stored and contextual. */
  readonly tuples: readonly Tuple[];
  /** Every id that is named anywhere or will be asked about. */
  readonly ids: readonly string[];
  readonly judge: CaveatJudge;
  expected(question: Question): Expected;
}

export function createRoom(parts: Omit<Room, "expected">, oracle: Oracle): Room {
  return {
    ...parts,
    expected: ({ object, member, subject }) => {
      const circumstances = { subject, context: parts.context, nowMs: parts.call.nowMs };
      return {
        answer: oracle.check(object, member, circumstances),
        change: oracle.firstChange(object, member, circumstances),
      };
    },
  };
}

/** How many calls of each verb were made, and how many answers compared. */
export type Tally = Record<Verb, { calls: number; answers: number }>;
type Verb = "check" | "batchCheck" | "lookupResources" | "lookupSubjects" | "expand";

export function createTally(): Tally {
  const none = () => ({ calls: 0, answers: 0 });
  return { check: none(), batchCheck: none(), lookupResources: none(), lookupSubjects: none(), expand: none() };
}

export function answersIn(tally: Tally): number {
  return Object.values(tally).reduce((sum, { answers }) => sum + answers, 0);
}

/** A verb and the oracle disagree. */
export class Disagreement extends Error {
  readonly question: Question;

  constructor(verb: string, question: Question, problem: string) {
    super(`${verb}: ${problem}`);
    this.question = question;
  }
}
