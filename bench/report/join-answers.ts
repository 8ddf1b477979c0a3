import type { Answers } from "./report.ts";

/** Kept of the wrong ones: a server that lies under load would fill a report of megabytes with the same line. */
const MAX_WRONG = 1_000;

/** Of all layers. */
export function joinAnswers(parts: readonly Answers[]): Answers {
  const byWorkload: Record<string, number> = {};
  for (const part of parts)
    for (const [name, count] of Object.entries(part.byWorkload ?? {}))
      byWorkload[name] = (byWorkload[name] ?? 0) + count;
  const wrong = parts.flatMap((part) => part.wrong);
  const leftOut = parts.reduce(
    (sum, { wrongLeftOut = 0 }) => sum + wrongLeftOut,
    Math.max(0, wrong.length - MAX_WRONG),
  );
  return {
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    wrong: wrong.slice(0, MAX_WRONG),
    ...(leftOut > 0 && { wrongLeftOut: leftOut }),
    byWorkload,
  };
}

export function countWrong({ wrong, wrongLeftOut = 0 }: Answers): number {
  return wrong.length + wrongLeftOut;
}
