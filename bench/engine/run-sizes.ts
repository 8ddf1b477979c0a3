import { join } from "node:path";
import { type Child, startChild } from "../load/child.ts";
import { median, medianRatio } from "../load/median.ts";
import type { WorkloadName } from "../workloads/workloads.ts";
import type { CountedWork, Filled, GraphAnswer, GraphOrder } from "./graph-process.ts";
import { requireMemory } from "./require-memory.ts";
import type { Latencies } from "./time-checks.ts";
import type { GraphRound } from "./time-round.ts";

export interface SizesOptions {
  readonly workload: WorkloadName;
  readonly sizes: readonly number[];
  readonly questions: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** Calls timed one by one, in each round. */
  readonly calls: number;
  readonly doctored: boolean;
  readonly slowSolver?: number;
  readonly print: (line: string) => void;
}

/** Medians over the rounds. */
export interface SizeFigures extends Omit<Filled, "wrong" | "kinds" | "tuples">, Omit<Latencies, "calls"> {
  /** That were asked for; a workload may have some less. */
  readonly size: number;
  readonly tuples: number;
  readonly checksPerCpuSecond: number;
  readonly checksPerSecond: number;
  readonly bytesPerTuple: { readonly graph: number; readonly rss: number };
  readonly counted: CountedWork;
  readonly rounds: readonly GraphRound[];
}

export interface SizesResult {
  readonly workload: WorkloadName;
  readonly sizes: readonly SizeFigures[];
  /** Of each size against the smallest: median over the rounds of the medians' ratio. */
  readonly medianVsSmallest: Readonly<Record<number, number>>;
  /** At each size. */
  readonly p99VsMedian: Readonly<Record<number, number>>;
  readonly answers: { readonly compared: number; readonly wrong: readonly string[] };
  readonly kinds: Readonly<Record<string, number>>;
}

interface Size {
  readonly size: number;
  readonly child: Child<GraphOrder, GraphAnswer>;
  readonly filled: Filled;
  readonly rounds: GraphRound[];
}

const START_MS = 120_000;
/** A tuple takes some 3 µs to be made and taken in; a busy machine takes longer. */
const MOST_MS_PER_TUPLE = 0.02;

/** Graphs of a workload that are filled and compiled for, until it is disposed. */
export interface FilledSizes extends AsyncDisposable {
  readonly options: SizesOptions;
  readonly sizes: readonly Size[];
}

/** @throws UsageError where they do not fit into memory */
export async function fillSizes(options: SizesOptions): Promise<FilledSizes> {
  requireMemory(options.sizes);
  const stack = new AsyncDisposableStack();
  try {
    const sizes: Size[] = [];
    for (const size of options.sizes) {
      const child = startChild<GraphOrder, GraphAnswer>(join(import.meta.dirname, "graph-process.ts"), {
        execArgv: ["--disable-warning=ExperimentalWarning"],
      });
      stack.defer(() => child.close());
      sizes.push({ size, child, filled: await fill(child, size, options), rounds: [] });
    }
    return { options, sizes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Checks over them, in rounds that take turns, so that all sizes meet the same machine. */
export async function measureSizes({ options, sizes }: FilledSizes): Promise<SizesResult> {
  // Compiled before the first figure.
  for (const size of sizes) await round({ ...size, rounds: [] }, options);
  for (let turn = 0; turn < options.rounds; turn += 1) for (const size of sizes) await round(size, options);
  return resultOf(options.workload, await Promise.all(sizes.map(figuresOf)), sizes);
}

async function fill(child: Size["child"], tuples: number, options: SizesOptions): Promise<Filled> {
  const { workload, questions, doctored, slowSolver = 0, print } = options;
  const order = { what: "fill", workload, tuples, questions, doctored, slowSolver } as const;
  const { filled } = await child.ask(order, START_MS + tuples * MOST_MS_PER_TUPLE);
  if (filled === undefined) throw new Error("a graph without figures");
  print(
    `engine: ${workload}, ${filled.tuples.toLocaleString("en-US")} tuples in memory, ${filled.wrong.length} wrong answers`,
  );
  return filled;
}

async function round({ child, rounds }: Size, { roundMs, calls }: SizesOptions): Promise<void> {
  const { round: found } = await child.ask({ what: "round", durationMs: roundMs, calls });
  if (found === undefined) throw new Error("a round without figures");
  rounds.push(found);
}

function resultOf(workload: WorkloadName, figures: readonly SizeFigures[], sizes: readonly Size[]): SizesResult {
  const [smallest] = figures;
  const against = (of: (size: SizeFigures) => number) => Object.fromEntries(figures.map((one) => [one.size, of(one)]));
  const medianOf = ({ latencies }: GraphRound) => latencies.medianUs;
  const kinds: Record<string, number> = {};
  for (const { filled } of sizes)
    for (const [kind, count] of Object.entries(filled.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  return {
    workload,
    sizes: figures,
    medianVsSmallest: against(({ rounds }) => medianRatio(rounds, smallest?.rounds ?? [], medianOf)),
    p99VsMedian: against(({ rounds }) => median(rounds.map(({ latencies }) => latencies.p99Us / latencies.medianUs))),
    answers: {
      compared: Object.values(kinds).reduce((sum, count) => sum + count, 0),
      wrong: sizes.flatMap(({ filled }) =>
        filled.wrong.map((one) => JSON.stringify({ workload, tuples: filled.tuples, ...one })),
      ),
    },
    kinds,
  };
}

async function figuresOf({ size, child, filled, rounds }: Size): Promise<SizeFigures> {
  const { counted } = await child.ask({ what: "count" });
  if (counted === undefined) throw new Error("a graph whose work was not counted");
  const { wrong: _wrong, kinds: _kinds, ...rest } = filled;
  const of = (pick: (round: GraphRound) => number) => median(rounds.map(pick));
  return {
    ...rest,
    size,
    counted,
    rounds,
    bytesPerTuple: { graph: filled.graphBytes / filled.tuples, rss: filled.rssBytes / filled.tuples },
    checksPerCpuSecond: of(({ throughput }) => throughput.perCpuSecond),
    checksPerSecond: of(({ throughput }) => throughput.perSecond),
    medianUs: of(({ latencies }) => latencies.medianUs),
    p99Us: of(({ latencies }) => latencies.p99Us),
    p999Us: of(({ latencies }) => latencies.p999Us),
    maxUs: of(({ latencies }) => latencies.maxUs),
  };
}
