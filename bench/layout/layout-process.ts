// One graph in a process of its own, so that its memory is the process's: node layout-process.ts graph|plain <tuples>

import type { TupleKey } from "../../src/model/tuple.ts";
import { fillGraph } from "../engine/fill-graph.ts";
import { documents } from "../workloads/documents.ts";
import { nanosEach, type StepTimes, timeSteps } from "./graph-steps.ts";
import { PlainGraph } from "./plain-objects.ts";
import { sampling } from "./sample.ts";

export interface LayoutResult {
  readonly kind: string;
  readonly tuples: number;
  readonly objects: number;
  /** As the graph counts them; those of plain objects are not counted. */
  readonly countedPerTuple: number | null;
  /** What the heap and all buffers have grown by, and the process; the latter says little below some million tuples. */
  readonly usedPerTuple: number;
  readonly residentPerTuple: number;
  readonly loadPerCpuSecond: number;
  readonly nanos: Partial<StepTimes>;
}

const SAMPLE = 100_000;

const [kind, wanted] = [process.argv[2] ?? "graph", Number(process.argv[3] ?? 100_000)];
const workload = documents(wanted);
const { tuples } = workload;
const sample: TupleKey[] = [];
for (const _ of sampling(workload.generate(), tuples, SAMPLE, sample));
globalThis.gc?.();
const idle = process.memoryUsage();
console.log(JSON.stringify(kind === "plain" ? measurePlain() : measureGraph()));

function measureGraph(): LayoutResult {
  const { graph, loadCpuMs } = fillGraph(workload.generate());
  const memory = grownSince(idle);
  return {
    kind,
    tuples,
    objects: graph.objects,
    countedPerTuple: graph.bytes / tuples,
    ...memory,
    loadPerCpuSecond: tuples / (loadCpuMs / 1000),
    nanos: timeSteps(graph, sample),
  };
}

function measurePlain(): LayoutResult {
  const graph = new PlainGraph();
  const before = process.cpuUsage();
  for (const tuple of workload.generate()) graph.add(tuple);
  const { user, system } = process.cpuUsage(before);
  const memory = grownSince(idle);
  const at = (i: number): TupleKey => sample[i % sample.length] as TupleKey;
  const count = sample.length;
  return {
    kind,
    tuples,
    objects: 0,
    countedPerTuple: null,
    ...memory,
    loadPerCpuSecond: tuples / ((user + system) / 1e6),
    nanos: {
      object: nanosEach(count, (i) => graph.object(at(i).objectType, at(i).objectId)?.subjects.size ?? 0),
      findThere: nanosEach(count, (i) => graph.find(at(i))?.created ?? 0),
      findNotThere: nanosEach(count, (i) => graph.find({ ...at(i), subjectId: at(i + 1).subjectId })?.created ?? 0),
      firstSubject: nanosEach(
        count,
        (i) => graph.object(at(i).objectType, at(i).objectId)?.subjects.get(at(i).relation)?.[0]?.created ?? 0,
      ),
    },
  };
}

/** Since the sample was taken, and without what lies about. */
function grownSince(before: NodeJS.MemoryUsage): Pick<LayoutResult, "usedPerTuple" | "residentPerTuple"> {
  globalThis.gc?.();
  globalThis.gc?.();
  const now = process.memoryUsage();
  const used = now.heapUsed + now.external - before.heapUsed - before.external;
  return { usedPerTuple: used / tuples, residentPerTuple: (now.rss - before.rss) / tuples };
}
