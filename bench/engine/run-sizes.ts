import { join } from "node:path";
import { type Child, startChild } from "../load/child.ts";
import { median, medianRatio } from "../load/median.ts";
import type { Filled, GraphAnswer, GraphOrder, GraphRound } from "./graph-process.ts";
import type { Latencies } from "./time-checks.ts";

export interface SizesOptions {
  readonly sizes: readonly number[];
  readonly questions: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** Calls timed one by one, in each round. */
  readonly calls: number;
  readonly doctored: boolean;
  readonly print: (line: string) => void;
}

/** Medians over the rounds. */
export interface SizeFigures extends Omit<Filled, "wrong" | "kinds">, Omit<Latencies, "calls"> {
  readonly checksPerCpuSecond: number;
  readonly checksPerSecond: number;
  readonly bytesPerTuple: { readonly graph: number; readonly rss: number };
}

export interface SizesResult {
  readonly sizes: readonly SizeFigures[];
  /** Of each size against the smallest: median over the rounds of the medians' ratio. */
  readonly medianVsSmallest: Readonly<Record<number, number>>;
  /** At each size. */
  readonly p99VsMedian: Readonly<Record<number, number>>;
  readonly answers: { readonly compared: number; readonly wrong: readonly string[] };
  readonly kinds: Readonly<Record<string, number>>;
}

interface Size {
  readonly child: Child<GraphOrder, GraphAnswer>;
  readonly filled: Filled;
  readonly rounds: GraphRound[];
}

/** Checks over graphs of several sizes, in rounds that take turns, so that all sizes meet the same machine. */
export async function runSizes(options: SizesOptions): Promise<SizesResult> {
  await using stack = new AsyncDisposableStack();
  const sizes: Size[] = [];
  for (const tuples of options.sizes) {
    const child = startChild<GraphOrder, GraphAnswer>(join(import.meta.dirname, "graph-process.ts"));
    stack.defer(() => child.close());
    const { questions, doctored } = options;
    const { filled } = await child.ask({ what: "fill", tuples, questions, doctored });
    if (filled === undefined) throw new Error("a graph without figures");
    options.print(`engine: ${tuples.toLocaleString("en-US")} tuples in memory, ${filled.wrong.length} wrong answers`);
    // Compiled before the first figure.
    await round({ child, filled, rounds: [] }, options);
    sizes.push({ child, filled, rounds: [] });
  }
  for (let turn = 0; turn < options.rounds; turn += 1) for (const size of sizes) await round(size, options);
  return resultOf(sizes);
}

async function round({ child, rounds }: Size, { roundMs, calls }: SizesOptions): Promise<void> {
  const { round: found } = await child.ask({ what: "round", durationMs: roundMs, calls });
  if (found === undefined) throw new Error("a round without figures");
  rounds.push(found);
}

function resultOf(sizes: readonly Size[]): SizesResult {
  const [smallest] = sizes;
  const against = (of: (size: Size) => number) =>
    Object.fromEntries(sizes.map((size) => [size.filled.tuples, of(size)]));
  const medianOf = ({ latencies }: GraphRound) => latencies.medianUs;
  const kinds: Record<string, number> = {};
  for (const { filled } of sizes)
    for (const [kind, count] of Object.entries(filled.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  return {
    sizes: sizes.map(figuresOf),
    medianVsSmallest: against((size) => medianRatio(size.rounds, smallest?.rounds ?? [], medianOf)),
    p99VsMedian: against(({ rounds }) => median(rounds.map(({ latencies }) => latencies.p99Us / latencies.medianUs))),
    answers: {
      compared: Object.values(kinds).reduce((sum, count) => sum + count, 0),
      wrong: sizes.flatMap(({ filled }) =>
        filled.wrong.map((one) => JSON.stringify({ tuples: filled.tuples, ...one })),
      ),
    },
    kinds,
  };
}

function figuresOf({ filled, rounds }: Size): SizeFigures {
  const { wrong: _wrong, kinds: _kinds, ...rest } = filled;
  const of = (pick: (round: GraphRound) => number) => median(rounds.map(pick));
  return {
    ...rest,
    bytesPerTuple: { graph: filled.graphBytes / filled.tuples, rss: filled.rssBytes / filled.tuples },
    checksPerCpuSecond: of(({ throughput }) => throughput.perCpuSecond),
    checksPerSecond: of(({ throughput }) => throughput.perSecond),
    medianUs: of(({ latencies }) => latencies.medianUs),
    p99Us: of(({ latencies }) => latencies.p99Us),
    p999Us: of(({ latencies }) => latencies.p999Us),
    maxUs: of(({ latencies }) => latencies.maxUs),
  };
}
