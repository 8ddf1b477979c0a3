import type { ComparedReport } from "../../../bench/compare/read-report.ts";
import type { Figure } from "../../../bench/report/report.ts";
import type { Random } from "../../support/random.ts";

/** Of logarithms: 0.03 is 3 %. */
export interface Noise {
  /** Of a round, for the middle one of the figures; others have from a third to thrice as much. */
  readonly round: number;
  /** Of a whole run, which its rounds do not show: where its memory lies, how its code was compiled. */
  readonly run: number;
}

/** One round of ten meets another program, and is off by up to some ten times the others. */
const DISTURBED = 0.1;
const DISTURBANCE = 4;

/** What is measured of each workload. */
const MEASURES = 20;

/**
 * A report of many ratios of unlike noise; the same `shape` gives the same figures.
 * @param speed of a measure of a workload, as a part of what it is otherwise
 */
export function syntheticReport(
  random: Random,
  shape: readonly number[],
  rounds: number,
  noise: Noise,
  speed: (measure: number, workload: number) => number = () => 1,
): ComparedReport {
  const figures = shape.map((width, index): Figure => {
    const [measure, workload] = [index % MEASURES, Math.floor(index / MEASURES)];
    const deviation = noise.round * width;
    const run = normal(random) * noise.run;
    const samples = Array.from({ length: rounds }, () => {
      const disturbed = random() < DISTURBED ? Math.abs(normal(random)) * DISTURBANCE * deviation : 0;
      return speed(measure, workload) * Math.exp(run + normal(random) * deviation - disturbed);
    });
    return ratio(`engine/workload${workload}/measure${measure}`, samples);
  });
  return report(figures);
}

/** How many times the noise of the middle figure each has. */
export function shapeOf(random: Random, figures: number): readonly number[] {
  return Array.from({ length: figures }, () => Math.exp(normal(random) * 0.6));
}

export function ratio(id: string, samples: readonly number[]): Figure {
  return { id, what: id, unit: "", kind: "ratio", better: "more", samples };
}

export function report(figures: readonly Figure[], more: Partial<ComparedReport> = {}): ComparedReport {
  const machine = { cpu: "x", cores: 2, memoryBytes: 1, loadBefore: 0.2, loadAfter: 1, node: "v24.0.0", os: "linux" };
  return {
    startedAt: "2025-01-01T00:00:00.000Z",
    tookSeconds: 1,
    mode: "quick",
    machine,
    settings: { rounds: 3 },
    answers: { compared: 1, wrong: [] },
    figures,
    ...more,
  };
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
