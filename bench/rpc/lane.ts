import type { Generator } from "../load/generator.ts";
import type { LoadOptions, LoadResult } from "../load/load.ts";
import type { LoadTarget } from "../load/target.ts";
import type { ServerUse } from "../report/plots.ts";
import type { BenchServer } from "./bench-server.ts";

/** One thing asked under load. */
export interface Lane {
  readonly name: string;
  readonly server: BenchServer;
  readonly target: LoadTarget;
  /** An empty method: its answers hold nothing that could be compared. */
  readonly empty?: true;
  /** So many tenants are in memory before it is asked. */
  readonly resident?: number;
  /** Calls at once in a closed loop, where the options say nothing. */
  readonly inFlight?: number;
}

/** What was seen of both sides in one repetition. */
export interface Round extends LoadResult {
  readonly server: ServerUse;
}

const SETTLING_MS = 500;
const LOADED_MS = 300_000;
const MAX_WARM_ROUNDS = 6;

/** A load upon a lane, with the server's use of CPU and memory. @throws when not one answer was right */
export async function askLane(generator: Generator, lane: Lane, options: LoadOptions): Promise<Round> {
  const { name, server, inFlight } = lane;
  const before = await server.look();
  const beganMs = performance.now();
  const found = await generator.run(name, { ...(inFlight !== undefined && { inFlight }), ...options });
  const tookMs = performance.now() - beganMs;
  const after = await server.look();
  if (found.calls > 0 && found.wrong === found.calls)
    throw new Error(`${name}: not one of ${found.calls} answers was right; the first: ${found.firstWrong?.why}`);
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  const use = { cpuMicrosPerCall: cpuMicros / found.calls, cores: cpuMicros / 1000 / tookMs, rssBytes: after.rssBytes };
  return { ...found, server: use };
}

/** Asks until the tenants are in memory: what is measured as such must be. */
export async function settleLane(generator: Generator, lane: Lane): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  const { resident = 0, server, name } = lane;
  const untilMs = performance.now() + LOADED_MS;
  while ((await server.look()).resident < resident) {
    if (performance.now() > untilMs) throw new Error(`${name}: not in memory after ${LOADED_MS / 1000} s`);
    rounds.push(await askLane(generator, lane, { durationMs: SETTLING_MS }));
  }
  return rounds;
}

/** Compiled code, filled caches: on a busy machine that takes calls, not time. */
export async function warmLane(
  generator: Generator,
  lane: Lane,
  { durationMs, calls }: { readonly durationMs: number; readonly calls: number },
): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  const done = () => rounds.reduce((sum, round) => sum + round.calls, 0);
  while (rounds.length < MAX_WARM_ROUNDS && done() < calls) rounds.push(await askLane(generator, lane, { durationMs }));
  return rounds;
}
