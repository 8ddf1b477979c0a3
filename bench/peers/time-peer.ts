import type { Generator } from "../load/generator.ts";
import type { LoadOptions, LoadResult } from "../load/load.ts";
import { median } from "../load/median.ts";
import type { LoadTarget } from "../load/target.ts";

/** The same asked of relata and of a peer. */
export interface Pair<T> {
  readonly relata: T;
  readonly peer: T;
}
type Side = keyof Pair<unknown>;
const SIDES: readonly Side[] = ["relata", "peer"];

export interface PeerTiming {
  /** Warming up: of no figure, and answers like all others. */
  readonly warm: Pair<readonly LoadResult[]>;
  /** A result per round, as fast as each can. */
  readonly closed: Pair<readonly LoadResult[]>;
  /** At a rate that both can serve: half of what the slower reached. */
  readonly ratePerSecond: number;
  readonly open: Pair<readonly LoadResult[]>;
}

export interface TimingOptions {
  readonly rounds: number;
  readonly openRounds: number;
  readonly roundMs: number;
  readonly print: (line: string) => void;
}

const WARM_CALLS = 20_000;
const MAX_WARM_ROUNDS = 4;
const SHARE_OF_SLOWER = 0.5;
/** A round of a slow side lasts until it has answered so many: 16 for each call in flight, or 3 beyond the p99 of an open loop. */
const LEAST_CLOSED = 1_000;
const LEAST_OPEN = 300;
const MAX_ROUND_MS = 10_000;

/** Both sides take turns, and who begins takes turns too: what the machine does meanwhile is done to both. */
export async function timePair(
  generator: Generator,
  targets: Pair<LoadTarget>,
  { rounds, openRounds, roundMs, print }: TimingOptions,
): Promise<PeerTiming> {
  const warmed: Record<Side, readonly LoadResult[]> = { relata: [], peer: [] };
  for (const side of SIDES) {
    await generator.learn(side, targets[side]);
    warmed[side] = await warm(generator, side, roundMs);
  }
  const slowest = Math.min(...SIDES.map((side) => warmed[side].at(-1)?.callsPerSecond ?? 0));
  const turns = async (count: number, options: LoadOptions): Promise<Pair<readonly LoadResult[]>> => {
    const found: Record<Side, LoadResult[]> = { relata: [], peer: [] };
    for (let round = 0; round < count; round += 1)
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const result = await generator.run(side, options);
        found[side].push(result);
        print(lineOf(side, result, options.ratePerSecond));
      }
    return found;
  };
  const closed = await turns(rounds, { durationMs: lasting(roundMs, slowest, LEAST_CLOSED) });
  const slower = Math.min(...SIDES.map((side) => median(closed[side].map(({ callsPerSecond }) => callsPerSecond))));
  const ratePerSecond = Math.max(1, Math.round(slower * SHARE_OF_SLOWER));
  const open = await turns(openRounds, { durationMs: lasting(roundMs, ratePerSecond, LEAST_OPEN), ratePerSecond });
  for (const side of SIDES) await generator.forget(side);
  return { warm: warmed, closed, ratePerSecond, open };
}

/** Compiled code, filled caches. */
async function warm(generator: Generator, side: Side, roundMs: number): Promise<readonly LoadResult[]> {
  const rounds: LoadResult[] = [];
  let calls = 0;
  while (rounds.length < MAX_WARM_ROUNDS && calls < WARM_CALLS) {
    const found = await generator.run(side, { durationMs: roundMs });
    rounds.push(found);
    calls += found.calls;
  }
  return rounds;
}

/** The same for both sides: so long that the slower one does something in it that can be measured. */
function lasting(roundMs: number, callsPerSecond: number, leastCalls: number): number {
  return Math.round(Math.max(roundMs, Math.min(MAX_ROUND_MS, (leastCalls / callsPerSecond) * 1000)));
}

function lineOf(side: Side, found: LoadResult, ratePerSecond: number | undefined): string {
  const { callsPerSecond, p50Ms, p99Ms, wrong, generator } = found;
  return (
    `${side.padEnd(6)} ${callsPerSecond.toFixed(0).padStart(7)} calls/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
    `${wrong} wrong${ratePerSecond === undefined ? "" : ` (${ratePerSecond} a second due)`}` +
    `${generator.bottleneck === undefined ? "" : `; ${generator.bottleneck}`}`
  );
}
