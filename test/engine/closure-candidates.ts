import { type Closure, type ClosureLimits, scanAfter, startClosure } from "../../src/engine/closure.ts";
import { FALSE, TRUE } from "../../src/engine/formula.ts";
import { planSchema } from "../../src/engine/plan.ts";
import { CERTAIN, type Mark, POSSIBLE, planReverse } from "../../src/engine/reverse-plan.ts";
import { memberOf } from "../../src/engine/strata.ts";
import { createTraitJudge } from "../../src/engine/traits.ts";
import type { FoundObject, ObjectScan } from "../../src/model/need.ts";
import type { SubjectRef } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { TupleTable } from "../../src/storage/memory/tuple-table.ts";

export interface Search {
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
  readonly subject: SubjectRef;
  readonly type: string;
  readonly member: string;
  readonly context?: JsonObject;
  readonly nowMs?: number;
  readonly limits?: ClosureLimits;
}

export interface Candidates {
  readonly closure: Closure;
  readonly marks: ReadonlyMap<string, Mark>;
  /** Of these, the ones met on the way. */
  readonly met: ReadonlySet<string>;
  /** Every scan that was run, as text. */
  readonly scanned: readonly string[];
}

/** Runs a closure over tuples in memory, and then the scans that lead to results. */
export function findCandidates(search: Search): Candidates {
  const { schema, subject } = search;
  const table = new TupleTable();
  for (const tuple of search.tuples) table.begin(tuple, 0);
  const judge = createTraitJudge(schema, search.context ?? {}, search.nowMs ?? 0);
  const target = memberOf(schema, search.type, search.member);
  if (target === undefined) throw new Error(`the schema has no ${search.type}#${search.member}`);
  const plan = planReverse(planSchema(schema), subject, target.id);
  const closure = startClosure(plan, subject, judge, search.limits ?? { maxRows: 1_000_000 });
  const scanned: string[] = [];
  const read = (scans: readonly ObjectScan[], limit: number) => {
    scanned.push(
      ...scans.map(
        ({ subjectType, subjectId, subjectRelation, objectType, relation, after }) =>
          `${subjectType}:${subjectId}#${subjectRelation} ${objectType}#${relation}${after === undefined ? "" : " …"}`,
      ),
    );
    return scans.map((scan) => table.scanObjects(scan, limit, 0));
  };
  for (let round = closure.next(); round !== undefined; round = closure.next()) {
    closure.feed(read(round.scans, round.limit));
  }
  const marks = new Map<string, Mark>();
  for (const { ids, markOf } of closure.targets()) {
    for (const id of ids) if (marks.get(id) !== CERTAIN) marks.set(id, markOf(id));
  }
  const met = new Set(marks.keys());
  for (const { scan: first, mark } of closure.streams()) {
    for (let scan: ObjectScan | undefined = first; scan !== undefined; ) {
      const rows: readonly FoundObject[] = read([scan], 100)[0] ?? [];
      for (const row of rows) {
        const { value, expiresAtMs } = judge.judge(row);
        if (value === FALSE || marks.get(row.objectId) === CERTAIN) continue;
        marks.set(row.objectId, value === TRUE && expiresAtMs === undefined ? mark : POSSIBLE);
      }
      const last = rows.at(-1);
      scan = last !== undefined && rows.length === 100 ? scanAfter(scan, last) : undefined;
    }
  }
  return { closure, marks, met, scanned };
}
