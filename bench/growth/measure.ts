import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { GrowthCase } from "./cases.ts";
import { SCHEMA } from "./graphs.ts";
import type { Answered } from "./questions.ts";
import { createWorld, type World } from "./world.ts";

/** What one question cost: work that is counted, the same at every run. */
export interface Cost {
  readonly n: number;
  readonly rounds: number;
  readonly rows: number;
  /** 0 where the verb does not count them. */
  readonly nodes: number;
  readonly results: number;
}

/** One size of a case, ready to be timed. */
export interface Timed {
  readonly cost: Cost;
  /** CPU time of one question, milliseconds: of this process, its own and the system's, with the garbage collector's. */
  time(): Promise<number>;
}

/** How often a cost doubles more than it should. */
export const MAX_GROWTH = 2.4;

/** @throws when the answer is wrong */
export async function measure(growth: GrowthCase, n: number): Promise<Cost> {
  return (await prepare(growth, n)).cost;
}

/** @throws when the answer is wrong */
export async function prepare(growth: GrowthCase, n: number): Promise<Timed> {
  const world = await createWorld(SCHEMA, growth.graph(n));
  const before = { ...world.counted };
  const { results, nodes = 0 } = await askOnce(growth, world, n);
  const rounds = world.counted.rounds - before.rounds;
  const rows = world.counted.rows - before.rows;
  return { cost: { n, rounds, rows, nodes, results }, time: () => cpuMsOf(() => askOnce(growth, world, n)) };
}

async function askOnce(growth: GrowthCase, world: World, n: number): Promise<Answered> {
  const answered = await growth.ask(world, n);
  const expected = growth.expected?.(n) ?? answered.results;
  if (answered.results !== expected || (answered.results === 0) !== (expected === 0))
    throw new Error(`${nameOf(growth)}, ${n}: ${answered.results} results, not ${expected}`);
  return answered;
}

export function nameOf({ verb, grows, what }: GrowthCase): string {
  return `${verb} ${grows} (${what})`;
}

/** What a doubling multiplies each cost by. */
export interface Growth {
  readonly n: number;
  readonly rounds: number;
  readonly rows: number;
  readonly nodes: number;
}

export function growthOf(costs: readonly Cost[]): readonly Growth[] {
  return costs.slice(1).map((cost, index) => {
    const half = costs[index] ?? cost;
    const ratio = (of: (cost: Cost) => number) => (of(half) === 0 ? 0 : of(cost) / of(half));
    return {
      n: cost.n,
      rounds: ratio(({ rounds }) => rounds),
      rows: ratio(({ rows }) => rows),
      nodes: ratio(({ nodes }) => nodes),
    };
  });
}

/**
 * What each doubling multiplies the CPU time by, median of several runs. The sizes take turns, and a ratio is that of
 * neighbours in time: a while in which the machine is slow is slow for both.
 */
export async function timeGrowth(sizes: readonly Timed[], runs: number): Promise<readonly number[]> {
  const ratios: number[][] = sizes.slice(1).map(() => []);
  for (let run = 0; run < runs; run += 1) {
    let half: number | undefined;
    for (const [index, size] of sizes.entries()) {
      const cpuMs = await size.time();
      if (half !== undefined) ratios[index - 1]?.push(cpuMs / half);
      half = cpuMs;
    }
  }
  return ratios.map(median);
}

async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  collectGarbage();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** So that no run pays for the garbage of the one before. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
