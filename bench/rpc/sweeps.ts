import type { Generator } from "../load/generator.ts";
import type { LoadOptions } from "../load/load.ts";
import type { Distribution, LoadPoint, Sweep } from "../report/plots.ts";
import type { AskedRound } from "./answers-under-load.ts";
import { askLane, type Lane, type Round } from "./lane.ts";

export interface SweepAmounts {
  /** Names of lanes. */
  readonly lanes: readonly string[];
  /** Calls in flight. */
  readonly concurrency: readonly number[];
  /** Of the throughput that the lane had in closed loops. */
  readonly rateShares: readonly number[];
  readonly pointMs: number;
}

export interface Swept {
  readonly sweeps: readonly Sweep[];
  readonly distributions: readonly Distribution[];
  /** Every point as it was measured. */
  readonly asked: readonly AskedRound[];
}

interface SweepOptions extends SweepAmounts {
  readonly throughput: (lane: Lane) => number;
  readonly print: (line: string) => void;
}

/** Each lane under growing load: ever more calls at once, and ever more calls a second, which are due by the clock. */
export async function runSweeps(generator: Generator, lanes: readonly Lane[], options: SweepOptions): Promise<Swept> {
  const { concurrency, rateShares, pointMs: durationMs, throughput, print } = options;
  const sweeps: Sweep[] = [];
  const distributions: Distribution[] = [];
  const asked: AskedRound[] = [];
  for (const lane of lanes.filter(({ name }) => options.lanes.includes(name))) {
    const { name } = lane;
    const sweep = async (by: Sweep["by"], xs: readonly number[], loadOf: (x: number) => LoadOptions) => {
      const points: LoadPoint[] = [];
      for (const x of xs) {
        const round = await askLane(generator, lane, loadOf(x));
        print(sayPoint(name, by, x, round));
        points.push(pointOf(x, round));
        asked.push({ lane, round });
        if (by === "rate")
          distributions.push({ lane: name, ratePerSecond: x, calls: round.calls, quantiles: round.quantiles });
      }
      sweeps.push({ lane: name, by, points });
    };
    await sweep("concurrency", concurrency, (inFlight) => ({ inFlight, durationMs }));
    const rates = rateShares.map((share) => Math.round(share * throughput(lane)));
    await sweep("rate", rates, (ratePerSecond) => ({ ratePerSecond, durationMs }));
  }
  return { sweeps, distributions, asked };
}

function pointOf(x: number, { callsPerSecond, p50Ms, p99Ms, p999Ms, server, generator }: Round): LoadPoint {
  return { x, callsPerSecond, p50Ms, p99Ms, p999Ms, server, generator };
}

function sayPoint(name: string, by: Sweep["by"], x: number, { generator, server, ...found }: Round): string {
  return (
    `${name}, ${by === "rate" ? `${x} calls due a second` : `${x} in flight`}: ${found.callsPerSecond.toFixed(0)}/s, ` +
    `p50 ${found.p50Ms.toFixed(2)} ms, p99 ${found.p99Ms.toFixed(2)} ms, p99.9 ${found.p999Ms.toFixed(2)} ms, ` +
    `server ${server.cores.toFixed(2)} cores, generator ${Math.round(generator.share * 100)} %` +
    `${generator.bottleneck === undefined ? "" : `; ${generator.bottleneck}`}`
  );
}
