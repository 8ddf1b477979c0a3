import type { Figure } from "../report/report.ts";
import type { SizeFigures, SizesResult } from "./run-sizes.ts";
import { sizeName } from "./size-name.ts";
import type { GraphRound } from "./time-round.ts";

/**
 * What no Check can do without: to find the object and the subject that it names, and one tuple between them, each somewhere in
 * memory. A Check at this limit would be these three misses of the cache and nothing else.
 */
export const LEAST_READS = 3;
/** Passes of the fixed piece of work that a Check is held against: some 2 µs each. */
export const COMPUTE_PASSES = 1;

export const checkVsRead = ({ limits }: GraphRound) => (LEAST_READS * limits.readNs) / limits.checkNs;
export const checkVsCompute = ({ limits }: GraphRound) => (COMPUTE_PASSES * limits.computeNs) / limits.checkNs;

/** Every figure of a workload's Checks in memory, with its repetitions. */
export function figuresOfSizes({ workload, sizes }: SizesResult): readonly Figure[] {
  const [smallest] = sizes;
  return sizes.flatMap((size) => [
    ...figuresOfSize(workload, size),
    ...(smallest === undefined || smallest === size ? [] : [growth(workload, smallest, size)]),
  ]);
}

function figuresOfSize(workload: string, size: SizeFigures): readonly Figure[] {
  const { rounds, counted, bytesPerTuple } = size;
  const at = `${workload}, ${sizeName(size.size)} tuples`;
  const id = `engine/${workload}/${sizeName(size.size)}`;
  const time = (name: string, what: string, unit: string, of: (round: GraphRound) => number): Figure => ({
    id: `${id}/${name}`,
    what: `${what}, ${at}`,
    unit,
    kind: "time",
    better: unit === "/s" ? "more" : "less",
    samples: rounds.map(of),
  });
  const ratio = (name: string, what: string, of: (round: GraphRound) => number): Figure => ({
    id: `${id}/${name}`,
    what: `${what}, ${at}`,
    unit: "",
    kind: "ratio",
    better: "more",
    samples: rounds.map(of),
  });
  const count = (name: string, what: string, unit: string, value: number): Figure => ({
    id: `${id}/${name}`,
    what: `${what}, ${at}`,
    unit,
    kind: "count",
    better: "less",
    samples: [value],
  });
  return [
    time("checks_per_cpu_second", "Checks per second of CPU time", "/s", ({ throughput }) => throughput.perCpuSecond),
    time("median_us", "Check, median", "µs", ({ latencies }) => latencies.medianUs),
    time("p99_us", "Check, p99", "µs", ({ latencies }) => latencies.p99Us),
    time("read_ns", "read of memory that waits for another", "ns", ({ limits }) => limits.readNs),
    ratio("check_vs_read", "three reads of memory ÷ Check", checkVsRead),
    ratio("check_vs_compute", "fixed work ÷ Check", checkVsCompute),
    count("nodes", "problems visited by a Check", "", counted.nodes),
    count("rows", "tuples looked at by a Check", "", counted.rows),
    count("allocated_bytes", "allocated by a Check", "bytes", counted.allocatedBytes),
    count("graph_bytes_per_tuple", "the graph", "bytes/tuple", bytesPerTuple.graph),
  ];
}

function growth(workload: string, smallest: SizeFigures, size: SizeFigures): Figure {
  const names = [sizeName(size.size), sizeName(smallest.size)];
  return {
    id: `engine/${workload}/${names[0]}/median_vs_${names[1]}`,
    what: `median, ${workload}, ${names[0]} ÷ ${names[1]} tuples`,
    unit: "",
    kind: "ratio",
    better: "less",
    samples: size.rounds.map(
      ({ latencies }, turn) => latencies.medianUs / (smallest.rounds[turn]?.latencies.medianUs ?? Number.NaN),
    ),
  };
}
