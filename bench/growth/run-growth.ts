import { CASES, type GrowthCase } from "./cases.ts";
import { type Cost, growthOf, MAX_GROWTH, nameOf, prepare, type Timed, timeGrowth } from "./measure.ts";

const DOUBLINGS = 4;
/**
 * What a question about the smallest graph costs at least: below, it either pays for a garbage collection or for none, and
 * twice the work may be three times the time.
 */
const LEAST_MS = 50;
const RUNS = 5;
/** How often a doubling must cost too much to count: what grows too fast does so every time, what was disturbed does not. */
const ATTEMPTS = 3;
const DEEP = 100_000;

/** Prints a line per case. @param only part of the names of the cases to run @returns the exit code */
export async function runGrowth(only: string): Promise<number> {
  const chosen = CASES.filter((growth) => nameOf(growth).toLowerCase().includes(only.toLowerCase()));
  const problems: string[] = [];
  console.log(`growth per doubling, at most ${MAX_GROWTH} (CPU time: median of ${RUNS})`);
  for (const growth of chosen) {
    const sizes = await prepareAll(growth);
    const costs = sizes.map(({ cost }) => cost);
    const cpu = await timeAll(sizes);
    console.log(describe(growth, costs, cpu));
    problems.push(...problemsOf(growth, costs, cpu));
  }
  for (const growth of chosen.filter(({ grows }) => grows === "depth")) {
    const { cost, time } = await prepare(growth, DEEP);
    const cpuMs = await time();
    console.log(`${nameOf(growth)}, ${DEEP} deep: ${cpuMs.toFixed(0)} ms, ${cost.rounds} rounds, ${cost.rows} rows`);
  }
  for (const problem of problems) console.log(`too much: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

async function prepareAll(growth: GrowthCase): Promise<readonly Timed[]> {
  let n = growth.from;
  let sizes = [await prepare(growth, n)];
  while ((await costMs(sizes[0])) < LEAST_MS) {
    n *= 2;
    sizes = [await prepare(growth, n)];
  }
  for (let step = 1; step <= DOUBLINGS; step += 1) sizes.push(await prepare(growth, n * 2 ** step));
  return sizes;
}

/** Of a question that was asked before, so that it is compiled. */
async function costMs(size: Timed | undefined): Promise<number> {
  await size?.time();
  return (await size?.time()) ?? 0;
}

async function timeAll(sizes: readonly Timed[]): Promise<readonly number[]> {
  // Compiled and warm before the first figure.
  await timeGrowth(sizes, 1);
  let cpu = await timeGrowth(sizes, RUNS);
  for (let attempt = 1; attempt < ATTEMPTS && cpu.some((ratio) => ratio > MAX_GROWTH); attempt += 1) {
    const again = await timeGrowth(sizes, RUNS);
    cpu = cpu.map((ratio, index) => (ratio > MAX_GROWTH ? Math.min(ratio, again[index] ?? ratio) : ratio));
  }
  return cpu;
}

function problemsOf(growth: GrowthCase, costs: readonly Cost[], cpu: readonly number[]): readonly string[] {
  return growthOf(costs).flatMap(({ n, ...counted }, index) =>
    Object.entries({ ...counted, cpu: cpu[index] ?? 0 })
      .filter(([, ratio]) => ratio > MAX_GROWTH)
      .map(([cost, ratio]) => `${nameOf(growth)}: ${cost} × ${ratio.toFixed(2)} at ${n}`),
  );
}

function describe(growth: GrowthCase, costs: readonly Cost[], cpu: readonly number[]): string {
  const steps = growthOf(costs);
  const list = (ratios: readonly number[]) =>
    ratios.every((ratio) => ratio === 0) ? "-" : ratios.map((ratio) => ratio.toFixed(2)).join(" ");
  const name = nameOf(growth).padEnd(46);
  const size = `n ${costs.at(-1)?.n}`.padEnd(10);
  const rounds = list(steps.map((step) => step.rounds));
  const rows = list(steps.map((step) => step.rows));
  const nodes = list(steps.map((step) => step.nodes));
  return `${name} ${size} cpu ${list(cpu)}  rounds ${rounds}  rows ${rows}  nodes ${nodes}`;
}
