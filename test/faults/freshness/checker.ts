import { type Ask, keyOfAsk } from "./flips.ts";
import { createJudge, type Judge } from "./judge.ts";
import type { AnswerRecord, Told, WriteRecord } from "./records.ts";

export interface StoredRevision {
  /** Which write made it; undefined where it was none of ours, as of a schema. */
  readonly write: string | undefined;
  /** The text of its schema. */
  readonly schema: string;
}

export interface FreshnessHistory {
  /** Revision 1, 2, …, by the database's own word. */
  readonly revisions: readonly StoredRevision[];
  readonly writes: readonly WriteRecord[];
  /** Whatever else was acknowledged. */
  readonly told: readonly Told[];
  readonly answers: readonly AnswerRecord[];
  /** How old a minimize_latency answer may be. */
  readonly maxStalenessMs: number;
}

/**
 * Every answer that must not have been given; empty when all is right:
 * - an acknowledged write is the revision that its token names;
 * - an answer is right at the revision of its own token, as a whole;
 * - `fully_consistent`: that revision is not older than what anybody had been told of when the question was sent;
 * - `minimize_latency`: nor than what anybody had been told of `maxStalenessMs` before;
 * - `at_least_as_fresh`: nor than the token that was sent along; `at_exact_snapshot`: it is that revision.
 *
 * "Told of": a write was acknowledged with it, or an answer came with its token.
 */
export function checkFreshness(history: FreshnessHistory): readonly string[] {
  const flips = new Map(history.writes.map((write) => [write.id, write.flips]));
  const judge = createJudge(
    history.revisions.map(({ write, schema }) => ({ flips: flips.get(write ?? "") ?? [], schema })),
  );
  const known = knowledgeOf(history);
  return [
    ...checkWrites(history),
    ...history.answers.flatMap((answer) => {
      const problem = problemOf(answer, judge, known, history.maxStalenessMs);
      return problem === undefined ? [] : [`${problem}: ${describe(answer)}`];
    }),
  ];
}

function checkWrites({ revisions, writes }: FreshnessHistory): readonly string[] {
  const problems: string[] = [];
  for (const { id, acknowledged } of writes) {
    if (acknowledged === undefined || revisions[acknowledged.revision - 1]?.write === id) continue;
    const found = revisions.findIndex(({ write }) => write === id) + 1;
    problems.push(
      found === 0
        ? `acknowledged write ${id} is lost`
        : `write ${id} is revision ${found}, its token says ${acknowledged.revision}`,
    );
  }
  return problems;
}

/** The newest revision that anybody had been told of before an instant. */
type Knowledge = (atMs: number) => number;

function knowledgeOf({ writes, answers, told: others }: FreshnessHistory): Knowledge {
  const told = [
    ...others,
    ...writes.flatMap(({ acknowledged }) => (acknowledged === undefined ? [] : [acknowledged])),
    ...answers.flatMap(({ endedAtMs, revision }) => (revision === undefined ? [] : [{ atMs: endedAtMs, revision }])),
  ].sort((a, b) => a.atMs - b.atMs);
  let newest = 0;
  const steps = told.map(({ atMs, revision }) => {
    newest = Math.max(newest, revision);
    return { atMs, newest };
  });
  return (atMs) => {
    let low = 0;
    for (let high = steps.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((steps[middle]?.atMs ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return steps[low - 1]?.newest ?? 0;
  };
}

function problemOf(answer: AnswerRecord, judge: Judge, known: Knowledge, maxStalenessMs: number): string | undefined {
  const { revision, said, ask } = answer;
  const oldest = oldestAllowed(answer, known, maxStalenessMs);
  if (revision === undefined) {
    // A lookup that found nothing: right if there was nothing at some revision that it may have looked at.
    const newest = answer.mode === "at_exact_snapshot" ? answer.asked : judge.head;
    for (let at = oldest; at <= newest; at += 1) if (judge.expected(at, ask) === said) return undefined;
    return `stale or wrong: empty at no revision from ${oldest} to ${newest}`;
  }
  const expected = judge.expected(revision, ask);
  if (expected === undefined) return `no such revision: ${revision} of ${judge.head}`;
  if (revision < oldest) return `stale: revision ${revision}, and not ${oldest} or newer`;
  if (answer.mode === "at_exact_snapshot" && revision !== answer.asked) return `not the snapshot ${answer.asked}`;
  if (said !== expected) return `wrong at its own revision ${revision}, where ${difference(ask, said, expected)}`;
  return undefined;
}

function oldestAllowed({ mode, asked, beganAtMs }: AnswerRecord, known: Knowledge, maxStalenessMs: number): number {
  switch (mode) {
    case "fully_consistent":
      return known(beganAtMs);
    case "minimize_latency":
      return known(beganAtMs - maxStalenessMs);
    case "at_least_as_fresh":
    case "at_exact_snapshot":
      return asked;
  }
}

/** What it is in place of what was said. */
function difference(ask: Ask, said: string, expected: string): string {
  if (ask.kind !== "batch") return `it is [${expected}]`;
  const words = said.split(" ");
  const wrong = expected
    .split(" ")
    .flatMap((word, index) => (word === words[index] ? [] : [`${ask.questions[index]} is ${word}`]));
  return `[${wrong.join(", ")}]`;
}

function describe({ node, mode, asked, beganAtMs, endedAtMs, revision, ask, said }: AnswerRecord): string {
  const token = asked === 0 ? "" : `(${asked})`;
  const took = `${beganAtMs.toFixed(1)}-${endedAtMs.toFixed(1)}`;
  const question = ask.kind === "batch" ? `${ask.questions.length} questions` : keyOfAsk(ask);
  return `${node} ${mode}${token} at ${took} ms said [${said}] at ${revision} to ${question}`;
}
