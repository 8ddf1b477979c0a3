import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Distribution } from "../report/plots.ts";

/** Three significant digits of nanoseconds, up to an hour: an HDR histogram, half a megabyte whatever it counts. */
const HIGHEST_NS = 3_600_000_000_000;
const FIGURES = 3;
const NS_PER_MS = 1e6;

/** Even steps where most calls are, and ever finer ones towards the slowest. */
const SHARES: readonly number[] = [
  ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.98],
  ...[0.99, 0.9925, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 0.99995, 0.99999],
];

/** How long calls took. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: FIGURES });

  add(ms: number): void {
    this.#histogram.record(Math.min(HIGHEST_NS, Math.max(1, Math.round(ms * NS_PER_MS))));
  }

  /** Milliseconds that this share of the calls stayed within; 0 of none. */
  quantileMs(share: number): number {
    const { count, min, max } = this.#histogram;
    if (count === 0) return 0;
    if (share <= 0) return min / NS_PER_MS;
    return (share >= 1 ? max : this.#histogram.percentile(share * 100)) / NS_PER_MS;
  }

  /** As far as there are calls enough to tell, and the slowest. */
  quantiles(): Distribution["quantiles"] {
    const { count } = this.#histogram;
    const shares = SHARES.filter((share) => (1 - share) * count >= 1);
    return [...shares, 1].map((share) => ({ share, ms: this.quantileMs(share) }));
  }
}
