import type { JsonValue } from "../../src/model/tuple.ts";
import type { Machine } from "./machine.ts";
import type { Plots } from "./plots.ts";

/** Everything that a run has found: what `--json` writes and what two runs are compared by. */
export interface Report {
  /** Of this shape; another number is another shape. */
  readonly format: 2;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly mode: "quick" | "normal" | "long";
  readonly machine: Machine;
  /** Left out where the bench does not run in a clone. */
  readonly commit?: { readonly hash: string; readonly subject: string; readonly dirty: boolean };
  /** How much was measured of what: sizes, rounds, connections, seeds. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  readonly answers: Answers;
  /** Of two figures of the same run on the same machine: the median of each figure of the kind `ratio`. */
  readonly ratios: Readonly<Record<string, number>>;
  /** The figures that stand for themselves, such as `bytes_per_tuple`. */
  readonly headlines: Readonly<Record<string, number>>;
  /** Every figure with its repetitions. */
  readonly figures: readonly Figure[];
  readonly plots: Plots;
  /** Lines for people. */
  readonly rows: readonly ReportRow[];
  /** Whatever else each layer has measured. */
  readonly layers: Readonly<Record<string, unknown>>;
}

export interface Answers {
  readonly compared: number;
  readonly wrong: readonly string[];
  /** How many more were wrong; left out where `wrong` has all. */
  readonly wrongLeftOut?: number;
  /** Compared answers by the workload's name. */
  readonly byWorkload?: Readonly<Record<string, number>>;
}

/** One thing that was measured, as often as it was. */
export interface Figure {
  /** Unique in a report and the same in every run: layer, workload, size or lane, what, such as `engine/documents/1m/check_vs_read`. */
  readonly id: string;
  /** For people. */
  readonly what: string;
  readonly unit: string;
  /**
   * `ratio`: of two figures of one round, comparable between machines. `count`: counted work, the same on every machine. `time`: by a
   * clock, so of this machine at this hour.
   */
  readonly kind: "ratio" | "count" | "time";
  readonly better: "more" | "less";
  /** One per round, or one where it was counted. */
  readonly samples: readonly number[];
}

export interface ReportRow {
  readonly layer: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Left out where nothing is asked of the figure. */
  readonly bound?: { readonly most: number } | { readonly least: number };
}

/** What one layer adds to the report. */
export interface LayerReport {
  readonly name: string;
  readonly details: unknown;
  readonly ratios: Readonly<Record<string, number>>;
  readonly headlines: Readonly<Record<string, number>>;
  readonly figures?: readonly Figure[];
  readonly plots?: Partial<Plots>;
  readonly rows: readonly Omit<ReportRow, "layer">[];
  readonly answers: Answers;
}
