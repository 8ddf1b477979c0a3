import { isDeepStrictEqual } from "node:util";
import { type Exchange, type HttpStand, serveHttp } from "./http-exchange.ts";

export interface ReplayServer extends HttpStand {
  /** @throws Error when anything was asked that was not recorded, or something was not asked */
  finish(): void;
}

/** No status that a server sends: whatever a client makes of it, `finish` tells. */
const UNEXPECTED = 599;

/** Answers what was recorded, to those who ask just that, in just that order. */
export async function replayHttp(exchanges: readonly Exchange[]): Promise<ReplayServer> {
  let place = 0;
  const unexpected: string[] = [];
  const stand = await serveHttp((request) => {
    const next = exchanges[place];
    if (next !== undefined && isDeepStrictEqual(request, next.request)) {
      place += 1;
      return next.response;
    }
    const wanted = next === undefined ? "nothing more" : JSON.stringify(next.request);
    const told = `request ${place + 1} is ${JSON.stringify(request)}; recorded is ${wanted}`;
    unexpected.push(told);
    return { status: UNEXPECTED, body: told };
  });
  return {
    ...stand,
    finish() {
      if (unexpected.length > 0) throw new Error(unexpected.join("\n"));
      if (place < exchanges.length)
        throw new Error(`${exchanges.length - place} of ${exchanges.length} recorded requests were not sent`);
    },
  };
}
