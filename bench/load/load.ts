import { setTimeout as sleep } from "node:timers/promises";
import type { Distribution, GeneratorUse } from "../report/plots.ts";
import { Tally } from "./asked.ts";
import { closedLoop } from "./closed-loop.ts";
import type { LoadConnection, OnBroken } from "./connection.ts";
import { explainFailure } from "./explain.ts";
import { generatorUse } from "./generator-use.ts";
import { grpcRequests } from "./grpc-requests.ts";
import { jsonRequests, openJsonConnection } from "./json-connection.ts";
import { type Judge, judgeOf } from "./judge.ts";
import { openLoop } from "./open-loop.ts";
import { openRawConnection } from "./raw-connection.ts";
import type { LoadTarget } from "./target.ts";

export interface LoadOptions {
  /**
   * Default: 4 of gRPC. Over HTTP/1.1 each carries one call at a time, so there are as many as calls in flight, and by default 64 where there
   * is a rate.
   */
  readonly connections?: number;
  /** Calls under way at once, over all connections, where there is no rate; default 64. */
  readonly inFlight?: number;
  readonly durationMs: number;
  /** Without a rate: how many requests further each connection begins, as where the load before ended; default 0. */
  readonly offset?: number;
  /** Calls per second, each due by the clock however late others are. Without it a call begins when another ends. */
  readonly ratePerSecond?: number;
  /** With a rate: sleeps between looks at the clock, so that it takes no more of a core than it needs; calls are up to 1 ms late. */
  readonly easy?: boolean;
  /** With a rate: how long calls that had to wait for a free stream are still sent once the time is over; default 10 s. */
  readonly drainMs?: number;
}

export interface LoadResult {
  /** Answered. */
  readonly calls: number;
  readonly callsByPath: Readonly<Record<string, number>>;
  readonly wrong: number;
  /** Of the wrong ones, those that gave no answer at all: an error. */
  readonly failed: number;
  /** What was wrong with the first that was. */
  readonly firstWrong?: { readonly request: number; readonly why: string };
  /** With a rate: due, and not sent before the load had to end. */
  readonly unsent: number;
  /** Without a rate: the requests of the connection that went furthest, so an `offset` behind all of them. */
  readonly turns: number;
  readonly callsPerSecond: number;
  /** From when a call was due, where there is a rate; else from when it was sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly quantiles: Distribution["quantiles"];
  /** Of this process, per call. */
  readonly clientCpuMicros: number;
  readonly generator: GeneratorUse;
}

export const GRPC_CONNECTIONS = 4;
export const IN_FLIGHT = 64;
const DRAIN_MS = 10_000;
/** What was sent and is not answered by then never will be. */
export const ANSWER_MS = 30_000;

/**
 * Asks a target's requests in turn until the time is over, and waits for what is under way then.
 * @throws when a connection breaks, or calls stay without an answer
 */
export async function runLoad(target: LoadTarget, options: LoadOptions): Promise<LoadResult> {
  const { requests, judges, open } = prepared(target);
  if (requests.length === 0) throw new Error("a load without requests");
  let broken: Error | undefined;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const onBroken = (error: Error) => {
    broken ??= error;
    reject(error);
  };
  const connections = await openAll(connectionsOf(target, options), () => open(onBroken));
  try {
    const tally = new Tally(judges);
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    const use = await Promise.race([load(connections, requests, tally, options), failed]);
    const elapsedMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpu);
    const firstWrong = await explained(target, tally.firstWrong);
    return {
      ...resultOf(tally, use, { elapsedMs, cpuMicros: user + system }),
      callsByPath: tally.byPath(target.requests),
      ...(firstWrong && { firstWrong }),
    };
  } catch (error) {
    throw broken ?? error;
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

interface Prepared {
  readonly requests: readonly unknown[];
  readonly judges: readonly Judge[];
  readonly open: (onBroken: OnBroken) => Promise<LoadConnection<unknown>>;
}

const PREPARED = new WeakMap<LoadTarget, Prepared>();

/** Once for a target: its requests are bytes from then on. */
function prepared(target: LoadTarget): Prepared {
  const known = PREPARED.get(target);
  if (known !== undefined) return known;
  const { protocol, host, port } = target;
  const judges = target.requests.map(({ answer }) => judgeOf(protocol, answer));
  const made: Prepared =
    protocol === "grpc"
      ? { judges, requests: grpcRequests(target), open: (onBroken) => openRawConnection(host, port, onBroken) }
      : { judges, requests: jsonRequests(target), open: (onBroken) => openJsonConnection(host, port, onBroken) };
  PREPARED.set(target, made);
  return made;
}

function connectionsOf({ protocol }: LoadTarget, { connections, inFlight = IN_FLIGHT, ratePerSecond }: LoadOptions) {
  if (protocol === "grpc")
    return Math.min(connections ?? GRPC_CONNECTIONS, ratePerSecond === undefined ? inFlight : Infinity);
  return ratePerSecond === undefined ? inFlight : (connections ?? IN_FLIGHT);
}

async function openAll<P>(
  count: number,
  open: () => Promise<LoadConnection<P>>,
): Promise<readonly LoadConnection<P>[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, open));
  const connections = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const refused = opened.find((one) => one.status === "rejected");
  if (refused === undefined) return connections;
  await Promise.all(connections.map((connection) => connection.close()));
  throw refused.reason;
}

