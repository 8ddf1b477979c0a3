import { editDistance } from "../model/edit-distance.ts";

/** The known name that `name` most likely meant: at most a third of its letters wrong, never more than three. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const allowed = Math.min(3, Math.ceil(name.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
