export type LayerName = "engine" | "storage" | "rpc";
export const LAYER_NAMES: readonly LayerName[] = ["engine", "storage", "rpc"];

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
  /** Expects one wrong answer, to see a run fail. */
  readonly doctored: boolean;
  readonly print: (line: string) => void;
}

export type Mode = "quick" | "normal" | "long";

type Amounts = Omit<LayerOptions, "doctored" | "print">;

const AMOUNTS: Readonly<Record<Mode, Amounts>> = {
  quick: {
    sizes: [100_000, 1_000_000],
    tenantTuples: 100_000,
    questions: 20_000,
    rounds: 3,
    roundMs: 700,
    calls: 100_000,
  },
  normal: {
    sizes: [100_000, 1_000_000],
    tenantTuples: 1_000_000,
    questions: 100_000,
    rounds: 7,
    roundMs: 2_000,
    calls: 200_000,
  },
  long: {
    sizes: [100_000, 1_000_000, 10_000_000],
    tenantTuples: 1_000_000,
    largeTenantTuples: 10_000_000,
    questions: 100_000,
    rounds: 9,
    roundMs: 3_000,
    calls: 200_000,
  },
};

/** @param tuples of the largest graph and of the tenant; default: what the mode has */
export function amountsOf(mode: Mode, tuples: number | undefined): Amounts {
  const amounts = AMOUNTS[mode];
  if (tuples === undefined) return amounts;
  const { largeTenantTuples: _, ...rest } = amounts;
  return { ...rest, sizes: [...amounts.sizes.filter((size) => size < tuples), tuples], tenantTuples: tuples };
}
