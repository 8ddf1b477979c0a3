export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of a round of one against the same round of the other. */
export function medianRatio<T>(ones: readonly T[], others: readonly T[], of: (value: T) => number): number {
  return median(ones.map((one, round) => of(one) / of(others[round] as T)));
}
