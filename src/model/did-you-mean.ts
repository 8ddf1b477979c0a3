import { editDistance } from "./edit-distance.ts";

/** Names farther than this are another word, not a typing mistake. */
const MAX_DISTANCE = 2;
/** Names looked at for a suggestion; keeps hostile schemas cheap. */
const MAX_CANDIDATES = 2_000;

/** `did you mean "viewer"?`, or nothing when no candidate is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const closest = closestName(word, candidates);
  return closest === undefined ? "" : `did you mean "${closest}"?`;
}

/** The candidate with the fewest edits away from `word`, the first of equals; undefined when none is close. */
export function closestName(word: string, candidates: Iterable<string>): string | undefined {
  // A third of the word may be wrong: one letter of "own", two of "viewer".
  const allowed = Math.min(MAX_DISTANCE, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  let looked = 0;
  for (const candidate of candidates) {
    if (++looked > MAX_CANDIDATES) {
      break;
    }
    if (candidate === word || Math.abs(candidate.length - word.length) >= bestDistance) {
      continue;
    }
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
