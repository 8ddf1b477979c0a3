import type { Question } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { problemOf } from "../support/oracle-judge.ts";
import { askBatch, askCheck } from "./ask.ts";
import { createTreeReader } from "./evaluate-tree.ts";
import { Disagreement, type Room, type Tally } from "./room.ts";

/** All questions in one batch, and some of them one by one. */
export async function agreeOnChecks(
  room: Room,
  questions: readonly Question[],
  single: readonly Question[],
  tally: Tally,
): Promise<void> {
  const answers = await askBatch(room, questions);
  tally.batchCheck.calls += 1;
  for (const [index, question] of questions.entries()) {
    judge("BatchCheck", room, question, answers[index]);
    tally.batchCheck.answers += 1;
  }
  for (const question of single) {
    judge("Check", room, question, await askCheck(room, question));
    tally.check.calls += 1;
    tally.check.answers += 1;
  }
}

function judge(verb: string, room: Room, question: Question, answer: Outcome | RelataError | undefined): void {
  const problem = answer === undefined ? "no answer" : problemOf(answer, room.expected(question), "exact");
  if (problem !== undefined) throw new Disagreement(verb, question, problem);
}

/** An explained Check decides the same, says so at the root, reads the same, and cites only tuples that are there. */
export async function agreeOnExplanation(room: Room, question: Question, tally: Tally): Promise<void> {
  const { verbs, call, context, contextualTuples } = room;
  const { object, member, subject } = question;
  const request = { object, permission: member, subject, context, contextualTuples, explain: true };
  tally.check.calls += 1;
  tally.check.answers += 1;
  let answer: Awaited<ReturnType<typeof verbs.check>>;
  try {
    answer = await verbs.check(call, { ...request, consistency: { kind: "fully_consistent" } });
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    judge("Check with explanation", room, question, error);
    return;
  }
  judge("Check with explanation", room, question, answer);
  const nodes = answer.explanation?.nodes ?? [];
  const root = nodes[0];
  if (root?.what.kind !== "member" || root.what.member !== member || root.result !== answer.decision.kind) {
    throw new Disagreement("Explain", question, `the root says ${JSON.stringify(root)}`);
  }
  if (answer.explanation?.truncated === true) return;
  const read = createTreeReader(nodes, room.judge)(subject, context);
  if (read !== answer.decision.kind) throw new Disagreement("Explain", question, `reads as ${read}`);
  const there = new Set(room.tuples.map(formatTuple));
  for (const { what } of nodes) {
    if (what.kind === "tuple" && !there.has(formatTuple(what.tuple))) {
      throw new Disagreement("Explain", question, `cites ${formatTuple(what.tuple)}, which is not there`);
    }
  }
}
