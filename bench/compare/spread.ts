/** Below, a rate is nothing: its logarithm has to be a number. */
const NOTHING = 1e-12;

/** Half and double lie equally far from one: what multiplies is compared by logarithms. */
export function logs(samples: readonly number[]): readonly number[] {
  return samples.map((sample) => Math.log(Math.max(sample, NOTHING)));
}

/** The standard deviation of a sample about its own run's mean, of all runs together; undefined where no run has two. */
export function pooledDeviation(...runs: readonly (readonly number[])[]): number | undefined {
  const degrees = runs.reduce((sum, run) => sum + Math.max(0, run.length - 1), 0);
  if (degrees === 0) return undefined;
  const squares = runs.reduce((sum, run) => sum + squaresAboutMean(run), 0);
  return Math.sqrt(squares / degrees);
}

function squaresAboutMean(run: readonly number[]): number {
  const mean = run.reduce((sum, value) => sum + value, 0) / run.length;
  return run.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/**
 * The standard error of a median of so many samples, by the deviation of one. Of a normal distribution its variance is close to
 * π / (2n + π − 2) of that of one sample, for every n from 1 on.
 */
export function medianError(deviation: number, count: number): number {
  return deviation * Math.sqrt(Math.PI / (2 * count + Math.PI - 2));
}

/** What the medians of two runs differ by when nothing differs: their standard error, by the deviation of one sample. */
export function errorOfDifference(deviation: number, countA: number, countB: number): number {
  return Math.hypot(medianError(deviation, countA), medianError(deviation, countB));
}
