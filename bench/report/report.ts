import type { Machine } from "./machine.ts";

/** Everything that a run has found: what `--json` writes. */
export interface Report {
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly mode: "quick" | "normal" | "long";
  readonly machine: Machine;
  readonly answers: { readonly compared: number; readonly wrong: readonly string[] };
  /** Of two figures of the same run on the same machine. */
  readonly ratios: Readonly<Record<string, number>>;
  /** The figures that stand for themselves, such as `bytes_per_tuple`. */
  readonly headlines: Readonly<Record<string, number>>;
  /** Lines for people. */
  readonly rows: readonly ReportRow[];
  /** Whatever else each layer has measured. */
  readonly layers: Readonly<Record<string, unknown>>;
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
  readonly rows: readonly Omit<ReportRow, "layer">[];
  readonly answers: Report["answers"];
}
