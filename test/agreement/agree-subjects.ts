import type { Decision } from "../../src/model/decision.ts";
import { type Expected, mayFail, mustFail, problemOf, problemOfExpiry } from "../support/oracle-judge.ts";
import type { Ways } from "./agree-resources.ts";
import { type Audience, askSubjects } from "./ask.ts";
import { type Drained, differs, drainInPages, isInOrder, show } from "./lookup-pages.ts";
import { Disagreement, type Room, type Tally } from "./room.ts";

/** Named by no tuple: what holds for it holds for everybody nobody names. */
const ANYBODY = "qq0";

/** LookupSubjects at once, in pages, counted, and among candidates: what Check says of each, `*` standing for the rest. */
export async function agreeOnSubjects(room: Room, audience: Audience, ways: Ways, tally: Tally): Promise<void> {
  const whole = await askSubjects(room, audience, {});
  const anybody = room.expected(questionOf(audience, ANYBODY));
  const expected = new Map(room.ids.map((id) => [id, room.expected(questionOf(audience, id))]));
  tally.lookupSubjects.calls += 1;
  tally.lookupSubjects.answers += expected.size + 1;
  const fail = (id: string, problem: string) => {
    throw new Disagreement("LookupSubjects", questionOf(audience, id), `${problem}; all: ${show(whole.results)}`);
  };
  const wildcard = whole.results.find(({ id }) => id === "*");
  for (const result of whole.results) {
    const wanted = result.id === "*" ? anybody : expected.get(result.id);
    if (wanted === undefined) return fail(result.id, "nobody has heard of it");
    const problem = problemOf(result, wanted, "not_late");
    if (problem !== undefined) fail(result.id, problem);
    const isNothing = result.decision.kind === "denied" && (result.id === "*" || wildcard === undefined);
    if (isNothing) fail(result.id, "denied is no result");
  }
  if (!isInOrder(whole.results)) fail(ANYBODY, "out of order");
  const failing = [anybody, ...expected.values()].filter(({ answer }) => mayFail(answer));
  if (whole.error !== undefined) {
    if (failing.length === 0) fail(ANYBODY, `error ${whole.error.message}`);
    return;
  }
  if (failing.some(({ answer }) => mustFail(answer)))
    fail(ANYBODY, "a caveat that matters fails, and the lookup does not");
  if (wildcard === undefined && anybody.answer.kind !== "denied") fail(ANYBODY, "* is left out");
  for (const [id, wanted] of expected) {
    if (whole.results.some((result) => result.id === id)) continue;
    const problem = problemOfAbsence(wanted, wildcard);
    if (problem !== undefined) fail(id, problem);
  }
  if (failing.length === 0) await agreeOtherwise(room, audience, ways, tally, whole);
}

/** Whoever is left out is denied when there is no `*`, and otherwise exactly what `*` is. */
function problemOfAbsence(wanted: Expected, wildcard: Drained["results"][number] | undefined): string | undefined {
  const { kind } = wanted.answer;
  if (wildcard === undefined) return kind === "denied" ? undefined : `left out ${kind}`;
  const problem = problemOf({ decision: wildcard.decision }, { ...wanted, change: NEVER }, "not_late");
  return problem === undefined
    ? problemOfExpiry(wildcard.expiresAtMs, wanted.change, "not_late")
    : `left to *, which is ${problem}`;
}

const NEVER = { ofKind: undefined, ofAnything: undefined, vague: false };

async function agreeOtherwise(room: Room, audience: Audience, ways: Ways, tally: Tally, whole: Drained): Promise<void> {
  const fail = (way: string, given: unknown) => {
    const message = `${way} gives ${given}, all at once: ${show(whole.results)}`;
    throw new Disagreement("LookupSubjects", questionOf(audience, ANYBODY), message);
  };
  for (const limit of ways.pageSizes) {
    const paged = await drainInPages((page) => askSubjects(room, audience, page), limit);
    tally.lookupSubjects.calls += paged.calls;
    const isSame = paged.error === undefined && !differs(paged.results, whole.results);
    if (!isSame) fail(`in pages of ${limit}`, show(paged.results));
  }
  const { candidateIds } = ways;
  const some = await askSubjects(room, audience, { candidateIds });
  tally.lookupSubjects.calls += 1;
  const among = candidateIds
    .filter((id) => room.expected(questionOf(audience, id)).answer.kind !== "denied")
    .toSorted()
    .join();
  if (some.error !== undefined || some.results.map(({ id }) => id).join() !== among) {
    fail(`among ${candidateIds}`, `${show(some.results)} in place of ${among}`);
  }
  for (const result of some.results) {
    const problem = problemOf(result, room.expected(questionOf(audience, result.id)), "not_late");
    if (problem !== undefined) fail(`among ${candidateIds}`, `${result.id}: ${problem}`);
  }
  const { count } = await askSubjects(room, audience, { countOnly: true });
  tally.lookupSubjects.calls += 1;
  const counted = JSON.stringify([
    count?.allowed,
    count?.conditional,
    count?.excluded,
    count?.wildcard?.kind,
    count?.capped,
  ]);
  if (counted !== JSON.stringify(countOf(whole))) fail("counted", JSON.stringify(count));
}

function countOf({ results }: Drained): readonly unknown[] {
  const named = results.filter(({ id }) => id !== "*");
  const of = (kind: Decision["kind"]) => named.filter(({ decision }) => decision.kind === kind).length;
  const wildcard = results.find(({ id }) => id === "*")?.decision.kind;
  return [of("allowed"), of("conditional"), of("denied"), wildcard, false];
}

function questionOf({ object, member, subjectType, subjectRelation }: Audience, id: string) {
  return { object, member, subject: { type: subjectType, id, relation: subjectRelation } };
}
