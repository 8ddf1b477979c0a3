import type { LayerOptions, Mode } from "../layer-options.ts";
import type { SweepAmounts } from "./sweeps.ts";
import type { WorkloadAmounts } from "./workload-tenants.ts";

export interface RpcAmounts {
  readonly roundMs: number;
  /** Before anything counts, of each lane. */
  readonly warmCalls: number;
  readonly sweeps: SweepAmounts;
  readonly workloads: WorkloadAmounts & {
    readonly rounds: number;
    readonly roundMs: number;
    readonly warmMs: number;
    readonly lookups: number;
  };
}

const SWEPT = ["echo", "check", "jsonCheck"];
const RATE_SHARES = [0.1, 0.25, 0.5, 0.75, 0.85, 0.9, 0.95];
const CONCURRENCY = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const SHORT: RpcAmounts = {
  roundMs: 400,
  warmCalls: 8_000,
  sweeps: { lanes: ["check"], concurrency: [1, 8, 64, 256], rateShares: [0.25, 0.5, 0.75, 0.9], pointMs: 300 },
  workloads: { tuples: 10_000, tenants: 20, questions: 2_000, rounds: 2, roundMs: 200, warmMs: 200, lookups: 20 },
};
const NORMAL: RpcAmounts = {
  roundMs: 2_000,
  warmCalls: 20_000,
  sweeps: { lanes: SWEPT, concurrency: CONCURRENCY, rateShares: RATE_SHARES, pointMs: 1_500 },
  workloads: { tuples: 100_000, tenants: 500, questions: 20_000, rounds: 5, roundMs: 800, warmMs: 1_500, lookups: 100 },
};
const AMOUNTS: Readonly<Record<Mode, RpcAmounts>> = {
  quick: SHORT,
  normal: NORMAL,
  long: {
    roundMs: 3_000,
    warmCalls: 20_000,
    sweeps: { ...NORMAL.sweeps, pointMs: 3_000 },
    workloads: { ...NORMAL.workloads, tuples: 1_000_000, tenants: 2_000, rounds: 7, roundMs: 1_500 },
  },
};

/** Never more than the whole bench was asked for: `--tuples` bounds the workloads too, and short rounds are short here. */
export function rpcAmounts(mode: Mode, { roundMs, rounds, tenantTuples, questions }: LayerOptions): RpcAmounts {
  const { workloads, ...rest } = AMOUNTS[mode];
  return {
    ...rest,
    roundMs: Math.min(rest.roundMs, roundMs),
    workloads: {
      ...workloads,
      tuples: Math.min(workloads.tuples, tenantTuples),
      questions: Math.min(workloads.questions, questions),
      rounds: Math.min(workloads.rounds, rounds),
    },
  };
}
