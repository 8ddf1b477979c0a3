import { type Closure, scanAfter, startClosure } from "../engine/closure.ts";
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
  const scan = pacedScan(source, signal);
  for (let round = closure.next(); round !== undefined; round = closure.next())
    closure.feed(await scan(round.scans, round.limit));
  const { sources, markOf } = resultSources(closure, judge, after);
  const groups = mergeScans(sources, { fetch: scan, idOf: ({ objectId }) => objectId, continueAfter: scanAfter });
  for await (const group of groups) {
    const mark = surest(group, markOf);
    if (mark !== undefined) yield { id: group.id, certain: mark === CERTAIN };
  }
}

function pacedScan(source: TupleSource, signal: AbortSignal): TupleSource["scanObjects"] {
  const pace = createPace(signal);
  return async (scans, limit) => {
    await pace(scans.length);
    const answers = await source.scanObjects(scans, limit);
    await pace(answers.reduce((rows, answer) => rows + answer.length, 0));
    return answers;
  };
}

/** Behind every subject relation: their names are lower case letters, digits and `_`. */
const BEHIND_ALL_RELATIONS = "~";

interface ResultSources {
  readonly sources: readonly MergeSource<FoundObject, ObjectScan>[];
  /** Undefined: the row does not hold. */
  readonly markOf: (source: number, row: FoundObject) => Mark | undefined;
}

/** Results met on the way are one source, sorted; scans are the others. */
function resultSources(closure: Closure, judge: TraitJudge, after: string): ResultSources {
  const targets = closure.targets();
  const ids = [...targets.keys()].filter((id) => id > after).sort();
  const streams = closure.streams();
  const place = after === "" ? {} : { after: { objectId: after, subjectRelation: BEHIND_ALL_RELATIONS } };
  return {
    sources: [
      { kind: "rows", rows: rowsOf(ids) },
      ...streams.map(({ scan }) => ({ kind: "scan" as const, scan: { ...scan, ...place } })),
    ],
    markOf: (source, row) => {
      const stream = streams[source - 1];
      if (stream === undefined) return targets.get(row.objectId);
      const { value, expiresAtMs } = judge.judge(row);
      if (value === FALSE) return undefined;
      return value === TRUE && expiresAtMs === undefined ? stream.mark : POSSIBLE;
    },
  };
}

function* rowsOf(ids: readonly string[]): Iterable<FoundObject> {
  for (const objectId of ids) yield { objectId, subjectRelation: "" };
}

function surest({ hits }: MergeGroup<FoundObject>, markOf: ResultSources["markOf"]): Mark | undefined {
  let best: Mark | undefined;
  for (const { source, row } of hits) {
    const mark = markOf(source, row);
    if (mark === CERTAIN) return mark;
    best = mark ?? best;
  }
  return best;
}
