import { ABSENT, NONE, OBJECTS } from "../../src/model/graph.ts";
import type { TupleKey } from "../../src/model/tuple.ts";
import { openMemoryKernels } from "../limits/memory-kernels.ts";
import { FIRST_HEAD, fillGraph } from "./fill-graph.ts";
import { openThreadClock } from "./thread-clock.ts";

/** By the CPU time of the thread. */
export interface ScanRound {
  /** A walk over the members of one group, each looked at whether it is there. */
  readonly walkBytesPerSecond: number;
  readonly memoryBytesPerSecond: number;
}

/** Of a row of the graph: see src/graph/tuple-table.ts. */
const ROW_BYTES = 32;
const WALKS = 3;
/** What comes from memory must not be in a cache of the processor since the last time. */
const LEAST_MEMORY_BYTES = 128 * 1024 ** 2;

/** A list of so many rows from end to end, and as much memory as they take by the processor's widest reads, in turns. */
export function timeScans(rows: number, rounds: number): readonly ScanRound[] {
  const threadCpuMs = openThreadClock();
  const { graph } = fillGraph(members(rows));
  const group = graph.object(graph.type("group"), "g");
  const member = graph.relation("member");
  const walk = () => {
    let there = 0;
    for (let row = graph.firstSubject(group, member, OBJECTS); row !== NONE; row = graph.nextSubject(row))
      if (graph.state(row, FIRST_HEAD.revision) !== ABSENT && graph.subjectOf(row) !== NONE) there += 1;
    if (there !== rows) throw new Error(`a walk over ${rows} members found ${there}`);
  };
  const bytes = rows * ROW_BYTES;
  const kernels = openMemoryKernels(Math.max(4 * bytes, LEAST_MEMORY_BYTES));
  const perSecond = (act: () => unknown) => {
    const begin = threadCpuMs();
    for (let time = 0; time < WALKS; time += 1) act();
    return (WALKS * bytes) / ((threadCpuMs() - begin) / 1000);
  };
  const round = () => ({
    walkBytesPerSecond: perSecond(walk),
    memoryBytesPerSecond: perSecond(() => kernels.scan(bytes)),
  });
  round();
  return Array.from({ length: rounds }, round);
}

function* members(count: number): Iterable<TupleKey> {
  const of = { objectType: "group", objectId: "g", relation: "member", subjectType: "user", subjectRelation: "" };
  for (let number = 0; number < count; number += 1) yield { ...of, subjectId: `user-${number}` };
}
