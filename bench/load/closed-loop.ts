import { Asked, type Tally } from "./asked.ts";
import type { LoadConnection } from "./connection.ts";

interface ClosedLoopUse {
  /** Of the time, at work. */
  readonly share: number;
  /** Requests of the connection that went furthest. */
  readonly turns: number;
}

/** As many calls at once as are asked for: one begins when another has ended, until the time is over. */
export async function closedLoop<P>(
  connections: readonly LoadConnection<P>[],
  requests: readonly P[],
  tally: Tally,
  { inFlight, untilMs, offset }: { readonly inFlight: number; readonly untilMs: number; readonly offset: number },
): Promise<ClosedLoopUse> {
  const before = performance.eventLoopUtilization();
  const turns = await Promise.all(
    connections.map((connection, lane) => {
      // What does not divide evenly is spread over the first ones.
      let left = Math.floor(inFlight / connections.length) + (lane < inFlight % connections.length ? 1 : 0);
      if (left === 0) return 0;
      return new Promise<number>((resolve) => {
        // A lane begins elsewhere than its neighbours, so that no two ask the same at once.
        const begin = Math.floor((lane * requests.length) / connections.length) + offset;
        let turn = begin;
        const next = (asked: Asked) => {
          turn += 1;
          asked.ask(connection, requests, turn % requests.length, performance.now());
        };
        const again = (asked: Asked) => {
          if (performance.now() < untilMs) next(asked);
          else if (--left === 0) resolve(turn - begin);
        };
        for (let i = left; i > 0; i--) next(new Asked(tally, again));
        connection.flush();
      });
    }),
  );
  return { share: performance.eventLoopUtilization(before).utilization, turns: Math.max(...turns) };
}
