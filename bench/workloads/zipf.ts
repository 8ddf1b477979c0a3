import type { Draw } from "./reasons.ts";

/** A rank below `n`, the one before r as often as (r + 1) / r times r; from two draws, of `salt` and `salt` + 1. */
export type DrawRank = (draw: Draw, salt: number) => number;

/** Ranks that have a place of their own in the table, and places per doubling beyond. */
const FINE = 1_024;

/**
 * Zipf's law of exponent 1: rank r is drawn in proportion to 1 / (r + 1). By a table of what comes before, exact for the first
 * 1,024 ranks; beyond, neighbours within 0.1 % of each other share a place, so that the table has 15,000 places for ten millions.
 */
export function zipf(n: number): DrawRank {
  const begins: number[] = [];
  const before: number[] = [];
  let total = 0;
  for (let begin = 0, width = 1; begin < n; begin += width) {
    if (begin >= 2 * FINE * width) width *= 2;
    const end = Math.min(n, begin + width);
    begins.push(begin);
    before.push(total);
    // The ranks of a place are drawn alike, in proportion to 1 / (r + 1) of their middle.
    total += (end - begin) / ((begin + end + 1) / 2);
  }
  begins.push(n);
  return (draw, salt) => {
    const place = placeOf(before, (draw(salt, 2 ** 32) / 2 ** 32) * total);
    const [begin = 0, end = 1] = [begins[place], begins[place + 1]];
    return begin + (end - begin === 1 ? 0 : draw(salt + 1, end - begin));
  };
}

/** The last place that begins at or before `mass`. */
function placeOf(before: readonly number[], mass: number): number {
  let [low, high] = [0, before.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((before[middle] ?? 0) <= mass) low = middle;
    else high = middle;
  }
  return low;
}
