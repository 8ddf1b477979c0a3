// Each kind of step of a walk by itself, over tuples scattered through the whole graph: nothing that is asked about was asked
// before, so what does not fit the cache is not in it. CPU time, since the machine may be busy.
import type { ResidentGraph } from "../../src/graph/resident-graph.ts";
import { ABSENT, NONE, OBJECTS, USERSETS } from "../../src/model/graph.ts";
import type { TupleKey } from "../../src/model/tuple.ts";

/** Nanoseconds for one. */
export interface StepTimes {
  readonly object: number;
  readonly findThere: number;
  readonly findNotThere: number;
  readonly firstSubject: number;
  /** A row of a list: the next one, its subject, whether it is there. */
  readonly row: number;
  readonly state: number;
}

interface Resolved {
  readonly object: Int32Array;
  readonly relation: Int32Array;
  readonly subject: Int32Array;
  readonly subjectRelation: Int32Array;
  readonly row: Int32Array;
}

const ROUNDS = 5;

export function timeSteps(graph: ResidentGraph, sample: readonly TupleKey[]): StepTimes {
  const { object, relation, subject, subjectRelation, row } = resolve(graph, sample);
  const count = sample.length;
  const at = (values: Int32Array, i: number): number => values[i % count] as number;
  return {
    object: timeObject(graph, sample),
    findThere: nanosEach(count, (i) =>
      graph.find(at(object, i), at(relation, i), at(subject, i), at(subjectRelation, i)),
    ),
    findNotThere: nanosEach(count, (i) =>
      graph.find(at(object, i), at(relation, i), at(subject, i + 1), at(subjectRelation, i)),
    ),
    firstSubject: nanosEach(count, (i) => graph.firstSubject(at(object, i), at(relation, i), OBJECTS)),
    row: timeRows(graph, object, relation),
    state: nanosEach(count, (i) => graph.state(at(row, i), 1)),
  };
}

/** Less what it takes to get at the sample's strings: a request's have just been read. */
function timeObject(graph: ResidentGraph, sample: readonly TupleKey[]): number {
  const text = (i: number): TupleKey => sample[i] as TupleKey;
  const strings = nanosEach(sample.length, (i) => text(i).objectType.length + text(i).objectId.charCodeAt(1));
  const all = nanosEach(sample.length, (i) => graph.object(graph.type(text(i).objectType), text(i).objectId));
  return all - strings;
}

function resolve(graph: ResidentGraph, sample: readonly TupleKey[]): Resolved {
  const numbers = (of: (key: TupleKey) => number): Int32Array => Int32Array.from(sample, of);
  const object = numbers((k) => graph.object(graph.type(k.objectType), k.objectId));
  const relation = numbers((k) => graph.relation(k.relation));
  const subject = numbers((k) => graph.object(graph.type(k.subjectType), k.subjectId));
  const subjectRelation = numbers((k) => graph.relation(k.subjectRelation));
  const row = object.map((number, i) =>
    graph.find(number, relation[i] as number, subject[i] as number, subjectRelation[i] as number),
  );
  if (row.includes(NONE)) throw new Error("a tuple that was loaded is not found");
  return { object, relation, subject, subjectRelation, row };
}

/** All rows of the lists of both kinds, less what it takes to find the lists. */
function timeRows(graph: ResidentGraph, object: Int32Array, relation: Int32Array): number {
  let rows = 0;
  const walk = (i: number): number => {
    let there = 0;
    for (const list of [OBJECTS, USERSETS] as const) {
      let row = graph.firstSubject(object[i] as number, relation[i] as number, list);
      for (; row !== NONE; row = graph.nextSubject(row)) {
        rows++;
        if (graph.state(row, 1) !== ABSENT) there += graph.subjectOf(row);
      }
    }
    return there;
  };
  const heads = nanosEach(
    object.length,
    (i) =>
      graph.firstSubject(object[i] as number, relation[i] as number, OBJECTS) +
      graph.firstSubject(object[i] as number, relation[i] as number, USERSETS),
  );
  const all = nanosEach(object.length, walk);
  return Math.max(0, ((all - heads) * object.length * (ROUNDS + 1)) / rows);
}

/** The quickest of some rounds, after one that warms up the compiler. */
export function nanosEach(count: number, step: (index: number) => number): number {
  let [best, sum] = [Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) sum += step(i);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) best = Math.min(best, ((user + system) * 1000) / count);
  }
  if (Number.isNaN(sum)) throw new Error("a step has no number");
  return best;
}
