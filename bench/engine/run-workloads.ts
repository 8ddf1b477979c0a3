import type { LayerOptions } from "../layer-options.ts";
import type { Curve, MemoryPoint, Plots } from "../report/plots.ts";
import type { Answers, LayerReport } from "../report/report.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../workloads/workloads.ts";
import { fillSizes, measureSizes, type SizeFigures, type SizesResult } from "./run-sizes.ts";
import { checkVsCompute, checkVsRead } from "./size-figures.ts";

/** The workload whose figures stand for all: most of them are measured with it alone. */
export const MAIN_WORKLOAD: WorkloadName = "documents";

/**
 * Checks in memory over each workload, one after the other; a wrong answer ends it, and how quickly those are given is of no interest.
 * Filling is most of it where the graphs are small, so those of two workloads are filled at once, each on a core.
 */
export async function runWorkloads(options: LayerOptions): Promise<readonly SizesResult[]> {
  const { workloads = WORKLOAD_NAMES, others, doctored } = options;
  const results: SizesResult[] = [];
  const chosen = WORKLOAD_NAMES.filter((name) => workloads.includes(name));
  for (const names of together(chosen)) {
    await using stack = new AsyncDisposableStack();
    const filling = names.map(async (workload) => {
      const amounts = workload === MAIN_WORKLOAD ? options : { ...options, ...others };
      // One wrong answer is expected, not one of each.
      return stack.use(await fillSizes({ ...amounts, workload, doctored: doctored && workload === chosen[0] }));
    });
    const filled = await Promise.allSettled(filling);
    for (const one of filled) {
      if (one.status === "rejected") throw one.reason;
      const result = await measureSizes(one.value);
      results.push(result);
      if (result.answers.wrong.length > 0) return results;
    }
  }
  return results;
}

/** The main workload by itself, whose graphs are large, and the others by twos. */
function together(names: readonly WorkloadName[]): readonly (readonly WorkloadName[])[] {
  const others = names.filter((name) => name !== MAIN_WORKLOAD);
  const pairs = others.flatMap((name, at) => (at % 2 === 0 ? [[name, ...others.slice(at + 1, at + 2)]] : []));
  return names.includes(MAIN_WORKLOAD) ? [[MAIN_WORKLOAD], ...pairs] : pairs;
}

export function answersOf(results: readonly SizesResult[]): Answers {
  return {
    compared: results.reduce((sum, { answers }) => sum + answers.compared, 0),
    wrong: results.flatMap(({ answers }) => answers.wrong),
    byWorkload: Object.fromEntries(results.map(({ workload, answers }) => [workload, answers.compared])),
  };
}

export function plotsOf(results: readonly SizesResult[]): Partial<Plots> {
  return {
    curves: results.map(({ workload, sizes }): Curve => {
      return { workload, what: "Check in memory", by: "tuples", points: sizes.map(pointOf) };
    }),
    memory: results.flatMap(({ workload, sizes }) =>
      sizes.map(({ tuples, graphBytes, rssBytes }): MemoryPoint => ({ workload, tuples, graphBytes, rssBytes })),
    ),
    against: results.flatMap(({ workload, sizes }) => {
      const largest = sizes.at(-1);
      if (largest === undefined) return [];
      const what = `Check in memory, ${workload}, ${largest.tuples.toLocaleString("en-US")} tuples`;
      const { rounds } = largest;
      return [
        { what, against: "three reads of memory", kind: "limit" as const, samples: rounds.map(checkVsRead) },
        { what, against: "a fixed piece of work", kind: "limit" as const, samples: rounds.map(checkVsCompute) },
      ];
    }),
  };
}

function pointOf({ tuples, medianUs, p99Us, counted }: SizeFigures): Curve["points"][number] {
  return { x: tuples, medianUs, p99Us, ...counted };
}

/** Of every workload but the main one, which has lines of its own. */
export function workloadRows(results: readonly SizesResult[]): LayerReport["rows"] {
  return results.flatMap(({ workload, sizes }) => {
    const largest = sizes.at(-1);
    if (largest === undefined || workload === MAIN_WORKLOAD) return [];
    const { tuples, checksPerCpuSecond, medianUs, p99Us } = largest;
    const at = `${workload}, ${tuples.toLocaleString("en-US")} tuples`;
    return [
      { what: `Checks, ${at}`, value: checksPerCpuSecond, unit: "/s of CPU time" },
      { what: `Check, median, ${at}`, value: medianUs, unit: "µs" },
      { what: `Check, p99, ${at}`, value: p99Us, unit: "µs" },
    ];
  });
}