interface LoopUse {
  readonly share: number;
  readonly lateP99Ms: number;
  readonly unsent: number;
  readonly turns: number;
}

async function load<P>(
  connections: readonly LoadConnection<P>[],
  requests: readonly P[],
  tally: Tally,
  { durationMs, inFlight = IN_FLIGHT, offset = 0, ratePerSecond, easy = false, drainMs = DRAIN_MS }: LoadOptions,
): Promise<LoopUse> {
  const startedMs = performance.now();
  const untilMs = startedMs + durationMs;
  const ended =
    ratePerSecond === undefined ? closedLoop(connections, requests, tally, { inFlight, untilMs, offset }) : undefined;
  if (ended !== undefined) return { ...(await answered(ended, connections, durationMs)), lateP99Ms: 0, unsent: 0 };
  const pace = { ratePerSecond: ratePerSecond ?? 0, easy, startedMs, untilMs, drainMs };
  const use = await openLoop(connections, requests, tally, pace);
  await settle(connections);
  return { ...use, turns: 0 };
}

/** A closed loop that does not end has lost an answer. */
async function answered<T>(
  ended: Promise<T>,
  connections: readonly LoadConnection<unknown>[],
  durationMs: number,
): Promise<T> {
  const late = new AbortController();
  const stalled = sleep(durationMs + ANSWER_MS, undefined, { signal: late.signal }).then(() => {
    throw unanswered(connections);
  });
  stalled.catch(() => undefined);
  return await Promise.race([ended, stalled]).finally(() => late.abort());
}

async function settle(connections: readonly LoadConnection<unknown>[]): Promise<void> {
  const untilMs = performance.now() + ANSWER_MS;
  while (connections.some(({ inFlight }) => inFlight > 0)) {
    if (performance.now() > untilMs) throw unanswered(connections);
    await sleep(1);
  }
}

function unanswered(connections: readonly LoadConnection<unknown>[]): Error {
  const count = connections.reduce((sum, { inFlight }) => sum + inFlight, 0);
  return new Error(`${count} calls have no answer ${ANSWER_MS / 1000} s after the load has ended`);
}

/** With what the server says itself, where the answer of a gRPC call was none. */
async function explained(target: LoadTarget, found: LoadResult["firstWrong"]): Promise<LoadResult["firstWrong"]> {
  const request = target.requests[found?.request ?? 0];
  if (found === undefined || request === undefined || target.protocol === "json") return found;
  const why = await explainFailure(target, request);
  return why === undefined ? found : { ...found, why };
}

function resultOf(
  tally: Tally,
  { share, lateP99Ms, unsent, turns }: LoopUse,
  { elapsedMs, cpuMicros }: { readonly elapsedMs: number; readonly cpuMicros: number },
): Omit<LoadResult, "callsByPath"> {
  const { calls, wrong, failed, latencies } = tally;
  const p99Ms = latencies.quantileMs(0.99);
  return {
    calls,
    wrong,
    failed,
    unsent,
    turns,
    callsPerSecond: (calls / elapsedMs) * 1000,
    p50Ms: latencies.quantileMs(0.5),
    p99Ms,
    p999Ms: latencies.quantileMs(0.999),
    maxMs: latencies.quantileMs(1),
    quantiles: latencies.quantiles(),
    clientCpuMicros: cpuMicros / Math.max(1, calls),
    generator: generatorUse(share, lateP99Ms, p99Ms),
  };
}
