import { join } from "node:path";
import type { CountedWork, GraphAnswer, GraphOrder } from "../engine/graph-process.ts";
import { type Child, startChild } from "../load/child.ts";
import type { Figure } from "../report/report.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../workloads/workloads.ts";

const TUPLES = 2_000;
/** All are counted; every kind of question is among them. */
const QUESTIONS = 2_000;
const WARM = { what: "round", durationMs: 100, calls: 1_000 } as const;
/** A Check allocates less once V8 has compiled it, which on a busy machine takes its time: so many looks in a row have to find no less. */
const SETTLED_LOOKS = 4;
const MOST_LOOKS = 30;
/** Less than this is no less. */
const LESS = 0.995;
/** Nothing is timed here, so processes may be in each other's way. */
const AT_ONCE = 2;

type GraphChild = Child<GraphOrder, GraphAnswer>;

/** What a Check in memory visits, reads and allocates, in a process for each workload. */
export async function engineWork(): Promise<readonly Figure[]> {
  const waiting = [...WORKLOAD_NAMES];
  const found = new Map<WorkloadName, CountedWork>();
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) found.set(name, await workOf(name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return WORKLOAD_NAMES.flatMap((name) => figuresOf(name, found.get(name)));
}

async function workOf(workload: WorkloadName): Promise<CountedWork> {
  const child: GraphChild = startChild(join(import.meta.dirname, "..", "engine", "graph-process.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  try {
    const amounts = { tuples: TUPLES, questions: QUESTIONS, doctored: false, slowSolver: 0 };
    const { filled } = await child.ask({ what: "fill", workload, ...amounts });
    const [wrong] = filled?.wrong ?? [];
    if (wrong !== undefined) throw new Error(`a wrong answer of ${workload}: ${JSON.stringify(wrong)}`);
    return await settled(child);
  } finally {
    await child.close();
  }
}

async function settled(child: GraphChild): Promise<CountedWork> {
  let least = await look(child);
  for (let [looks, same] = [1, 1]; looks < MOST_LOOKS && same < SETTLED_LOOKS; looks += 1) {
    const found = await look(child);
    same = found.allocatedBytes < least.allocatedBytes * LESS ? 1 : same + 1;
    if (found.allocatedBytes < least.allocatedBytes) least = found;
  }
  return least;
}

async function look(child: GraphChild): Promise<CountedWork> {
  await child.ask(WARM);
  const { counted } = await child.ask({ what: "count" });
  if (counted === undefined) throw new Error("work that was not counted");
  return counted;
}

function figuresOf(workload: WorkloadName, counted: CountedWork | undefined): readonly Figure[] {
  if (counted === undefined) return [];
  const figure = (measure: string, what: string, unit: string, value: number): Figure => ({
    id: `engine/${workload}/${measure}`,
    what: `${what}, ${workload}`,
    unit,
    kind: "count",
    better: "less",
    samples: [value],
  });
  return [
    figure("nodes", "problems visited by a Check", "nodes", counted.nodes),
    figure("rows", "tuples looked at by a Check", "tuples", counted.rows),
    figure("allocated_bytes", "allocated by a Check", "bytes", counted.allocatedBytes),
  ];
}
