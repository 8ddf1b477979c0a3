import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { GrowthCase } from "./cases.ts";
import { SCHEMA } from "./graphs.ts";
import type { Answered } from "./questions.ts";
import { createWorld, type World } from "./world.ts";

/** What one question cost. */
export interface Cost {
  readonly n: number;
  /** Of this process, its own and the system's, with what the garbage collector took. Median of several runs. */
  readonly cpuMs: number;
  readonly rounds: number;
  readonly rows: number;
  /** 0 where the verb does not count them. */
  readonly nodes: number;
  readonly results: number;
}

/** How often a cost doubles more than it should. */
export const MAX_GROWTH = 2.4;

/** @param runs of which the median counts; 0 counts the work alone, once. @throws when the answer is wrong */
export async function measure(growth: GrowthCase, n: number, runs: number): Promise<Cost> {
  const world = await createWorld(SCHEMA, growth.graph(n));
  const before = { ...world.counted };
  const { results, nodes = 0 } = await askOnce(growth, world, n);
  const rounds = world.counted.rounds - before.rounds;
  const rows = world.counted.rows - before.rows;
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await cpuMsOf(() => askOnce(growth, world, n)));
  return { n, cpuMs: median(times), rounds, rows, nodes, results };
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
  readonly cpu: number;
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
      cpu: ratio(({ cpuMs }) => cpuMs),
      rounds: ratio(({ rounds }) => rounds),
      rows: ratio(({ rows }) => rows),
      nodes: ratio(({ nodes }) => nodes),
    };
  });
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
