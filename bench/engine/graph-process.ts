// A graph of one size in a process of its own, so that its memory is its own and its code was compiled for it alone.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { planOf } from "../compiled.ts";
import { answerParent } from "../load/child.ts";
import { doctor } from "../workloads/doctor.ts";
import { documents } from "../workloads/documents.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { FIRST_HEAD, fillGraph } from "./fill-graph.ts";
import { type ResidentCheck, residentCheck } from "./resident-check.ts";
import { clockNs, type Latencies, type Throughput, timeAll, timeEach, wrongAnswers } from "./time-checks.ts";

export type GraphOrder =
  | {
      readonly what: "fill";
      readonly tuples: number;
      readonly questions: number;
      /** Turns the known answer of the first question around, to see that it is noticed. */
      readonly doctored: boolean;
    }
  | { readonly what: "round"; readonly durationMs: number; readonly calls: number };

export interface GraphAnswer {
  readonly filled?: Filled;
  readonly round?: GraphRound;
}

export interface Filled {
  readonly tuples: number;
  readonly objects: number;
  /** As the graph counts them. */
  readonly graphBytes: number;
  /** By how much the process grew, after a collection before and behind. */
  readonly rssBytes: number;
  readonly loadTuplesPerCpuSecond: number;
  readonly clockNs: number;
  readonly wrong: readonly KnownQuestion[];
  /** How many questions of each kind were compared. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface GraphRound {
  readonly throughput: Throughput;
  readonly latencies: Latencies;
}

/** Smallest size there is: compiles what fills, before memory is looked at. */
const WARM_TUPLES = 1_000;

let check: ResidentCheck | undefined;
let questions: readonly KnownQuestion[] = [];

async function answer(order: GraphOrder): Promise<GraphAnswer> {
  if (order.what === "fill") return { filled: fill(order) };
  if (check === undefined) throw new Error("nothing has been filled yet");
  const throughput = timeAll(check, questions, order.durationMs);
  return { round: { throughput, latencies: timeEach(check, questions, order.calls) } };
}

function fill({ tuples, questions: count, doctored }: Extract<GraphOrder, { what: "fill" }>): Filled {
  const work = documents(tuples);
  fillGraph(documents(WARM_TUPLES).generate());
  collectGarbage();
  const before = process.memoryUsage.rss();
  const { graph, loadCpuMs } = fillGraph(work.generate());
  collectGarbage();
  const rssBytes = process.memoryUsage.rss() - before;
  check = residentCheck(planOf(work.schema), graph, FIRST_HEAD.revision);
  const asked = doctor(work.questions(count), doctored);
  const wrong = wrongAnswers(check, asked);
  questions = wrong.length === 0 ? asked : asked.filter((one) => !wrong.includes(one));
  const kinds: Record<string, number> = {};
  for (const { kind } of asked) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { objects, bytes: graphBytes } = graph;
  const loadTuplesPerCpuSecond = work.tuples / (loadCpuMs / 1000);
  return {
    tuples: work.tuples,
    objects,
    graphBytes,
    rssBytes,
    loadTuplesPerCpuSecond,
    clockNs: clockNs(),
    wrong,
    kinds,
  };
}

/** Twice: the first run's finalizers free what the second finds. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
}

answerParent(answer, () => undefined);
