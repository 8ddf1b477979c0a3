export interface Sample {
  /** Since the beginning. */
  readonly seconds: number;
  readonly bytes: number;
}

/** Of the time, for caches to fill and code to be compiled. */
const WARM_PART = 0.4;
/** What the collector's own rhythm moves up and down. */
const SLACK_BYTES = 32 * 1024 ** 2;
const SLACK_PART = 0.1;

export interface MemoryTrend {
  /** By how much the straight line through the samples behind the warm-up rises from the first to the last of them. */
  readonly riseBytes: number;
  readonly allowedBytes: number;
  readonly bounded: boolean;
}

/**
 * Whether memory has stopped growing: behind the first 40 % of the time, the line of least squares may rise by 10 % of the
 * mean, at least 32 MiB, over all that is left. A leak of one byte a Check shows in ten minutes at some thousand Checks a second
 * only where it is not one byte: the rule finds what grows by more than 10 % in six minutes.
 */
export function memoryTrend(samples: readonly Sample[]): MemoryTrend {
  const last = samples.at(-1)?.seconds ?? 0;
  const kept = samples.filter(({ seconds }) => seconds >= last * WARM_PART);
  if (kept.length < 3) throw new Error("too few samples to tell whether memory grows");
  const mean = (of: (sample: Sample) => number) => kept.reduce((sum, sample) => sum + of(sample), 0) / kept.length;
  const [meanSeconds, meanBytes] = [mean(({ seconds }) => seconds), mean(({ bytes }) => bytes)];
  let [covariance, variance] = [0, 0];
  for (const { seconds, bytes } of kept) {
    covariance += (seconds - meanSeconds) * (bytes - meanBytes);
    variance += (seconds - meanSeconds) ** 2;
  }
  const span = last - (kept[0]?.seconds ?? 0);
  const riseBytes = (covariance / variance) * span;
  const allowedBytes = Math.max(SLACK_BYTES, meanBytes * SLACK_PART);
  return { riseBytes, allowedBytes, bounded: riseBytes <= allowedBytes };
}
