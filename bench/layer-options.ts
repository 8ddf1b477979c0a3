import type { CurveAmounts } from "./engine/curve-cases.ts";
import type { PeerOrder } from "./peers/peer-order.ts";
import type { WorkloadName } from "./workloads/workloads.ts";

export type LayerName = "engine" | "storage" | "rpc" | "peers";
/** `peers` only measures where one is named. */
export const LAYER_NAMES: readonly LayerName[] = ["engine", "storage", "rpc", "peers"];

/** How much is measured, by every layer alike. */
export interface LayerOptions {
  /** Of the graphs that the engine is measured over, ascending. */
  readonly sizes: readonly number[];
  /** Of the tenant in Postgres. */
  readonly tenantTuples: number;
  /** Of a second one that is only filled from. */
  readonly largeTenantTuples?: number;
  /** Distinct ones, asked around and around. */
  readonly questions: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** Checks timed one by one, in each round. */
  readonly calls: number;
  /** Of the workloads that stand beside the main one, where they are less. */
  readonly others?: Partial<Pick<LayerOptions, "sizes" | "questions" | "rounds" | "roundMs" | "calls">>;
  /** How costs grow; left out: not measured. */
  readonly curves?: CurveAmounts;
  /** Default: all that there are. */
  readonly workloads?: readonly WorkloadName[];
  /** Who relata is compared with; default nobody. */
  readonly peers?: PeerOrder;
  /** Expects one wrong answer, to see a run fail. */
  readonly doctored: boolean;
  /** By what share each Check of the engine takes longer than it does, to see that it is noticed; default 0. */
  readonly slowSolver?: number;
  /** A file for the CPU profile of a server that is asked Checks; default: none is made. */
  readonly profile?: string;
  readonly print: (line: string) => void;
}

export type Mode = "quick" | "normal" | "long";

type Amounts = Omit<LayerOptions, "doctored" | "slowSolver" | "profile" | "workloads" | "peers" | "print">;

const QUICK_CURVES: CurveAmounts = {
  depth: [1, 8, 64, 512],
  width: [1, 10, 100, 1_000],
  results: [10, 100, 1_000],
  pointMs: 25,
  scanRows: 1_000_000,
};

const CURVES: CurveAmounts = {
  depth: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  width: [1, 10, 100, 1_000, 10_000, 100_000],
  results: [10, 100, 1_000, 10_000],
  pointMs: 200,
  scanRows: 1_000_000,
};

const AMOUNTS: Readonly<Record<Mode, Amounts>> = {
  quick: {
    sizes: [100_000, 1_000_000],
    tenantTuples: 100_000,
    questions: 20_000,
    rounds: 3,
    roundMs: 700,
    calls: 60_000,
    others: { sizes: [100_000], questions: 5_000, roundMs: 100, calls: 8_000 },
    curves: QUICK_CURVES,
  },
  normal: {
    sizes: [100_000, 1_000_000],
    tenantTuples: 1_000_000,
    questions: 100_000,
    rounds: 7,
    roundMs: 2_000,
    calls: 200_000,
    others: { sizes: [100_000, 1_000_000], questions: 20_000, roundMs: 500, calls: 40_000 },
    curves: CURVES,
  },
  long: {
    sizes: [100_000, 1_000_000, 10_000_000],
    tenantTuples: 1_000_000,
    largeTenantTuples: 10_000_000,
    questions: 100_000,
    rounds: 9,
    roundMs: 3_000,
    calls: 200_000,
    others: { sizes: [100_000, 1_000_000, 10_000_000], questions: 20_000, roundMs: 1_000, calls: 40_000 },
    curves: CURVES,
  },
};

/** Of the tenant in Postgres: a fill of more takes longer than all that is measured, and 4 GB of disk for each ten million. */
const MOST_TENANT_TUPLES = 10_000_000;

/** @param tuples of the main workload's largest graph and of the tenant, and the most of any; default: what the mode has */
export function amountsOf(mode: Mode, tuples: number | undefined): Amounts {
  const amounts = AMOUNTS[mode];
  if (tuples === undefined) return amounts;
  const { largeTenantTuples: _, others, ...rest } = amounts;
  const upTo = (sizes: readonly number[]) => sizes.filter((size) => size < tuples);
  const otherSizes = upTo(others?.sizes ?? []);
  return {
    ...rest,
    others: { ...others, sizes: otherSizes.length > 0 ? otherSizes : [tuples] },
    sizes: [...upTo(amounts.sizes), tuples],
    tenantTuples: Math.min(tuples, MOST_TENANT_TUPLES),
  };
}
