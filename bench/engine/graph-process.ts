// The graphs of a workload at one size in a process of their own, so that their memory is their own and the code was compiled for them alone.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ResidentGraph } from "../../src/graph/resident-graph.ts";
import { planOf } from "../compiled.ts";
import { type MemoryKernels, openMemoryKernels } from "../limits/memory-kernels.ts";
import { answerParent } from "../load/child.ts";
import { doctor } from "../workloads/doctor.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import { WORKLOADS, type WorkloadName } from "../workloads/workloads.ts";
import { allocatedBytes } from "./allocations.ts";
import { FIRST_HEAD, fillGraph } from "./fill-graph.ts";
import { type ResidentCheck, tenantsCheck, tenantsWork } from "./resident-check.ts";
import { slowed } from "./slowed.ts";
import { openThreadClock } from "./thread-clock.ts";
import { clockNs, wrongAnswers } from "./time-checks.ts";
import { type GraphRound, timeRound } from "./time-round.ts";

export type GraphOrder =
  | {
      readonly what: "fill";
      readonly workload: WorkloadName;
      readonly tuples: number;
      readonly questions: number;
      /** Turns the known answer of the first question around, to see that it is noticed. */
      readonly doctored: boolean;
      /** By what share each Check takes longer than it does. */
      readonly slowSolver: number;
    }
  | { readonly what: "round"; readonly durationMs: number; readonly calls: number }
  | { readonly what: "count" };

export interface GraphAnswer {
  readonly filled?: Filled;
  readonly round?: GraphRound;
  readonly counted?: CountedWork;
}

export interface Filled {
  readonly tuples: number;
  readonly tenants: number;
  readonly objects: number;
  /** As the graphs count them. */
  readonly graphBytes: number;
  /** By how much the process grew, after a collection before and behind. */
  readonly rssBytes: number;
  readonly loadTuplesPerCpuSecond: number;
  readonly clockNs: number;
  readonly wrong: readonly KnownQuestion[];
  /** How many questions of each kind were compared. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Of one Check, on average over the questions. */
export interface CountedWork {
  readonly nodes: number;
  readonly rows: number;
  readonly allocatedBytes: number;
}

/** Smallest size there is: compiles what fills, before memory is looked at. */
const WARM_TUPLES = 1_000;
/** The first so many questions are counted, which have all kinds in them. */
const COUNTED = 2_000;

interface Held {
  readonly check: ResidentCheck;
  readonly work: (asked: KnownQuestion) => { readonly nodes: number; readonly rows: number };
  readonly questions: readonly KnownQuestion[];
  readonly kernels: MemoryKernels;
  nextQuestion: number;
}

let held: Held | undefined;
const threadCpuMs = openThreadClock();

async function answer(order: GraphOrder): Promise<GraphAnswer> {
  if (order.what === "fill") return { filled: fill(order) };
  if (held === undefined) throw new Error("nothing has been filled yet");
  if (order.what === "count") return { counted: count(held) };
  const round = timeRound({ ...held, threadCpuMs, ...order, firstQuestion: held.nextQuestion });
  held.nextQuestion = round.nextQuestion;
  return { round };
}

function fill(order: Extract<GraphOrder, { what: "fill" }>): Filled {
  const make = WORKLOADS[order.workload];
  const work = make(order.tuples);
  fillAll(make(WARM_TUPLES));
  collectGarbage();
  const before = process.memoryUsage.rss();
  const { graphs, loadCpuMs } = fillAll(work);
  collectGarbage();
  const rssBytes = process.memoryUsage.rss() - before;
  const plan = planOf(work.schema);
  const check = tenantsCheck(plan, graphs, FIRST_HEAD.revision);
  const asked = doctor(work.questions(order.questions), order.doctored);
  const wrong = wrongAnswers(check, asked);
  const right = wrong.length === 0 ? asked : asked.filter((one) => !wrong.includes(one));
  const graphBytes = sum(graphs, ({ bytes }) => bytes);
  held = {
    check: slowed(check, order.slowSolver),
    work: tenantsWork(plan, graphs, FIRST_HEAD.revision),
    questions: right,
    kernels: openMemoryKernels(graphBytes),
    nextQuestion: 0,
  };
  return {
    tuples: sum(graphs, ({ tuples }) => tuples),
    tenants: work.tenants,
    objects: sum(graphs, ({ objects }) => objects),
    graphBytes,
    rssBytes,
    loadTuplesPerCpuSecond: work.tuples / (loadCpuMs / 1000),
    clockNs: clockNs(),
    wrong,
    kinds: kindsOf(asked),
  };
}

function fillAll(work: Workload): { readonly graphs: readonly ResidentGraph[]; readonly loadCpuMs: number } {
  const filled = Array.from({ length: work.tenants }, (_, tenant) => fillGraph(work.generate(tenant)));
  return { graphs: filled.map(({ graph }) => graph), loadCpuMs: sum(filled, ({ loadCpuMs }) => loadCpuMs) };
}

function kindsOf(asked: readonly KnownQuestion[]): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for (const { kind } of asked) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

function count({ check, work, questions }: Held): CountedWork {
  const counted = questions.slice(0, COUNTED);
  const done = counted.map(work);
  return {
    nodes: sum(done, ({ nodes }) => nodes) / counted.length,
    rows: sum(done, ({ rows }) => rows) / counted.length,
    allocatedBytes: allocatedBytes(check, counted),
  };
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((all, value) => all + of(value), 0);
}

/** Twice: the first run's finalizers free what the second finds. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
}

answerParent(answer, () => undefined);
