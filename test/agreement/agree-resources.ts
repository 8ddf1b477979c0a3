import { mayFail, mustFail, problemOf } from "../support/oracle-judge.ts";
import { askResources, type Grants } from "./ask.ts";
import { type Drained, differs, drainInPages, isInOrder, show } from "./lookup-pages.ts";
import { Disagreement, type Room, type Tally } from "./room.ts";

/** Besides all at once. */
export interface Ways {
  readonly pageSizes: readonly number[];
  readonly candidateIds: readonly string[];
}

/** LookupResources at once, in pages, counted, and among candidates: the objects for which Check does not say no. */
export async function agreeOnResources(room: Room, grants: Grants, ways: Ways, tally: Tally): Promise<void> {
  const whole = await askResources(room, grants, {});
  const expected = room.ids.map((id) => ({ id, ...room.expected(questionOf(grants, id)) }));
  tally.lookupResources.calls += 1;
  tally.lookupResources.answers += expected.length;
  const fail = (id: string, problem: string) => {
    throw new Disagreement("LookupResources", questionOf(grants, id), `${problem}; all: ${show(whole.results)}`);
  };
  for (const result of whole.results) {
    const wanted = expected.find(({ id }) => id === result.id);
    if (wanted === undefined) return fail(result.id, "nobody has heard of it");
    const problem = problemOf(result, wanted, "not_late");
    if (problem !== undefined || result.decision.kind === "denied") fail(result.id, problem ?? "denied is no result");
  }
  if (!isInOrder(whole.results)) fail("any", "out of order");
  const failing = expected.filter(({ answer }) => mayFail(answer));
  if (whole.error !== undefined) {
    if (failing.length === 0) fail("any", `error ${whole.error.message}`);
    return;
  }
  const [mute] = failing.filter(({ answer }) => mustFail(answer));
  if (mute !== undefined) fail(mute.id, "a caveat that matters fails, and the lookup does not");
  for (const { id, answer } of expected) {
    if (answer.kind !== "denied" && !whole.results.some((result) => result.id === id))
      fail(id, `left out ${answer.kind}`);
  }
  if (failing.length === 0) await agreeOtherwise(room, grants, ways, tally, whole);
}

async function agreeOtherwise(room: Room, grants: Grants, ways: Ways, tally: Tally, whole: Drained): Promise<void> {
  const fail = (way: string, given: unknown) => {
    const message = `${way} gives ${given}, all at once: ${show(whole.results)}`;
    throw new Disagreement("LookupResources", questionOf(grants, "any"), message);
  };
  for (const limit of ways.pageSizes) {
    const paged = await drainInPages((page) => askResources(room, grants, page), limit);
    tally.lookupResources.calls += paged.calls;
    const isSame = paged.error === undefined && !differs(paged.results, whole.results);
    if (!isSame) fail(`in pages of ${limit}`, show(paged.results));
  }
  const { candidateIds } = ways;
  const some = await askResources(room, grants, { candidateIds });
  const among = whole.results.filter(({ id }) => candidateIds.includes(id));
  tally.lookupResources.calls += 1;
  if (some.error !== undefined || differs(some.results, among)) fail(`among ${candidateIds}`, show(some.results));
  const { count } = await askResources(room, grants, { countOnly: true });
  tally.lookupResources.calls += 1;
  const allowed = whole.results.filter(({ decision }) => decision.kind === "allowed").length;
  const isRight = count?.allowed === allowed && count.conditional === whole.results.length - allowed && !count.capped;
  if (!isRight) fail("counted", JSON.stringify(count));
}

function questionOf({ type, member, subject }: Grants, id: string) {
  return { object: { type, id }, member, subject };
}
