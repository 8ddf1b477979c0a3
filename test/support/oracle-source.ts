import type { Found, Need, ObjectScan, SubjectScan, TupleSource } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { TupleTable } from "../../src/storage/memory/tuple-table.ts";

/** Tuples in memory, answering at once. Counts what it was asked. */
export interface CountingSource extends TupleSource {
  answer(needs: readonly Need[]): readonly (readonly Found[])[];
  /** One entry per round of reads. */
  readonly asked: (readonly Need[])[];
  /** One entry per call. */
  readonly scanned: (readonly (SubjectScan | ObjectScan)[])[];
  rows: number;
}

/** Of two tuples with the same key the last one counts. */
export function createSource(tuples: Iterable<Tuple>): CountingSource {
  const table = new TupleTable();
  for (const tuple of tuples) {
    table.end(tuple, 0);
    table.begin(tuple, 0);
  }
  const counted = <Row>(answers: readonly (readonly Row[])[]) => {
    for (const answer of answers) source.rows += answer.length;
    return answers;
  };
  const source: CountingSource = {
    asked: [],
    scanned: [],
    rows: 0,
    answer: (needs) => {
      source.asked.push(needs);
      return counted(needs.map((need) => table.answer(need, 0)));
    },
    read: async (needs) => source.answer(needs),
    scanSubjects: async (scans, limit) => {
      source.scanned.push(scans);
      return counted(scans.map((scan) => table.scanSubjects(scan, limit, 0)));
    },
    scanObjects: async (scans, limit) => {
      source.scanned.push(scans);
      return counted(scans.map((scan) => table.scanObjects(scan, limit, 0)));
    },
  };
  return source;
}
