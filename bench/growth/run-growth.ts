import { CASES, type GrowthCase } from "./cases.ts";
import { type Cost, type Growth, growthOf, MAX_GROWTH, measure, nameOf } from "./measure.ts";

const DOUBLINGS = 4;
const RUNS = 5;
const DEEP = 100_000;

/** Prints a line per case. @param only part of the names of the cases to run @returns the exit code */
export async function runGrowth(only: string): Promise<number> {
  const chosen = CASES.filter((growth) => nameOf(growth).toLowerCase().includes(only.toLowerCase()));
  const problems: string[] = [];
  console.log(`growth per doubling, at most ${MAX_GROWTH} (CPU time: median of ${RUNS})`);
  for (const growth of chosen) {
    const costs = await measureAll(growth);
    console.log(describe(growth, costs));
    for (const step of growthOf(costs)) problems.push(...problemsOf(growth, step));
  }
  for (const growth of chosen.filter(({ grows }) => grows === "depth")) {
    const { cpuMs, rounds, rows } = await measure(growth, DEEP, 1);
    console.log(`${nameOf(growth)}, ${DEEP} deep: ${cpuMs.toFixed(0)} ms, ${rounds} rounds, ${rows} rows`);
  }
  for (const problem of problems) console.log(`too much: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

async function measureAll(growth: GrowthCase): Promise<readonly Cost[]> {
  // Compiled and warm before the first figure.
  await measure(growth, growth.from, RUNS);
  const costs: Cost[] = [];
  for (let step = 0; step <= DOUBLINGS; step += 1) costs.push(await measure(growth, growth.from * 2 ** step, RUNS));
  // Other programs disturb too: where a doubling costs too much, both of its ends are measured again, longer.
  for (const { n, cpu } of growthOf(costs)) {
    const at = costs.findIndex((cost) => cost.n === n);
    for (const index of cpu > MAX_GROWTH ? [at - 1, at] : [])
      costs[index] = await measure(growth, growth.from * 2 ** index, RUNS * 3);
  }
  return costs;
}

function problemsOf(growth: GrowthCase, { n, ...ratios }: Growth): readonly string[] {
  return Object.entries(ratios)
    .filter(([, ratio]) => ratio > MAX_GROWTH)
    .map(([cost, ratio]) => `${nameOf(growth)}: ${cost} × ${ratio.toFixed(2)} at ${n}`);
}

function describe(growth: GrowthCase, costs: readonly Cost[]): string {
  const last = costs.at(-1);
  const steps = growthOf(costs);
  const series = (of: (step: Growth) => number) =>
    steps.every((step) => of(step) === 0) ? "-" : steps.map((step) => of(step).toFixed(2)).join(" ");
  const name = nameOf(growth).padEnd(46);
  const size = `n ${last?.n} ${last?.cpuMs.toFixed(1)} ms`.padEnd(19);
  const counted = `rounds ${series((s) => s.rounds)}  rows ${series((s) => s.rows)}  nodes ${series((s) => s.nodes)}`;
  return `${name} ${size} cpu ${series((s) => s.cpu)}  ${counted}`;
}
