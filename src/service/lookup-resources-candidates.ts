import { type Closure, type ResultScan, scanAfter, startClosure } from "../engine/closure.ts";
import { FALSE, TRUE } from "../engine/formula.ts";
import { CERTAIN, type Mark, POSSIBLE, planReverse } from "../engine/reverse-plan.ts";
import { createTraitJudge, type TraitJudge } from "../engine/traits.ts";
import type { FoundObject, ObjectScan, TupleSource } from "../model/need.ts";
import type { SubjectRef } from "../model/object.ts";
import type { Member } from "../model/schema.ts";
import type { JsonObject } from "../model/tuple.ts";
import type { Evaluation } from "./evaluation.ts";
import { type MergeGroup, type MergeSource, mergeScans } from "./ordered-merge.ts";
import { createPace } from "./pace.ts";

/** An object that may be a result. */
export interface Candidate {
  readonly id: string;
  /** It is one for good, and Check need not be asked: found by a way that nothing conditions, ends or subtracts from. */
  readonly certain: boolean;
}

export interface Search {
  readonly target: Member;
  readonly subject: SubjectRef;
  readonly context: JsonObject;
  readonly nowMs: number;
  /** Only ids behind this one; empty for all. */
  readonly after: string;
  readonly maxLookupRows: number;
  readonly signal: AbortSignal;
}

export interface Candidates {
  /**
   * Objects of the target's type in the order of their ids, each once: every one that Check does not say no of, and some
   * others. What leads there is collected first; the results themselves are read as they are asked for.
   * @throws BUDGET_EXHAUSTED when more than `maxLookupRows` lead there
   */
  readonly candidates: AsyncIterable<Candidate>;
  /** What was found on the way: Check need not find it again. */
  readonly holds: Closure["holds"];
}

export function findCandidates(evaluation: Evaluation, search: Search): Candidates {
  const { subject, target, maxLookupRows } = search;
  const judge = createTraitJudge(evaluation.schema, search.context, search.nowMs);
  const plan = planReverse(evaluation.plan, subject, target.id);
  const closure = startClosure(plan, subject, judge, { maxRows: maxLookupRows });
  return {
    candidates: streamCandidates(closure, judge, evaluation.source, search),
    holds: (member, id) => closure.holds(member, id),
  };
}

async function* streamCandidates(
  closure: Closure,
  judge: TraitJudge,
  source: TupleSource,
  { after, signal }: Search,
): AsyncGenerator<Candidate, void, undefined> {
  const pace = createPace(signal);
  const scan: TupleSource["scanObjects"] = async (scans, limit) => {
    await pace(scans.length);
    const answers = await source.scanObjects(scans, limit);
    await pace(answers.reduce((rows, answer) => rows + answer.length, 0));
    return answers;
  };
  for (let round = closure.next(); round !== undefined; round = closure.next())
    closure.feed(await scan(round.scans, round.limit));
  const marks: MarkOf[] = [];
  const sorted = await sortedRuns(closure, after, marks, pace);
  const streams = closure.streams();
  const groups = mergeScans(chain(sorted, scansOf(streams, after, marks, judge)), {
    fetch: scan,
    idOf: ({ objectId }) => objectId,
    continueAfter: scanAfter,
    sourceCount: sorted.length + streams.size,
  });
  for await (const group of groups) {
    const mark = surest(group, marks);
    if (mark !== undefined) yield { id: group.id, certain: mark === CERTAIN };
  }
}

/** How sure a source's row makes a result; undefined: the row does not hold. */
type MarkOf = (row: FoundObject) => Mark | undefined;
type Source = MergeSource<FoundObject, ObjectScan>;

/** Sorting so many ids takes some 10 ms. */
const RUN = 10_000;

/** What was met on the way, as sources of some thousand ids each: sorting a million at once would hold up everybody else. */
async function sortedRuns(
  closure: Closure,
  after: string,
  marks: MarkOf[],
  pace: (steps: number) => Promise<void>,
): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const { ids, markOf } of closure.targets()) {
    let run: string[] = [];
    const end = async () => {
      if (run.length === 0) return;
      sources.push({ kind: "rows", rows: rowsOf(run.sort()) });
      marks.push(({ objectId }) => markOf(objectId));
      await pace(run.length);
      run = [];
    };
    for (const id of ids) if (id > after && run.push(id) === RUN) await end();
    await end();
  }
  return sources;
}

/** Behind every subject relation: their names are lower case letters, digits and `_`. */
const BEHIND_ALL_RELATIONS = "~";

/** As they are asked for: there may be one for each of a million folders. */
function* scansOf(streams: Iterable<ResultScan>, after: string, marks: MarkOf[], judge: TraitJudge): Iterable<Source> {
  const place = after === "" ? {} : { after: { objectId: after, subjectRelation: BEHIND_ALL_RELATIONS } };
  const markOfRow = (mark: Mark): MarkOf => {
    return (row) => {
      const { value, expiresAtMs } = judge.judge(row);
      if (value === FALSE) return undefined;
      return value === TRUE && expiresAtMs === undefined ? mark : POSSIBLE;
    };
  };
  const of = { [CERTAIN]: markOfRow(CERTAIN), [POSSIBLE]: markOfRow(POSSIBLE) };
  for (const { scan, mark } of streams) {
    marks.push(of[mark]);
    yield { kind: "scan", scan: { ...scan, ...place } };
  }
}

function* chain<T>(...lists: readonly Iterable<T>[]): Iterable<T> {
  for (const list of lists) yield* list;
}

function* rowsOf(ids: readonly string[]): Iterable<FoundObject> {
  for (const objectId of ids) yield { objectId, subjectRelation: "" };
}

function surest({ hits }: MergeGroup<FoundObject>, marks: readonly MarkOf[]): Mark | undefined {
  let best: Mark | undefined;
  for (const { source, row } of hits) {
    const mark = marks[source]?.(row);
    if (mark === CERTAIN) return mark;
    best = mark ?? best;
  }
  return best;
}
