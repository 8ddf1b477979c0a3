import type { Answers } from "../report/report.ts";
import type { Lane, Round } from "./lane.ts";

/** Whatever a lane was asked and when: warming up, settling and profiles are of no figure, and answers like all others. */
export interface AskedRound {
  readonly lane: Pick<Lane, "name" | "empty">;
  readonly round: Round;
}

/** An empty answer has nothing to compare, but a call of an empty method that fails is wrong like any other. */
export function answersUnderLoad(asked: readonly AskedRound[]): Answers {
  const byWorkload: Record<string, number> = {};
  for (const { lane, round } of asked)
    if (lane.empty !== true) byWorkload[lane.name] = (byWorkload[lane.name] ?? 0) + round.calls;
  return {
    compared: Object.values(byWorkload).reduce((sum, calls) => sum + calls, 0),
    wrong: asked.flatMap(({ lane, round: { wrong, firstWrong } }) =>
      Array.from({ length: wrong }, () => `${lane.name}: ${firstWrong?.why}`),
    ),
    byWorkload,
  };
}
