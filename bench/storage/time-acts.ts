import { type Latencies, summarize } from "../engine/time-checks.ts";

export interface StatementFigures extends Latencies {
  readonly perSecond: number;
}

/** So many lanes at once, each doing one after the other. */
export async function timeActs(
  durationMs: number,
  inFlight: number,
  act: (turn: number, lane: number) => Promise<unknown>,
): Promise<StatementFigures> {
  // Each connection prepares its statements at their first use.
  await Promise.all(Array.from({ length: inFlight }, (_, lane) => act(lane, lane)));
  const millis: number[] = [];
  const begin = performance.now();
  let next = 0;
  const lane = async (number: number) => {
    while (performance.now() - begin < durationMs) {
      const askedAt = performance.now();
      await act(next++, number);
      millis.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)));
  const perSecond = millis.length / ((performance.now() - begin) / 1000);
  return { ...summarize(Float64Array.from(millis)), perSecond };
}
