import { Asked, type Tally } from "./asked.ts";
import type { LoadConnection } from "./connection.ts";

/** As many calls at once as are asked for: one begins when another has ended, until the time is over. @returns share of the time at work */
export async function closedLoop<P>(
  connections: readonly LoadConnection<P>[],
  requests: readonly P[],
  tally: Tally,
  { inFlight, untilMs }: { readonly inFlight: number; readonly untilMs: number },
): Promise<number> {
  const before = performance.eventLoopUtilization();
  await Promise.all(
    connections.map((connection, lane) => {
      // What does not divide evenly is spread over the first ones.
      let left = Math.floor(inFlight / connections.length) + (lane < inFlight % connections.length ? 1 : 0);
      if (left === 0) return undefined;
      return new Promise<void>((resolve) => {
        // A lane begins elsewhere than its neighbours, so that no two ask the same at once.
        let turn = Math.floor((lane * requests.length) / connections.length);
        const next = (asked: Asked) => {
          turn = (turn + 1) % requests.length;
          asked.ask(connection, requests, turn, performance.now());
        };
        const again = (asked: Asked) => {
          if (performance.now() < untilMs) next(asked);
          else if (--left === 0) resolve();
        };
        for (let i = left; i > 0; i--) next(new Asked(tally, again));
        connection.flush();
      });
    }),
  );
  return performance.eventLoopUtilization(before).utilization;
}
